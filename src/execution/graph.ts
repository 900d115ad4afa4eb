// Every mistake in the graph of a pipeline's stages.

import type { Path } from "../api/parts.ts"
import type { PipelineStage } from "../api/pipeline.ts"
import { isShown } from "../api/stage-entry.ts"
import { findCycle } from "../graph/order.ts"
import { type Suggest, suggestions } from "../words/nearest-name.ts"

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

/** The most mistakes that one look tells, and how many of them suggest a name: nobody reads more, and each takes time. */
export const maxProblems = 100
const maxSuggestions = 20

/** The suggestions of one look at a pipeline. */
export const newSuggestions = (): Suggest => suggestions(maxSuggestions)

/** The mistakes as far as they are told. */
export function told(problems: Iterable<Problem>): readonly Problem[] {
  const first: Problem[] = []
  for (const problem of problems) {
    if (first.length < maxProblems) first.push(problem)
    else return [...first, { ...problem, message: "and more; correct these first" }]
  }
  return first
}

/** What a graph is checked against. */
export interface GraphAround {
  /** The names of the PeanutStages there are, if they are known. */
  readonly types?: ReadonlyMap<string, unknown> | ReadonlySet<string> | undefined
  /** The stages of `finally`, which are beside the graph. */
  readonly atEnd?: readonly PipelineStage[]
  readonly suggest?: Suggest
}

/** The mistakes in the graph of a pipeline, as far as they are told. */
export function findGraphProblems(
  pipelineName: string,
  stages: readonly PipelineStage[],
  around: GraphAround = {},
): readonly Problem[] {
  return told(graphProblems(pipelineName, stages, around))
}

/** Every mistake in the graph of a pipeline, found as it is asked for. */
export function* graphProblems(
  pipelineName: string,
  stages: readonly PipelineStage[],
  { types, atEnd = [], suggest = newSuggestions() }: GraphAround = {},
): Generator<Problem> {
  const names = new Set<string>()
  const all = [...stages, ...atEnd]
  for (const { name } of all) {
    if (names.has(name)) {
      yield { stage: name, field: "name", message: `pipeline "${pipelineName}" has two stages named "${name}"` }
    }
    names.add(name)
    if (!isShown(name)) {
      const shown = JSON.stringify(name).replace(
        /[^\x20-\x7e]/g,
        (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
      )
      const message = `the name ${shown} of a stage has a control character or a mark of direction; leave it out`
      yield { stage: name, field: "name", message }
    }
  }
  const inGraph = new Set(stages.map(({ name }) => name))
  for (const stage of all) {
    const says = `stage "${stage.name}"`
    if (types !== undefined && !types.has(stage.type)) {
      const meant = suggest(stage.type, () => types.keys())
      const message = `${says} is of type "${stage.type}", but there is no PeanutStage of that name${meant}`
      yield { stage: stage.name, field: "type", message }
    }
    for (const dependency of new Set(stage.dependsOn)) {
      const about = { stage: stage.name, field: "dependsOn", dependency } as const
      if (dependency === stage.name) {
        yield { ...about, message: `${says} depends on itself` }
      } else if (!inGraph.has(dependency)) {
        const meant = suggest(dependency, () => [...inGraph].filter((name) => name !== stage.name))
        yield {
          ...about,
          message: `${says} depends on "${dependency}", which is not in pipeline "${pipelineName}"${meant}`,
        }
      }
    }
  }
  const cycle = findCycle(stages)
  if (cycle !== undefined) {
    const message = `stages of pipeline "${pipelineName}" wait for each other: ${cycle.join(" → ")}`
    yield { stage: cycle[0]!, field: "dependsOn", message }
  }
}
