// The graph of a pipeline in a manifest: the mistakes that the controller and the CRD's rules would find, each at its own
// line.

import type { PipelineStage } from "../api/pipeline.ts"
import { maxCombinations } from "../api/stage-entry.ts"
import { findGraphProblems, type Problem } from "../execution/graph.ts"
import { ancestorsOf } from "../graph/order.ts"
import type { Finding, Path } from "./path.ts"
import { isObject, type JsonObject, listAt, valueAt } from "./plain.ts"

/** A stage that a pipeline lists, as far as it has the right shape, and where. */
export interface Entry {
  readonly stage: Pick<PipelineStage, "name" | "type" | "dependsOn">
  readonly list: "stages" | "finally"
  readonly path: Path
  readonly value: JsonObject
}

/** The stages of a pipeline's graph, then those that run at its end; in the order of the manifest. */
export function entriesOf(pipeline: unknown): readonly Entry[] {
  return (["stages", "finally"] as const).flatMap((list) =>
    listAt(pipeline, ["spec", list]).map((entry, index) => {
      const value = isObject(entry) ? entry : {}
      const { name, type, dependsOn } = value
      const stage = {
        name: isText(name) ? name : "",
        type: isText(type) ? type : "",
        dependsOn: list === "stages" && Array.isArray(dependsOn) ? dependsOn.filter(isText) : [],
      }
      return { stage, list, path: ["spec", list, index], value }
    }),
  )
}

/** The mistakes in the order of a pipeline's stages: unknown names, cycles, fields that need others. */
export function graphMistakes(pipeline: unknown): readonly Finding[] {
  const entries = entriesOf(pipeline)
  const rules = entries.flatMap(ruleMistakes)
  // With a stage whose name cannot be told, others may well be right to depend on it.
  if (entries.some(({ stage }) => stage.name === "")) return rules
  const { inGraph, atEnd } = split(entries)
  const name = valueAt(pipeline, ["metadata", "name"])
  const graph = findGraphProblems(isText(name) ? name : "", inGraph)
    .filter(({ field }) => field === "dependsOn")
    .map((problem) => ({ path: placeOf(problem, entries), message: problem.message }))
  return [...graph, ...rules, ...takenNames()]

  /** Names that are repeated in one list are mistakes of its shape. */
  function takenNames(): readonly Finding[] {
    const taken = new Set(inGraph.map((stage) => stage.name))
    return entries.flatMap(({ stage, list, path }) => {
      if (list === "stages" || !taken.has(stage.name) || !atEnd.includes(stage)) return []
      const message = `stage "${stage.name}" of finally has the name of another stage of this pipeline; give it another`
      return [{ path: [...path, "name"], message }]
    })
  }
}

/** The stages whose type is none of these. */
export function typeMistakes(pipeline: unknown, name: string, types: ReadonlySet<string>) {
  const entries = entriesOf(pipeline)
  const { inGraph, atEnd } = split(entries)
  return findGraphProblems(name, inGraph, { types, atEnd })
    .filter(({ field }) => field === "type")
    .map((problem) => {
      const entry = entries.find(({ stage }) => stage.name === problem.stage && !types.has(stage.type))!
      return { path: [...entry.path, "type"], message: problem.message, type: entry.stage.type }
    })
    .filter(({ type }) => type !== "")
}

function split(entries: readonly Entry[]) {
  const of = (wanted: Entry["list"]) => entries.flatMap(({ stage, list }) => (list === wanted ? [stage] : []))
  return { inGraph: of("stages"), atEnd: of("finally") }
}

/** The rules of an entry that the CRD states in CEL. */
function ruleMistakes({ path, value, stage }: Entry): readonly Finding[] {
  const says = `stage "${stage.name}"`
  const isSet = (field: string) => value[field] !== undefined && value[field] !== null
  const count = listAt(value, ["matrix"]).reduce<number>((product, it) => product * listAt(it, ["values"]).length, 1)
  return [
    ...(isSet("triggerRule") && value.triggerRule !== "AllSucceeded" && !isSet("dependsOn")
      ? [
          {
            path: [...path, "triggerRule"],
            message: `${says}: triggerRule needs dependsOn: there is no stage whose outcome it could wait for`,
          },
        ]
      : []),
    ...(isSet("maxParallel") && !isSet("matrix")
      ? [
          {
            path: [...path, "maxParallel"],
            message: `${says}: maxParallel needs a matrix; without one, set maxParallel of the pipeline`,
          },
        ]
      : []),
    ...(count > maxCombinations
      ? [
          {
            path: [...path, "matrix"],
            message: `${says}: its matrix has ${count} combinations, more than the ${maxCombinations} that it may have; leave out values, or split the stage`,
          },
        ]
      : []),
  ]
}

/** The item of `dependsOn` that a problem is about. A cycle is told at the item that closes it. */
function placeOf({ stage, dependency }: Problem, entries: readonly Entry[]): Path {
  const { inGraph } = split(entries)
  const isCulprit = (parent: unknown) =>
    dependency === undefined ? isText(parent) && ancestorsOf(parent, inGraph).has(stage) : parent === dependency
  const own = entries.filter((entry) => entry.list === "stages" && entry.stage.name === stage)
  for (const { path, value } of own) {
    const item = listAt(value, ["dependsOn"]).findIndex(isCulprit)
    if (item >= 0) return [...path, "dependsOn", item]
  }
  return [...(own[0]?.path ?? ["spec"]), "dependsOn"]
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== ""
}
