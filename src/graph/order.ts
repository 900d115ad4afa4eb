// The order of a graph of nodes that depend on each other: what comes after what, and where they wait in a circle.
// Nothing here recurses: a thousand nodes in a row are as fine as a thousand side by side.

import type { Node } from "./node.ts"

/**
 * Stages in an order in which each comes after all that it depends on; otherwise in the pipeline's own order.
 * Stages on a cycle, or below one, are left out. (Kahn's algorithm.)
 */
export function sortTopologically<N extends Node>(stages: readonly N[]): readonly N[] {
  const children = childrenOf(stages)
  const missing = new Map(stages.map((stage) => [stage.name, new Set(stage.dependsOn).size]))
  const order = stages.filter((stage) => missing.get(stage.name) === 0)
  // The list grows while it is walked: what is appended is visited too.
  for (const stage of order) {
    for (const child of children.get(stage.name)!) {
      const left = missing.get(child.name)! - 1
      missing.set(child.name, left)
      if (left === 0) order.push(child)
    }
  }
  return order
}

/** The stages that depend on each stage, by its name. */
export function childrenOf<N extends Node>(stages: readonly N[]): ReadonlyMap<string, readonly N[]> {
  const children = new Map<string, N[]>(stages.map((stage) => [stage.name, []]))
  for (const stage of stages) {
    for (const parent of new Set(stage.dependsOn)) children.get(parent)?.push(stage)
  }
  return children
}

/** The names of all stages that this one depends on, over however many others. */
export function ancestorsOf(name: string, stages: readonly Node[]): ReadonlySet<string> {
  const parents = new Map(stages.map((stage) => [stage.name, stage.dependsOn ?? []]))
  const above = new Set(parents.get(name))
  // The set grows while it is walked: what is added is visited too.
  for (const parent of above) for (const further of parents.get(parent) ?? []) above.add(further)
  return above
}

/** One cycle among the stages, as the names along it with the first repeated at the end, in the direction of the flow. */
export function findCycle(stages: readonly Node[]): readonly string[] | undefined {
  // A stage that waits for itself or for nothing known has a message of its own.
  const names = new Set(stages.map((stage) => stage.name))
  const parents = new Map(
    stages.map((stage) => [stage.name, (stage.dependsOn ?? []).filter((p) => p !== stage.name && names.has(p))]),
  )
  const sorted = new Set(
    sortTopologically(stages.map((stage) => ({ ...stage, dependsOn: parents.get(stage.name) }))).map((s) => s.name),
  )
  const start = stages.find((stage) => !sorted.has(stage.name))
  if (start === undefined) return undefined
  // What Kahn's algorithm leaves always has a parent that it left too, so walking up must come round.
  const seen = new Set<string>()
  let name = start.name
  while (!seen.has(name)) {
    seen.add(name)
    name = parents.get(name)!.find((parent) => !sorted.has(parent))!
  }
  const path = [...seen]
  const cycle = path.slice(path.indexOf(name)).reverse()
  const first = cycle.indexOf(stages.find((stage) => cycle.includes(stage.name))!.name)
  const turned = [...cycle.slice(first), ...cycle.slice(0, first)]
  return [...turned, turned[0]!]
}
