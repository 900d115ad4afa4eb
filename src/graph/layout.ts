// The geometry of a picture in pixels: a box for every stage, a line for every dependency, and apart from them the
// stages at the end. Layers follow each other to the right or downwards; here the first is "along", the other "across".

import { type Direction, directionOf, type Graph } from "./direction.ts"
import { withFewerLines } from "./fewer-lines.ts"
import { layersOf } from "./layers.ts"
import type { Node } from "./node.ts"
import type { Layers, Place } from "./place.ts"
import { spread } from "./spread.ts"

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Frame extends Point {
  readonly width: number
  readonly height: number
}

/** How much room a box needs. */
export type Size = Pick<Frame, "width" | "height">

export interface Box<N extends Node = Node> extends Frame {
  readonly stage: N
}

/** From a stage, or from where its line leaves a layer, to the next layer. */
export interface Line {
  readonly stage: string
  readonly start: Point
  readonly end: Point
  /** Where no stage is at its end, it goes straight on through the layer, until here. */
  readonly through?: Point
}

export interface Layout<N extends Node = Node> {
  readonly direction: Direction
  readonly boxes: readonly Box<N>[]
  readonly lines: readonly Line[]
  readonly layers: number
  /** How many dependencies are not drawn as others imply them. */
  readonly hidden: number
  /** The stages at the end in a frame, and the line that all others must have reached. */
  readonly final?: {
    readonly frame: Frame
    readonly boxes: readonly Box<N>[]
    readonly start: Point
    readonly end: Point
  }
  readonly width: number
  readonly height: number
}

/** Where everything is. The same graph always has the same layout. */
export function layoutOf<N extends Node>(graph: Graph<N>, sizeOfBox: (stage: N) => Size): Layout<N> {
  const direction = directionOf(graph)
  const { stages, hidden } = withFewerLines(graph.stages)
  const layers = layersOf(stages)
  const sizes = new Map<Node, Size>(stages.map((stage) => [stage, sizeOfBox(stage)]))
  const originals = new Map(graph.stages.map((stage) => [stage.name, stage]))
  const final = finalGrid(graph.final, sizeOfBox, direction)
  const middles = spread(layers, {
    of: (place) => (place.isLine ? 0 : across(sizes.get(place.stage)!)),
    gap: (a, b) => (a.isLine && b.isLine ? 14 : a.isLine || b.isLine ? 20 : 24),
  })
  const breadth = [...middles].reduce((most, [place, middle]) => {
    return Math.max(most, middle + (place.isLine ? 0 : across(sizes.get(place.stage)!)) / 2)
  }, 0)
  const shift = Math.max(0, Math.round((across(final) - breadth) / 2))
  const at = (place: Place) => middles.get(place)! + shift
  const spans = spansOf(layers, (place) => along(sizes.get(place.stage)!), at)
  const length = spans.at(-1)?.end ?? 0

  const boxes = layers.flatMap((layer, index) =>
    layer.flatMap((place) => {
      if (place.isLine) return []
      const needed = sizes.get(place.stage)!
      const { start, end } = spans[index]!
      const corner = point(start, at(place) - across(needed) / 2)
      const size =
        direction === "right"
          ? { width: end - start, height: needed.height }
          : { width: needed.width, height: end - start }
      return [{ stage: originals.get(place.stage.name)!, ...corner, ...size }]
    }),
  )
  const lines = layers.flatMap((layer, index) =>
    layer.flatMap((place) =>
      place.to.map((next): Line => {
        const { start, end } = spans[index + 1]!
        return {
          stage: place.stage.name,
          start: point(spans[index]!.end, at(place)),
          end: point(start, at(next)),
          ...(next.isLine && { through: point(end, at(next)) }),
        }
      }),
    ),
  )
  const total = Math.max(breadth, across(final))
  const whole = { direction, boxes, lines, layers: layers.length, hidden }
  if (graph.final.length === 0) return { ...whole, ...sizeOf(length, total) }
  const barrier = length + 28
  const corner = point(barrier + 44, (total - across(final)) / 2)
  return {
    ...whole,
    final: {
      frame: { ...corner, width: final.width, height: final.height },
      boxes: final.boxes.map((box) => ({ ...box, x: box.x + corner.x, y: box.y + corner.y })),
      start: point(barrier, 0),
      end: point(barrier, total),
    },
    ...sizeOf(barrier + 44 + along(final), total),
  }

  function along({ width, height }: Size): number {
    return direction === "right" ? width : height
  }
  function across({ width, height }: Size): number {
    return direction === "right" ? height : width
  }
  function point(along: number, across: number): Point {
    return direction === "right" ? { x: along, y: across } : { x: across, y: along }
  }
  function sizeOf(along: number, across: number) {
    const { x: width, y: height } = point(along, across)
    return { width: Math.ceil(width), height: Math.ceil(height) }
  }
}

/** From where to where each layer goes; the farther lines go across between two layers, the farther these are apart. */
function spansOf(layers: Layers, length: (place: Place) => number, at: (place: Place) => number) {
  const spans: { start: number; end: number }[] = []
  for (const [index, layer] of layers.entries()) {
    const before = layers[index - 1] ?? []
    const farthest = before.reduce(
      (max, place) => place.to.reduce((far, next) => Math.max(far, Math.abs(at(place) - at(next))), max),
      0,
    )
    const gap = Math.round(Math.min(160, 52 + farthest / 8))
    const start = index === 0 ? 0 : spans[index - 1]!.end + gap
    const longest = layer.reduce((max, place) => (place.isLine ? max : Math.max(max, length(place))), 0)
    spans.push({ start, end: start + longest })
  }
  return spans
}

const framePadding = 16
const captionHeight = 22
const boxGap = 14

/** The stages at the end in a frame at 0, 0: one below the other, or side by side where the graph goes down. */
function finalGrid<N extends Node>(
  stages: readonly N[],
  sizeOfBox: (stage: N) => Size,
  direction: Direction,
): Size & { boxes: Box<N>[] } {
  if (stages.length === 0) return { width: 0, height: 0, boxes: [] }
  const sizes = stages.map(sizeOfBox)
  const width = Math.max(...sizes.map((size) => size.width))
  const height = Math.max(...sizes.map((size) => size.height))
  const perLine = Math.min(stages.length, direction === "right" ? 8 : 4)
  const lines = Math.ceil(stages.length / perLine)
  const [columns, rows] = direction === "right" ? [lines, perLine] : [perLine, lines]
  const boxes = stages.map((stage, index) => {
    const [line, item] = [Math.floor(index / perLine), index % perLine]
    const [column, row] = direction === "right" ? [line, item] : [item, line]
    const x = framePadding + column * (width + boxGap)
    const y = captionHeight + framePadding + row * (height + boxGap)
    return { stage, x, y, width, height }
  })
  return {
    boxes,
    width: 2 * framePadding + columns * (width + boxGap) - boxGap,
    height: captionHeight + 2 * framePadding + rows * (height + boxGap) - boxGap,
  }
}
