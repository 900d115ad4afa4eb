// The stages in layers: each in the first one after all that it depends on, and within its layer where few lines cross.
// A line that is longer than to the next layer has a place of its own in every layer that it runs through, so that it
// meets no box; all lines of one stage share these places until each turns off to its end.

import { crossings } from "./crossings.ts"
import type { Node } from "./node.ts"
import type { Layers, Place } from "./place.ts"
import { withSwaps } from "./swaps.ts"
import { depthsOf } from "./tree.ts"

/** The layers of a graph without mistakes; its stages come each after all that it depends on. */
export function layersOf(stages: readonly Node[]): Layers {
  return untangled(placed(stages))
}

function placed(stages: readonly Node[]): Layers {
  const depths = depthsOf(stages)
  const children = new Map<string, Node[]>(stages.map(({ name }) => [name, []]))
  for (const stage of stages) for (const parent of stage.dependsOn ?? []) children.get(parent)?.push(stage)
  const layers: Place[][] = []
  const put = (stage: Node, layer: number, isLine: boolean) => {
    const place: Place = { stage, layer, isLine, from: [], to: [] }
    layers[layer] ??= []
    layers[layer].push(place)
    return place
  }
  const boxes = new Map(stages.map((stage) => [stage.name, put(stage, depths.get(stage.name) ?? 0, false)]))
  for (const stage of stages) {
    const ends = (children.get(stage.name) ?? []).map(({ name }) => boxes.get(name)!)
    const last = Math.max(0, ...ends.map(({ layer }) => layer))
    let place = boxes.get(stage.name)!
    for (let layer = place.layer + 1; layer <= last; layer++) {
      for (const end of ends) if (end.layer === layer) join(place, end)
      if (layer === last) break
      const next = put(stage, layer, true)
      join(place, next)
      place = next
    }
  }
  return layers
}

function join(from: Place, to: Place): void {
  from.to.push(to)
  to.from.push(from)
}

/** Larger graphs are sorted a few times, without the search for single swaps. */
const manyPlaces = 4000
const manyLines = 8000

/** Each layer in turn in the order of what its places lead to or come from (the barycenter method), the best of all. */
function untangled(layers: Layers): Layers {
  const [places, lines] = sizeOf(layers)
  const isLarge = places > manyPlaces || lines > manyLines
  let best = layers
  let fewest = crossings(layers)
  let current = layers
  for (let round = 0; round < (isLarge ? 4 : 16) && fewest > 0; round++) {
    current = sweep(current, round % 2 === 0)
    const tidied = isLarge ? current : withSwaps(current)
    const count = crossings(tidied)
    if (count >= fewest) continue
    best = tidied
    fewest = count
  }
  return best
}

function sizeOf(layers: Layers): readonly [places: number, lines: number] {
  let places = 0
  let lines = 0
  for (const layer of layers) for (const { to } of layer) [places, lines] = [places + 1, lines + to.length]
  return [places, lines]
}

/** Sorts every layer by the one before, from the first to the last; or the other way round. */
function sweep(layers: Layers, isForward: boolean): Layers {
  const swept = [...layers]
  for (const index of isForward ? swept.keys() : [...swept.keys()].reverse()) {
    const beside = swept[isForward ? index - 1 : index + 1]
    if (beside !== undefined) swept[index] = sorted(swept[index]!, beside, isForward ? "from" : "to")
  }
  return swept
}

/** By the mean position of its neighbours in the layer beside it; what has none stays about where it is. */
function sorted(layer: readonly Place[], beside: readonly Place[], side: "from" | "to"): Place[] {
  const positions = new Map(beside.map((place, index) => [place, index]))
  const scale = beside.length / layer.length
  const keys = new Map(
    layer.map((place, index) => {
      const sum = place[side].reduce((sum, other) => sum + positions.get(other)!, 0)
      return [place, place[side].length === 0 ? index * scale : sum / place[side].length]
    }),
  )
  return layer.toSorted((a, b) => keys.get(a)! - keys.get(b)!)
}
