// What a run is given beside its files: --param and --approve; and what of an execution fits its pipeline.

import { type Param, type ParamSpec, param as paramSchema, paramSpec } from "../api/param.ts"
import { findParamProblems } from "../execution/params.ts"
import { didYouMean } from "../words/nearest-name.ts"
import { type Manifest, problemOf } from "./manifest.ts"
import { entriesOf } from "./pipeline.ts"
import { listAt, valueAt } from "./plain.ts"
import type { Problem } from "./problem.ts"
import type { Run } from "./select.ts"

/** What the command line gives to a run. */
export interface Given {
  /** `NAME=VALUE` each. */
  readonly params?: readonly string[]
  /** Names of stages. */
  readonly approve?: readonly string[]
  readonly approveAll?: boolean
}

/** The run with what it is given in its execution, where it wins; and everything that is wrong with it. */
export function giveTo(run: Run, given: Given): { readonly run: Run; readonly problems: readonly Problem[] } {
  const { params, problems } = parseParams(given.params ?? [])
  const { execution, pipeline } = run
  const spec = execution.object.spec as Readonly<Record<string, unknown>>
  const own = listAt(spec, ["params"]) as readonly Param[]
  const names = new Set(params.map(({ name }) => name))
  const all = [...own.filter(({ name }) => !names.has(name)), ...params]
  const approvable = approvableIn(pipeline)
  const approved = [...approvedIn(execution), ...(given.approveAll ? approvable : (given.approve ?? []))]
  const next = {
    ...spec,
    ...(all.length > 0 && { params: all }),
    ...(approved.length > 0 && { approved: [...new Set(approved)] }),
  }
  const object = { ...execution.object, spec: next }
  return {
    run: { ...run, execution: { ...execution, object } },
    problems: [...problems, ...paramMistakes(run, params, problems.length > 0), ...approveMistakes(run, given)],
  }
}

/** The words of --param as parameters. */
export function parseParams(words: readonly string[]): {
  readonly params: readonly Param[]
  readonly problems: readonly Problem[]
} {
  const problems: Problem[] = []
  const params = new Map<string, Param>()
  for (const word of words) {
    const at = word.indexOf("=")
    const [name, value] = at < 0 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)]
    const wrong =
      at < 1 ? "write it as NAME=VALUE" : params.has(name) ? "it is given twice; give it once" : tooLong(value)
    if (wrong !== undefined) problems.push({ message: `--param ${clipped(word)}: ${wrong}` })
    else params.set(name, { name, value })
  }
  return { params: [...params.values()], problems }
}

function tooLong(value: string): string | undefined {
  if (paramSchema.shape.value.safeParse(value).success) return undefined
  return `its value has ${[...value].length} characters, more than a parameter may have; put it in a file`
}

const clipped = (word: string) => (word.length > 60 ? `${word.slice(0, 57)}...` : word)

/** Parameters that are unknown or cannot be used, each where it is given, and those without a value; what could not be read may be what is missing. */
function paramMistakes({ execution, pipeline }: Run, params: readonly Param[], isUnread: boolean): readonly Problem[] {
  const declared = listAt(pipeline.object, ["spec", "params"]).flatMap((spec): ParamSpec[] => {
    const { data } = paramSpec.safeParse(spec)
    return data === undefined ? [] : [data]
  })
  const declarer = `pipeline "${pipeline.name}"`
  const inFile = listAt(execution.object, ["spec", "params"]) as readonly Param[]
  const whose = { giver: "the execution", declarer }
  const wrongInFile = inFile.flatMap((param, index) => {
    const [message] = findParamProblems(withDefaults(declared), [param], whose)
    return message === undefined ? [] : [problemOf(execution, { path: ["spec", "params", index], message })]
  })
  const unknown = findParamProblems(withDefaults(declared), params, { giver: "--param", declarer })
  const missing = isUnread
    ? []
    : declared.filter(
        (spec) =>
          findParamProblems(
            [spec],
            // By name alone: a value that cannot be used is not missing.
            [...inFile, ...params].flatMap(({ name }) => (name === spec.name ? [{ name }] : [])),
            whose,
          ).length > 0,
      )
  return [
    ...wrongInFile,
    ...unknown.map((message) => ({ message })),
    ...missing.map(({ name }) => {
      const message = `param "${name}" of ${declarer} has no default and was given no value; use --param ${name}=VALUE`
      // An execution that was made up stands nowhere.
      return valueAt(execution.object, ["spec"]) === undefined || isMadeUp(execution, pipeline)
        ? { message }
        : problemOf(execution, { path: ["spec", "params"], message })
    }),
  ]
}

/** So that only what is unknown is told. */
function withDefaults(declared: readonly ParamSpec[]): readonly ParamSpec[] {
  return declared.map((spec) => ({ ...spec, default: "" }))
}

function isMadeUp(execution: Manifest, pipeline: Manifest): boolean {
  return execution.where === pipeline.where
}

function approveMistakes({ execution, pipeline }: Run, { approve = [] }: Given): readonly Problem[] {
  const names = entriesOf(pipeline.object).flatMap(({ stage, list }) => (list === "stages" ? [stage.name] : []))
  const problem = (giver: string, name: string) =>
    `${giver} names "${name}", which is no stage of pipeline "${pipeline.name}"${didYouMean(name, names)}`
  return [
    ...approvedIn(execution).flatMap((name, index) =>
      names.includes(name)
        ? []
        : [problemOf(execution, { path: ["spec", "approved", index], message: problem("approved", name) })],
    ),
    ...approve.flatMap((name) => (names.includes(name) ? [] : [{ message: problem("--approve", name) }])),
  ]
}

/** The stages of a pipeline that wait for an approval. */
export function approvableIn({ object }: Manifest): readonly string[] {
  return entriesOf(object).flatMap(({ stage, value }) => (value.approval === true ? [stage.name] : []))
}

export function approvedIn({ object }: Manifest): readonly string[] {
  return listAt(object, ["spec", "approved"]).filter((name) => typeof name === "string")
}
