// Calls, counted.

import type { Call } from "./audit.ts"

export const callsOf = (actor: string, calls: readonly Call[]) => calls.filter((call) => call.actor === actor)

const reading = new Set(["get", "list", "watch"])

export const isWrite = ({ verb }: Call) => !reading.has(verb)

/** How many of each, as "create jobs", most first. */
export function byVerb(calls: readonly Call[]): readonly (readonly [string, number])[] {
  const groups = Map.groupBy(calls, ({ verb, resource }) => `${verb} ${resource}`)
  return [...groups].map(([name, { length }]) => [name, length] as const).toSorted(([, a], [, b]) => b - a)
}
