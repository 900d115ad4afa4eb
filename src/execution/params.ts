// Parameters: what a run or a pipeline's stage was given, laid over what was declared.

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

/** What is wrong with the values given for declared parameters: unknown names, and values that are missing. */
export function findParamProblems(
  declared: readonly ParamSpec[] = [],
  given: readonly { readonly name: string }[] = [],
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
  return [...unknown, ...missing]
}
