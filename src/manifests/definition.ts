// What a pipeline and its stages say together: the mistakes that the controller would find in their parameters,
// references and expressions, each at its own line.

import { pipelineSpec } from "../api/pipeline.ts"
import { type StageSpec, stageSpec } from "../api/stage.ts"
import { type Problem as Found, findProblems } from "../execution/problems.ts"
import type { Expressions } from "../execution/rules/when.ts"
import { findReferences } from "../execution/template/references.ts"
import { effective } from "./effective.ts"
import { type Manifest, problemOf } from "./manifest.ts"
import type { Path } from "./path.ts"
import { type Entry, entriesOf } from "./pipeline.ts"
import { listAt, valueAt } from "./plain.ts"
import type { Problem } from "./problem.ts"

/** The mistakes of a pipeline with these stages; none where the shape of one is wrong, which has been told. */
export function definitionMistakes(
  pipeline: Manifest,
  stages: readonly Manifest[],
  expressions?: Expressions,
): readonly Problem[] {
  const spec = pipelineSpec.safeParse(pipeline.object.spec).data
  const parsed = stages.map(({ name, object }) => [name, stageSpec.safeParse(object.spec).data] as const)
  if (spec === undefined || parsed.some(([, stage]) => stage === undefined)) return []
  const around = { stages: new Map(parsed as [string, StageSpec][]), ...(expressions !== undefined && { expressions }) }
  const entries = entriesOf(pipeline.object)
  // What a PeanutStage says in itself is told of it, whether a pipeline uses it or not.
  const told = findProblems(pipeline.name, spec, around).filter(({ part }) => part === undefined)
  const problems = told.map((found) => {
    if (found.field === "schedules")
      return problemOf(pipeline, { path: scheduleOf(found, pipeline), message: found.message })
    const entry = entries.find(({ stage }) => stage.name === found.stage)!
    const stage = stages.find(({ name }) => name === entry.stage.type)
    return (
      (stage && inStage(found, stage)) ?? problemOf(pipeline, { path: placeOf(found, entry), message: found.message })
    )
  })
  // A stage may be used many times; its own mistakes are told once.
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]
}

function scheduleOf({ schedule }: Found, { object }: Manifest): Path {
  const schedules = ["spec", "schedules"]
  return [...schedules, listAt(object, schedules).findIndex((item) => valueAt(item, ["name"]) === schedule)]
}

/** A mistake that its PeanutStage makes by itself is told there. */
function inStage({ stage: name, message }: Found, stage: Manifest): Problem | undefined {
  const [, says, where] = /^(.*) \(in (.+) of its PeanutStage\)$/s.exec(message) ?? []
  if (says === undefined || where === undefined || / names a stage that |a stage with a matrix/.test(says))
    return undefined
  const own = says.slice(`stage "${name}": `.length)
  return problemOf(stage, { path: placeInStage(where, stage), message: `${where}: ${own}` })
}

/** The field that `args[1]`, `env HOME` or `image` names; of a helper beside the stage's container, only about where it is. */
function placeInStage(where: string, { object }: Manifest): Path {
  const [, list, index] = /^(command|args)\[(\d+)\]$/.exec(where) ?? []
  if (list !== undefined) return [...effective(object, list).path, Number(index)]
  if (!where.startsWith("env ")) return ["spec", ...where.split(/[.[\]]+/).filter((step) => step !== "")].map(step)
  const { path, list: env } = effective(object, "env")
  const at = env.findIndex((variable) => valueAt(variable, ["name"]) === where.slice("env ".length))
  return at < 0 ? path : [...path, at, "value"]
}

const step = (text: string) => (/^\d+$/.test(text) ? Number(text) : text)

/** The item of an entry's list that a problem is about, as far as its message tells. */
function placeOf({ field, message }: Found, { path, value }: Entry): Path {
  if (field !== "params" && field !== "matrix") return [...path, field]
  const texts = findReferences(message).map(({ text }) => text)
  const isMeant = (item: unknown) => {
    const said = [valueAt(item, ["value"]), ...listAt(item, ["values"])].filter((text) => typeof text === "string")
    const isNamed = message.includes(`param "${valueAt(item, ["name"])}"`)
    return texts.length === 0 ? isNamed : said.some((text) => texts.some((reference) => text.includes(reference)))
  }
  for (const list of [field, "params", "matrix"]) {
    const at = listAt(value, [list]).findIndex(isMeant)
    if (at >= 0) return [...path, list, at, ...(texts.length === 0 ? [] : [list === "params" ? "value" : "values"])]
  }
  return [...path, field]
}
