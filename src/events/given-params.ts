// The parameters that an event gives to the run it starts: the object `params` in its data.

import { nulMistake } from "../api/nul.ts"
import { type Param, params } from "../api/param.ts"

const list = params("The parameters of an event.")

/** The parameters in an event's data; none where it says nothing of any, or one sentence about what is wrong. */
export function givenParams(data: unknown): { readonly params: readonly Param[] } | { readonly problem: string } {
  const given = isObject(data) && Object.hasOwn(data, "params") ? data.params : undefined
  if (given === undefined || given === null) return { params: [] }
  if (!isObject(given)) return { problem: 'params in the event\'s data must be an object, such as {"name": "value"}' }
  const entries = Object.entries(given)
  const wrong = entries.find(([, value]) => typeof value !== "string")
  if (wrong !== undefined) return { problem: `param "${wrong[0]}" in the event's data must be a string; quote it` }
  const parsed = list.safeParse(entries.map(([name, value]) => ({ name, value })))
  if (parsed.success) {
    const given = parsed.data ?? []
    const impossible = given.find(({ value }) => nulMistake(value) !== undefined)
    if (impossible === undefined) return { params: given }
    return { problem: `param "${impossible.name}" in the event's data: ${nulMistake(impossible.value)}` }
  }
  const { path, message } = parsed.error.issues[0]!
  const [name] = typeof path[0] === "number" ? (entries[path[0]] ?? []) : []
  return { problem: `${name === undefined ? "params" : `param "${name}"`} in the event's data: ${message}` }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
