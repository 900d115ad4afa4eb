// Every mistake in a pipeline that can be told before it runs: in its graph, and in what its stages are given and say.

import { pathText } from "../api/parts.ts"
import type { PipelineSchedule, PipelineSpec, PipelineStage } from "../api/pipeline.ts"
import type { StageSpec } from "../api/stage.ts"
import { readStage, type StageParts } from "../api/stage-parts.ts"
import { ancestorsOf } from "../graph/order.ts"
import { didYouMean } from "../words/nearest-name.ts"
import { findGraphProblems, type Problem } from "./graph.ts"
import { countCombinations } from "./matrix.ts"
import { findParamProblems, findParamSpecProblems } from "./params.ts"
import { type Expressions, stagesNamedIn } from "./rules/when.ts"
import { findTimeProblem } from "./schedule.ts"
import { findReferenceProblem, findStageNameProblem, type Visible } from "./template/reference-problems.ts"
import { findReferences } from "./template/references.ts"
import { referencesIn, type TemplateReference } from "./template/template.ts"

export type { Problem } from "./graph.ts"

/** The most Jobs that one run may have. */
const maxJobs = 5000

/** What is known when a pipeline is looked at. */
export interface Surroundings {
  /** The PeanutStages there are, by name, if they are known. */
  readonly stages?: ReadonlyMap<string, StageSpec>
  /** What knows CEL; without it, expressions are not looked at. */
  readonly expressions?: Expressions
}

/** Every mistake in a pipeline, those of the graph first. */
export function findProblems(pipelineName: string, spec: PipelineSpec, around: Surroundings = {}): readonly Problem[] {
  const { stages } = spec
  const atEnd: readonly PipelineStage[] = spec.finally ?? []
  const types = around.stages && new Set(around.stages.keys())
  const graph = findGraphProblems(pipelineName, stages, types, atEnd)
  const declared = (spec.params ?? []).map(({ name }) => name)
  const everyName = new Set(stages.map(({ name }) => name))
  const withMatrix = new Set(stages.flatMap(({ name, matrix }) => (matrix === undefined ? [] : [name])))
  const ofStages = stages.flatMap((stage) => {
    // Looked up only for the few that refer to others.
    const above = once(() => ancestorsOf(stage.name, stages))
    return findStageProblems(stage, { declared, above, everyName, withMatrix, isAtEnd: false }, around)
  })
  const ofFinally = atEnd.flatMap((stage) =>
    findStageProblems(stage, { declared, above: () => everyName, everyName, withMatrix, isAtEnd: true }, around),
  )
  const jobs = [...stages, ...atEnd].reduce((sum, { matrix }) => sum + countCombinations(matrix), 0)
  const message = `pipeline "${pipelineName}" would make ${jobs} Jobs, more than the ${maxJobs} that a run can have; make its matrices smaller or split it`
  const large: readonly Problem[] = jobs > maxJobs ? [{ stage: stages[0]!.name, field: "matrix", message }] : []
  const ofSchedules = (spec.schedules ?? []).flatMap((schedule) =>
    findScheduleProblems(pipelineName, spec, schedule).map(
      (message): Problem => ({ stage: "", field: "schedules", schedule: schedule.name, message }),
    ),
  )
  const ofParams = findParamSpecProblems(pipelineName, spec.params).map(
    (message): Problem => ({ stage: stages[0]!.name, field: "params", message }),
  )
  return [...graph, ...ofParams, ...ofStages, ...ofFinally, ...large, ...ofSchedules]
}

/** What is wrong with one schedule: when it starts runs, and the parameters it gives them. */
export function findScheduleProblems(
  pipelineName: string,
  { params: declared }: Pick<PipelineSpec, "params">,
  schedule: PipelineSchedule,
): readonly string[] {
  const time = findTimeProblem(schedule)
  const whose = { giver: "it", declarer: `pipeline "${pipelineName}"` }
  const problems = [...(time === undefined ? [] : [time]), ...findParamProblems(declared, schedule.params, whose)]
  return problems.map((problem) => `schedule "${schedule.name}": ${problem}`)
}

function findStageProblems(stage: PipelineStage, visible: Visible, around: Surroundings): readonly Problem[] {
  const says = `stage "${stage.name}"`
  const written = around.stages?.get(stage.type)
  const parts = written && readStage(written)
  // Where a part is missing, what else is wrong may come of that.
  const spec = parts?.mistakes.length === 0 ? parts.spec : undefined
  const given = [
    ...(stage.params ?? []).flatMap(({ value }) => findReferences(value).map((it) => ["params", it] as const)),
    ...(stage.matrix ?? []).flatMap(({ values }) =>
      values.flatMap(findReferences).map((it) => ["matrix", it] as const),
    ),
  ]
  const problem = (field: Problem["field"]) => (message: string | undefined) =>
    message === undefined ? [] : [{ stage: stage.name, field, message: `${says}: ${message}` }]
  return [
    ...given.flatMap(([field, reference]) =>
      problem(field)(findReferenceProblem(reference, visible.declared, "pipeline", visible)),
    ),
    ...(spec === undefined ? [] : givenProblems(stage, spec).flatMap(problem("params"))),
    ...(parts === undefined ? [] : partProblems(stage, parts)),
    ...(spec === undefined ? [] : templateProblems(spec, visible).flatMap(problem("type"))),
    ...(stage.when === undefined ? [] : whenProblems(stage.when, visible, around.expressions).flatMap(problem("when"))),
  ]
}

function givenProblems({ type, params = [], matrix = [] }: PipelineStage, spec: StageSpec): readonly string[] {
  const twice = matrix
    .filter(({ name }) => params.some((param) => param.name === name))
    .map(({ name }) => `param "${name}" is given by params and by matrix; give it once`)
  const whose = { giver: "it", declarer: `PeanutStage "${type}"` }
  return [...findParamProblems(spec.params, [...params, ...matrix], whose), ...twice]
}

/** What stands in the place of something else in a PeanutStage. */
function partProblems({ name, type }: PipelineStage, { mistakes }: StageParts): readonly Problem[] {
  return mistakes.map(({ path, message }) => {
    const says = `stage "${name}": ${pathText(path)}: ${message} (in PeanutStage "${type}")`
    return { stage: name, field: "type", part: path, message: says }
  })
}

function templateProblems(spec: StageSpec, visible: Visible): readonly string[] {
  const declared = (spec.params ?? []).map(({ name }) => name)
  return referencesIn(spec).flatMap((found) => {
    const problem = placeProblem(found) ?? findReferenceProblem(found.reference, declared, "stage's type", visible)
    return problem === undefined ? [] : [`${problem} (in ${found.where} of its PeanutStage)`]
  })
}

function placeProblem({ reference: { text }, place, variable }: TemplateReference): string | undefined {
  if (place === "replaced") return undefined
  if (place === "fixed") return `${text} is replaced only in command, args and values of env`
  const what = variable === undefined ? text : `$(${variable}), which holds ${text},`
  const byEnv = variable === undefined ? "pass it by env, and let" : "let"
  const name = variable ?? "NAME"
  switch (place.why) {
    case "command":
      return `${what} would choose the program that runs; name the program in command, and give the value as an argument or by env`
    case "program":
      return `${what} may be run as a program, or taken for an option, by ${place.by}; ${byEnv} the program read the variable: "$${name}" in a shell`
    case "text":
      return `${what} stands in a text that may have a meaning to the program; make it a word of its own, beside nothing but letters, digits and _ . / : @ % + , = -, or ${byEnv} the program read the variable`
  }
}

function whenProblems(when: string, visible: Visible, expressions: Expressions | undefined): readonly string[] {
  const problem = expressions?.findProblem(when)
  const names = stagesNamedIn(when).flatMap(
    (name) => findStageNameProblem(`when: stages['${name}']`, name, visible) ?? [],
  )
  const params = paramsNamedIn(when)
    .filter((name) => !visible.declared.includes(name))
    .map((name) => `when: params.${name} is not declared by the pipeline${didYouMean(name, visible.declared)}`)
  const phase =
    /\bexecution\.phase\b/.test(when) && !visible.isAtEnd
      ? ["when: execution.phase is known only to stages of finally"]
      : []
  return [...(problem === undefined ? [] : [`when: ${when}: ${problem}`]), ...names, ...params, ...phase]
}

const paramsNamedIn = (when: string) =>
  [...when.matchAll(/\bparams\.([A-Za-z_]\w*)\b(?!\s*\()/g)].map(([, name]) => name!)

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
