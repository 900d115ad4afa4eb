// Every mistake in the graph of a pipeline's stages.

import type { Path } from "../api/parts.ts"
import type { PipelineStage } from "../api/pipeline.ts"
import { findCycle } from "../graph/order.ts"
import { didYouMean } from "../words/nearest-name.ts"

/** A mistake in a pipeline, and which of its stages it is about. */
export interface Problem {
  readonly stage: string
  /** "schedules": it is about a schedule, and about no stage. */
  readonly field: "name" | "type" | "dependsOn" | "params" | "matrix" | "when" | "schedules"
  /** The name of the schedule, where it is about one. */
  readonly schedule?: string
  /** The part of the stage's PeanutStage that is of a wrong type, where it is one. */
  readonly part?: Path
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
