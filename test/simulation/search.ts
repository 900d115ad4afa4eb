// Looks for a case that breaks an invariant, and tells the shortest history of it that it can find.

import * as Effect from "effect/Effect"
import { expressionsFor } from "../../src/controller/expressions.ts"
import { runCase } from "./case.ts"
import { replayed, seeded } from "./choices.ts"
import { invariants } from "./invariants.ts"
import { shrink } from "./shrink.ts"

// What knows CEL is loaded once and for all: a case may not wait for it.
await Effect.runPromise(expressionsFor({ stages: [{ name: "a", type: "task", when: "true" }] }))

export interface Found {
  readonly cases: number
  /** How often each fault struck, and each known violation was met. */
  readonly struck: ReadonlyMap<string, number>
  /** Where an invariant was broken: which, and the seed of the case. */
  readonly broken?: { readonly invariant: string; readonly seed: number }
}

/** Runs the cases of so many seeds, from this one on, until one fails. */
export function search(seed: number, runs: number, onCase: (done: number) => void = () => {}): Found {
  const struck = new Map<string, number>()
  for (let done = 0; done < runs; done++) {
    const { violation, ...result } = runCase(seeded(seed + done))
    for (const name of [...result.struck, ...result.known]) struck.set(name, (struck.get(name) ?? 0) + 1)
    if (violation !== undefined) {
      return { cases: done + 1, struck, broken: { invariant: violation.invariant, seed: seed + done } }
    }
    onCase(done + 1)
  }
  return { cases: runs, struck }
}

/** The shortest history found in which the invariant that this case breaks is broken, in words, and how to see it again. */
export function tell({ invariant, seed }: NonNullable<Found["broken"]>): string {
  const simplest = shrink(runCase(seeded(seed)).chosen, (chosen) => {
    const result = runCase(replayed(chosen))
    return result.violation?.invariant === invariant ? result.chosen : undefined
  })
  const { violation, history } = runCase(replayed(simplest))
  const { says = "" } = invariants.find(({ id }) => id === invariant) ?? {}
  return [
    `${invariant} is broken${says && `: ${says}`}`,
    `  ${violation?.message}`,
    "the shortest history found:",
    ...history.map((line) => `  ${line}`),
    `again: npm run simulate -- --seed ${seed} --runs 1`,
  ].join("\n")
}
