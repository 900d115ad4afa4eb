// Parameters: what a run or a pipeline's stage was given, laid over what was declared.

import { nulMistake } from "../api/nul.ts"
import type { Param, ParamSpec } from "../api/param.ts"
import { didYouMean, type Suggest } from "../words/nearest-name.ts"

export type Values = Readonly<Record<string, string>>

/** The value of every declared parameter; those that have none are left out. */
export function paramValues(declared: readonly ParamSpec[] = [], given: readonly Param[] = []): Values {
  const values = new Map(given.map(({ name, value }) => [name, value]))
  return Object.fromEntries(
    declared.flatMap(({ name, default: fallback }) => {
      const value = values.get(name) ?? fallback
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** What is given for a parameter: one value, the values of a matrix, or nothing that is looked at. */
export interface GivenParam {
  readonly name: string
  readonly value?: string
  readonly values?: readonly string[]
}

/** What is wrong with the values given for declared parameters: unknown names, values that are missing, and such as no
 * program can be given. */
export function findParamProblems(
  declared: readonly ParamSpec[] = [],
  given: readonly GivenParam[] = [],
  whose: { readonly giver: string; readonly declarer: string; readonly suggest?: Suggest },
): readonly string[] {
  const known = new Set(declared.map(({ name }) => name))
  const { suggest = (wrong, names) => didYouMean(wrong, names()) } = whose
  const set = new Set(given.map(({ name }) => name))
  const unknown = [...set]
    .filter((name) => !known.has(name))
    .map(
      (name) =>
        `${whose.giver} gives param "${name}", which ${whose.declarer} does not declare${suggest(name, () => known)}`,
    )
  const missing = declared
    .filter((param) => param.default === undefined && !set.has(param.name))
    .map(({ name }) => `${whose.giver} gives no value for param "${name}" of ${whose.declarer}, which has no default`)
  const impossible = given.flatMap(({ name, value = "", values = [] }) => {
    const mistake = [value, ...values].map(nulMistake).find((found) => found !== undefined)
    return mistake === undefined ? [] : [`${whose.giver} gives param "${name}" a value that cannot be used: ${mistake}`]
  })
  return [...unknown, ...missing, ...impossible]
}

/** What is wrong with the parameters that a pipeline declares. */
export function findParamSpecProblems(pipeline: string, declared: readonly ParamSpec[] = []): readonly string[] {
  return declared.flatMap(({ name, default: value = "" }) => {
    const mistake = nulMistake(value)
    return [
      // No JSON reader keeps a field of this name, and a run keeps its parameters by name.
      ...(name === "__proto__"
        ? [`pipeline "${pipeline}" declares param "${name}", a name that is taken; rename it`]
        : []),
      ...(mistake === undefined ? [] : [`the default of param "${name}" of pipeline "${pipeline}": ${mistake}`]),
    ]
  })
}
