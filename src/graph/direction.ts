// Whether a graph is drawn from left to right, as people draw pipelines, or downwards because it is too long for that.

import type { Node } from "./node.ts"
import { depthsOf } from "./tree.ts"

export type Direction = "right" | "down"

export interface Graph<N extends Node = Node> {
  /** Each behind all that it comes after. */
  readonly stages: readonly N[]
  /** Those that stand apart, behind all others. */
  readonly final: readonly N[]
}

/** So many boxes side by side can be read on a page. */
const maxColumns = 7

/** To the right, unless that makes a picture that is wider than a page and far wider than it is high. */
export function directionOf({ stages, final }: Graph): Direction {
  const depths = depthsOf(stages)
  const counts = new Map<number, number>()
  for (const depth of depths.values()) counts.set(depth, (counts.get(depth) ?? 0) + 1)
  const columns = counts.size + (final.length > 0 ? 1 : 0)
  return columns <= maxColumns || Math.max(...counts.values()) >= columns ? "right" : "down"
}
