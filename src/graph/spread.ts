// Where each place of a layer is on the axis along the layer: near what it is joined to, so that lines are short and
// straight, and never nearer to its neighbours than their sizes allow.

import type { Layers, Place } from "./place.ts"
import { straighten } from "./straighten.ts"

export interface Breadths {
  readonly of: (place: Place) => number
  /** Between two places that stand side by side. */
  readonly gap: (a: Place, b: Place) => number
}

/** The middle of each place; the least edge of all is at 0. */
export function spread(layers: Layers, breadths: Breadths): ReadonlyMap<Place, number> {
  const middles = new Map<Place, number>()
  for (const layer of layers) settle(layer, () => ({ at: 0, weight: 1 }))
  const size = layers.reduce((sum, layer) => sum + layer.length, 0)
  const rounds = size > manyPlaces ? 12 : 80
  for (let round = 0; round < rounds; round++) {
    // First where the ones before want them, then where those behind do; then between both; at last in the middle of a fan.
    const turn = round % 2 === 0 ? "from" : "to"
    const sidesOf = round < rounds / 4 ? () => [turn] as const : round < rounds / 2 ? () => bothSides : fanOf
    for (const layer of turn === "from" ? layers : layers.toReversed()) {
      settle(layer, (place) => wish(place, sidesOf(place)))
    }
  }
  straighten(layers, middles, distance)
  let least = Number.POSITIVE_INFINITY
  for (const [place, middle] of middles) least = Math.min(least, middle - breadths.of(place) / 2)
  // Rounded up, as half a pixel less than 0 would be outside.
  return new Map([...middles].map(([place, middle]) => [place, Math.ceil(middle - least)]))

  function distance(before: Place, after: Place): number {
    return (breadths.of(before) + breadths.of(after)) / 2 + breadths.gap(before, after)
  }

  /** Where a place would be by its neighbours on these sides, and how much that matters. */
  function wish(place: Place, sides: readonly ("from" | "to")[]) {
    let sum = 0
    let weight = 0
    for (const side of sides) {
      for (const other of place[side]) {
        const pull = side === "from" ? pullOf(other, place) : pullOf(place, other)
        sum += pull * middles.get(other)!
        weight += pull
      }
    }
    return weight === 0 ? { at: middles.get(place)!, weight: 0.01 } : { at: sum / weight, weight }
  }

  /** The places of a layer as near to their wishes as can be in their order (pool adjacent violators). */
  function settle(layer: readonly Place[], wish: (place: Place) => { at: number; weight: number }): void {
    const offsets: number[] = []
    layer.forEach((place, index) => {
      const before = layer[index - 1]
      offsets.push(before === undefined ? 0 : offsets[index - 1]! + distance(before, place))
    })
    const blocks: { at: number; weight: number; size: number }[] = []
    for (const [index, place] of layer.entries()) {
      const { at, weight } = wish(place)
      let block = { at: at - offsets[index]!, weight, size: 1 }
      for (let last = blocks.at(-1); last !== undefined && last.at > block.at; last = blocks.at(-1)) {
        blocks.pop()
        const sum = last.weight + block.weight
        block = {
          at: (last.at * last.weight + block.at * block.weight) / sum,
          weight: sum,
          size: last.size + block.size,
        }
      }
      blocks.push(block)
    }
    let index = 0
    for (const { at, size } of blocks) {
      for (const end = index + size; index < end; index++) middles.set(layer[index]!, at + offsets[index]!)
    }
  }
}

const bothSides = ["from", "to"] as const

/** The side on which a place has more lines. */
function fanOf({ from, to }: Place): readonly ("from" | "to")[] {
  return from.length === to.length ? bothSides : from.length > to.length ? ["from"] : ["to"]
}

/** Of larger graphs the places are moved less often. */
const manyPlaces = 4000

/** How straight the line between two places should be: a long line before all, then a chain, then what has branches. */
function pullOf(from: Place, to: Place): number {
  if (from.isLine && to.isLine) return 16
  return from.to.length === 1 && to.from.length === 1 ? 6 : from.isLine || to.isLine ? 2 : 1
}
