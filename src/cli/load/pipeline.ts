// The graph of a pipeline in a manifest: the mistakes that the controller would find, each at its own line.

import type { PipelineStage } from "../../api/pipeline.ts"
import { findProblems, type Problem } from "../../execution/graph.ts"
import type { Finding } from "./manifest.ts"
import { isObject, listAt, valueAt } from "./plain.ts"

/** The stages a pipeline lists, as far as they have the right shape; in the order of the manifest. */
export function stagesOf(pipeline: unknown): readonly PipelineStage[] {
  return listAt(pipeline, ["spec", "stages"]).map((entry) => {
    const { name, type, dependsOn } = isObject(entry) ? entry : {}
    return {
      name: isText(name) ? name : "",
      type: isText(type) ? type : "",
      dependsOn: Array.isArray(dependsOn) ? dependsOn.filter(isText) : [],
    }
  })
}

/** The mistakes in the order of a pipeline's stages: unknown names, cycles. Repeated names are mistakes of shape. */
export function graphMistakes(pipeline: unknown): readonly Finding[] {
  const stages = stagesOf(pipeline)
  // With a stage whose name cannot be told, others may well be right to depend on it.
  if (stages.some(({ name }) => name === "")) return []
  const name = valueAt(pipeline, ["metadata", "name"])
  return findProblems(isText(name) ? name : "", stages)
    .filter(({ field }) => field === "dependsOn")
    .map((problem) => ({ path: placeOf(problem, pipeline, stages), message: problem.message }))
}

/** The stages whose type is none of these. */
export function typeMistakes(pipeline: unknown, name: string, types: ReadonlySet<string>) {
  const stages = stagesOf(pipeline)
  return findProblems(name, stages, types)
    .filter(({ field }) => field === "type")
    .map((problem) => {
      const index = stages.findIndex((stage) => stage.name === problem.stage && !types.has(stage.type))
      return { path: ["spec", "stages", index, "type"], message: problem.message, type: stages[index]!.type }
    })
    .filter(({ type }) => type !== "")
}

/** The item of `dependsOn` that a problem is about. A cycle is told at the item that closes it. */
function placeOf({ stage, dependency }: Problem, pipeline: unknown, stages: readonly PipelineStage[]) {
  const isCulprit = (parent: unknown) =>
    dependency === undefined ? isText(parent) && isBelow(parent, stage, stages) : parent === dependency
  for (const [index, { name }] of stages.entries()) {
    if (name !== stage) continue
    const path = ["spec", "stages", index, "dependsOn"]
    const item = listAt(pipeline, path).findIndex(isCulprit)
    if (item >= 0) return [...path, item]
  }
  return ["spec", "stages", stages.findIndex(({ name }) => name === stage), "dependsOn"]
}

/** Whether a stage depends on another, over however many others. */
function isBelow(name: string, other: string, stages: readonly PipelineStage[]): boolean {
  const parents = new Map(stages.map((stage) => [stage.name, stage.dependsOn ?? []]))
  const above = new Set(parents.get(name))
  // The set grows while it is walked: what is added is visited too.
  for (const parent of above) for (const further of parents.get(parent) ?? []) above.add(further)
  return above.has(other)
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== ""
}
