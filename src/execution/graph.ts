// The graph of a pipeline's stages, as a stand-alone module: order, cycles, and every mistake in it.
// Nothing here recurses: a thousand stages in a row are as fine as a thousand side by side.

import type { PipelineStage } from "../api/pipeline.ts"
import { didYouMean } from "../words/nearest-name.ts"

/** A mistake in a pipeline, and which of its stages it is about. */
export interface Problem {
  readonly stage: string
  /** "schedules": it is about a schedule, and about no stage. */
  readonly field: "name" | "type" | "dependsOn" | "params" | "matrix" | "when" | "schedules"
  /** The name of the schedule, where it is about one. */
  readonly schedule?: string
  /** The entry of `dependsOn` that is wrong, where it is one. */
  readonly dependency?: string
  readonly message: string
}

/**
 * Every mistake in the graph of a pipeline; `types` are the names of the PeanutStages there are, if they are known, and
 * `atEnd` the stages of `finally`, which are beside the graph.
 */
export function findGraphProblems(
  pipelineName: string,
  stages: readonly PipelineStage[],
  types?: ReadonlySet<string>,
  atEnd: readonly PipelineStage[] = [],
): readonly Problem[] {
  const problems: Problem[] = []
  const names = new Set<string>()
  const all = [...stages, ...atEnd]
  for (const { name } of all) {
    if (names.has(name)) {
      problems.push({
        stage: name,
        field: "name",
        message: `pipeline "${pipelineName}" has two stages named "${name}"`,
      })
    }
    names.add(name)
  }
  const inGraph = new Set(stages.map(({ name }) => name))
  for (const stage of all) {
    const says = `stage "${stage.name}"`
    if (types !== undefined && !types.has(stage.type)) {
      const message = `${says} is of type "${stage.type}", but there is no PeanutStage of that name${suggestion(stage.type, [...types])}`
      problems.push({ stage: stage.name, field: "type", message })
    }
    for (const dependency of new Set(stage.dependsOn)) {
      const about = { stage: stage.name, field: "dependsOn", dependency } as const
      if (dependency === stage.name) {
        problems.push({ ...about, message: `${says} depends on itself` })
      } else if (!inGraph.has(dependency)) {
        const message = `${says} depends on "${dependency}", which is not in pipeline "${pipelineName}"${suggestion(
          dependency,
          [...inGraph].filter((name) => name !== stage.name),
        )}`
        problems.push({ ...about, message })
      }
    }
  }
  const cycle = findCycle(stages)
  if (cycle !== undefined) {
    const message = `stages of pipeline "${pipelineName}" wait for each other: ${cycle.join(" → ")}`
    problems.push({ stage: cycle[0]!, field: "dependsOn", message })
  }
  return problems

  /** Nobody reads more than a few, and each costs a comparison with every name. */
  function suggestion(wrong: string, known: readonly string[]): string {
    return problems.length < maxSuggestions ? didYouMean(wrong, known) : ""
  }
}

const maxSuggestions = 20

/**
 * Stages in an order in which each comes after all that it depends on; otherwise in the pipeline's own order.
 * Stages on a cycle, or below one, are left out. (Kahn's algorithm.)
 */
export function sortTopologically(stages: readonly PipelineStage[]): readonly PipelineStage[] {
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
export function childrenOf(stages: readonly PipelineStage[]): ReadonlyMap<string, readonly PipelineStage[]> {
  const children = new Map<string, PipelineStage[]>(stages.map((stage) => [stage.name, []]))
  for (const stage of stages) {
    for (const parent of new Set(stage.dependsOn)) children.get(parent)?.push(stage)
  }
  return children
}

/** The names of all stages that this one depends on, over however many others. */
export function ancestorsOf(name: string, stages: readonly PipelineStage[]): ReadonlySet<string> {
  const parents = new Map(stages.map((stage) => [stage.name, stage.dependsOn ?? []]))
  const above = new Set(parents.get(name))
  // The set grows while it is walked: what is added is visited too.
  for (const parent of above) for (const further of parents.get(parent) ?? []) above.add(further)
  return above
}

/** One cycle among the stages, as the names along it with the first repeated at the end, in the direction of the flow. */
function findCycle(stages: readonly PipelineStage[]): readonly string[] | undefined {
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
