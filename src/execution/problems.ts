// Every mistake in a pipeline that can be told before it runs: in its graph, and in what its stages are given and say.

import { pathText } from "../api/parts.ts"
import type { PipelineSchedule, PipelineSpec, PipelineStage } from "../api/pipeline.ts"
import type { StageSpec } from "../api/stage.ts"
import { readStage, type StageParts } from "../api/stage-parts.ts"
import { ancestryOf } from "../graph/ancestry.ts"
import { graphProblems, newSuggestions, type Problem, told } from "./graph.ts"
import { cut } from "./joined.ts"
import { countCombinations } from "./matrix.ts"
import { findParamProblems, findParamSpecProblems } from "./params.ts"
import { type Expressions, stagesNamedIn } from "./rules/when.ts"
import { findTimeProblem } from "./schedule.ts"
import { analysisOf } from "./template/analysis.ts"
import { findReferenceProblem, findStageNameProblem, type Visible } from "./template/reference-problems.ts"
import { findReferences, type Reference } from "./template/references.ts"
import type { TemplateReference } from "./template/template.ts"

export type { Problem } from "./graph.ts"

/** The most Jobs that one run may have. */
const maxJobs = 5000

/** What is known when a pipeline is looked at. */
export interface Surroundings {
  /** The PeanutStages there are, by name, if they are known; undefined stands for one that was not read. */
  readonly stages?: ReadonlyMap<string, StageSpec | undefined>
  /** What knows CEL; without it, expressions are not looked at. */
  readonly expressions?: Expressions
}

/** The mistakes in a pipeline, those of the graph first, as far as they are told. */
export function findProblems(pipelineName: string, spec: PipelineSpec, around: Surroundings = {}): readonly Problem[] {
  return told(problemsOf(pipelineName, spec, around))
}

/** Every mistake in a pipeline, found as it is asked for: of a hundred thousand only the first are looked for. */
function* problemsOf(pipelineName: string, spec: PipelineSpec, around: Surroundings): Generator<Problem> {
  const { stages } = spec
  const atEnd: readonly PipelineStage[] = spec.finally ?? []
  const suggest = newSuggestions()
  yield* graphProblems(pipelineName, stages, { types: around.stages, atEnd, suggest })
  const declared = (spec.params ?? []).map(({ name }) => name)
  const everyName = new Set(stages.map(({ name }) => name))
  const withMatrix = new Set(stages.flatMap(({ name, matrix }) => (matrix === undefined ? [] : [name])))
  const visible = { declared, everyName, withMatrix, suggest }
  for (const stage of stages) {
    const isAbove = (name: string) => ancestryOf(stages).isAbove(name, stage.name)
    yield* stageProblems(stage, { ...visible, isAbove, isAtEnd: false }, around)
  }
  for (const stage of atEnd) {
    const isAbove = (name: string) => everyName.has(name)
    yield* stageProblems(stage, { ...visible, isAbove, isAtEnd: true }, around)
  }
  const jobs = [...stages, ...atEnd].reduce((sum, { matrix }) => sum + countCombinations(matrix), 0)
  for (const message of findParamSpecProblems(pipelineName, spec.params)) {
    yield { stage: stages[0]!.name, field: "params", message }
  }
  if (jobs > maxJobs) {
    const message = `pipeline "${pipelineName}" would make ${jobs} Jobs, more than the ${maxJobs} that a run can have; make its matrices smaller or split it`
    yield { stage: stages[0]!.name, field: "matrix", message }
  }
  for (const schedule of spec.schedules ?? []) {
    for (const message of findScheduleProblems(pipelineName, spec, schedule, suggest)) {
      yield { stage: "", field: "schedules", schedule: schedule.name, message }
    }
  }
}

/** What is wrong with one schedule: when it starts runs, and the parameters it gives them. */
export function findScheduleProblems(
  pipelineName: string,
  { params: declared }: Pick<PipelineSpec, "params">,
  schedule: PipelineSchedule,
  suggest = newSuggestions(),
): readonly string[] {
  const time = findTimeProblem(schedule)
  const whose = { giver: "it", declarer: `pipeline "${pipelineName}"`, suggest }
  const problems = [...(time === undefined ? [] : [time]), ...findParamProblems(declared, schedule.params, whose)]
  return problems.map((problem) => `schedule "${schedule.name}": ${problem}`)
}

function* stageProblems(stage: PipelineStage, visible: Visible, around: Surroundings): Generator<Problem> {
  const says = `stage "${stage.name}"`
  const written = around.stages?.get(stage.type)
  const parts = written && readStage(written)
  if (parts !== undefined) yield* partProblems(stage, parts)
  // Where a part is missing, what else is wrong may come of that.
  const spec = parts?.mistakes.length === 0 ? parts.spec : undefined
  const problem = (field: Problem["field"], message: string): Problem => ({
    stage: stage.name,
    field,
    // It may quote a text of the stage.
    message: cut(`${says}: ${message}`),
  })
  for (const [field, reference] of givenReferences(stage)) {
    const message = findReferenceProblem(reference, visible.declared, "pipeline", visible)
    if (message !== undefined) yield problem(field, message)
  }
  if (spec !== undefined) {
    for (const message of givenProblems(stage, spec, visible)) yield problem("params", message)
    for (const message of templateProblems(spec, visible)) yield problem("type", message)
  }
  if (stage.when !== undefined) {
    for (const message of whenProblems(stage.when, visible, around.expressions)) yield problem("when", message)
  }
}

function* givenReferences({ params = [], matrix = [] }: PipelineStage): Generator<["params" | "matrix", Reference]> {
  for (const { value } of params) for (const reference of findReferences(value)) yield ["params", reference]
  for (const { values } of matrix) {
    for (const value of values) for (const reference of findReferences(value)) yield ["matrix", reference]
  }
}

function givenProblems(
  { type, params = [], matrix = [] }: PipelineStage,
  spec: StageSpec,
  { suggest }: Visible,
): readonly string[] {
  const twice = matrix
    .filter(({ name }) => params.some((param) => param.name === name))
    .map(({ name }) => `param "${name}" is given by params and by matrix; give it once`)
  const whose = { giver: "it", declarer: `PeanutStage "${type}"`, suggest }
  return [...findParamProblems(spec.params, [...params, ...matrix], whose), ...twice]
}

/** What stands in the place of something else in a PeanutStage. */
function partProblems({ name, type }: PipelineStage, { mistakes }: StageParts): readonly Problem[] {
  return mistakes.map(({ path, message }) => {
    const says = `stage "${name}": ${pathText(path)}: ${message} (in PeanutStage "${type}")`
    return { stage: name, field: "type", part: path, message: says }
  })
}

function* templateProblems(spec: StageSpec, visible: Visible): Generator<string> {
  const analysis = analysisOf(spec)
  // What is too large is looked at no further.
  if (analysis.problem !== undefined) return yield `${analysis.problem} (in its PeanutStage)`
  const declared = (spec.params ?? []).map(({ name }) => name)
  for (const found of analysis.references) {
    const problem = placeProblem(found) ?? findReferenceProblem(found.reference, declared, "stage's type", visible)
    if (problem !== undefined) yield `${problem} (in ${found.where} of its PeanutStage)`
  }
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
    .map(
      (name) => `when: params.${name} is not declared by the pipeline${visible.suggest(name, () => visible.declared)}`,
    )
  const phase =
    /\bexecution\.phase\b/.test(when) && !visible.isAtEnd
      ? ["when: execution.phase is known only to stages of finally"]
      : []
  return [...(problem === undefined ? [] : [`when: ${when}: ${problem}`]), ...names, ...params, ...phase]
}

const paramsNamedIn = (when: string) =>
  [...when.matchAll(/\bparams\.([A-Za-z_]\w*)\b(?!\s*\()/g)].map(([, name]) => name!)
