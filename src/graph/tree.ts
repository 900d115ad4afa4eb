// A graph as a tree would show it: each node below what it comes after, and indented by its depth.

import type { Node } from "./node.ts"
import { childrenOf, sortTopologically } from "./order.ts"

/** Each stage right below the last of its parents, as a tree would show it. */
export function belowTheirParents<N extends Node>(stages: readonly N[]): readonly N[] {
  const missing = new Map(stages.map((stage) => [stage.name, new Set(stage.dependsOn).size]))
  const children = childrenOf(stages)
  const next = stages.filter((stage) => missing.get(stage.name) === 0).reverse()
  const order: N[] = []
  for (let stage = next.pop(); stage !== undefined; stage = next.pop()) {
    order.push(stage)
    const free = children.get(stage.name)!.filter((child) => {
      missing.set(child.name, missing.get(child.name)! - 1)
      return missing.get(child.name) === 0
    })
    next.push(...free.reverse())
  }
  return order
}

/** How many stages lie above each, along the longest way. */
export function depthsOf(stages: readonly Node[]): ReadonlyMap<string, number> {
  const depths = new Map<string, number>()
  for (const stage of sortTopologically(stages)) {
    depths.set(stage.name, Math.max(-1, ...(stage.dependsOn ?? []).map((parent) => depths.get(parent) ?? 0)) + 1)
  }
  return depths
}
