// Whether a graph is drawn from left to right, as people draw pipelines, or downwards because it is too long for that.

import { type Drawing, depthsIn } from "../drawing/drawing.ts"

export type Direction = "right" | "down"

/** So many boxes side by side can be read on a page. */
const maxColumns = 7

/** To the right, unless that makes a picture that is wider than a page and far wider than it is high. */
export function directionOf({ stages, final }: Pick<Drawing, "stages" | "final">): Direction {
  const depths = depthsIn(stages)
  const counts = new Map<number, number>()
  for (const depth of depths.values()) counts.set(depth, (counts.get(depth) ?? 0) + 1)
  const columns = counts.size + (final.length > 0 ? 1 : 0)
  return columns <= maxColumns || Math.max(...counts.values()) >= columns ? "right" : "down"
}
