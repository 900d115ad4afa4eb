// Jobs whose end stands in the status of their execution. That is final, so it may be remembered: news of such a Job,
// and a Job gives two or three, changes nothing, and is answered without asking the API server. Nothing depends on it: who
// has forgotten asks. (docs/adr/0007-final-facts-are-remembered.md)

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { isStageFinished } from "../api/execution.ts"
import type { Ref } from "../api/meta.ts"
import type { Happening } from "../execution/happenings.ts"
import type { Scope } from "../execution/scope.ts"

export interface EndedJobsService {
  has(job: Ref): boolean
  add(job: Ref): void
}

/** Nothing is remembered, unless a layer does. */
export const EndedJobs: Context.Reference<EndedJobsService> = Context.Reference("peanut/EndedJobs", {
  defaultValue: (): EndedJobsService => ({ has: () => false, add: () => {} }),
})

/** How many are remembered: their news comes within seconds. A name and its place in a set take some 200 bytes. */
const most = 10_000

export const layerEndedJobs = Layer.sync(EndedJobs, rememberEndedJobs)

export function rememberEndedJobs(): EndedJobsService {
  const names = new Set<string>()
  return {
    has: ({ namespace, name }) => names.has(`${namespace}/${name}`),
    add: ({ namespace, name }) => {
      // The oldest of a set is its first.
      if (names.size >= most) for (const oldest of names.values()) if (names.delete(oldest)) break
      names.add(`${namespace}/${name}`)
    },
  }
}

/** Whether all that is to be looked at are Jobs of this execution whose ends are recorded. */
export const isRemembered = ({ namespace }: Ref, scope: Scope) =>
  Effect.map(
    EndedJobs,
    (ended) => scope._tag === "TheseJobs" && scope.jobNames.every((name) => ended.has({ namespace, name })),
  )

/**
 * Remembers the Jobs whose ends were just written, by what happened. One that was stopped is looked at again: the stages of
 * `finally` wait for its end. Those of a matrix are not told one by one.
 */
export const remember = (execution: Ref, happened: readonly Happening[]) =>
  Effect.map(EndedJobs, (ended) => {
    for (const happening of happened) {
      if (happening.about !== "stage") continue
      const { phase, jobName } = happening.stage
      if (jobName === undefined || !isStageFinished(phase) || phase === "Cancelled") continue
      ended.add({ namespace: execution.namespace, name: jobName })
    }
  })
