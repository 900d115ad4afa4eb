// Events get lost. A resync looks at everything that has not ended, so that one of them repairs whatever was missed.

import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Ref } from "../api/meta.ts"
import { Cluster } from "../cluster.ts"
import { reconcile, refusedByApi } from "./reconcile.ts"
import { validate } from "./validate.ts"

/**
 * Advances every unfinished execution, and looks at those that ended but have a Job that runs on: a replica that died in
 * the middle of a step may have left it. One that fails does not keep the others from their turn.
 */
export const resync = Effect.fn("resync")(function* () {
  const cluster = yield* Cluster
  const pipelines = yield* cluster.doubtfulPipelines().pipe(Effect.catchTag("Refused", refusedByApi))
  const executions = yield* cluster.unfinished().pipe(Effect.catchTag("Refused", refusedByApi))
  const running = yield* cluster.withRunningJobs().pipe(Effect.catchTag("Refused", refusedByApi))
  const unfinished = new Set(executions.map(nameOf))
  const ended = running.filter((ref) => !unfinished.has(nameOf(ref)))
  const work = [
    ...pipelines.map((ref) => validate(ref)),
    ...executions.map((ref) => reconcile(ref)),
    ...ended.map((ref) => reconcile(ref, { hasRunningJob: true })),
  ]
  // Even a bug that one object brings to light must not keep the others from their turn.
  const results = yield* Effect.forEach(work, Effect.exit, { concurrency: 8 })
  const failures = results.filter(Exit.isFailure)
  yield* Effect.logInfo("resync", { executions: executions.length, failures: failures.length })
  const first = failures.find(({ cause }) => cause.reasons.some(Cause.isDieReason)) ?? failures[0]
  if (first !== undefined) yield* first
})

const nameOf = ({ namespace, name }: Ref) => `${namespace}/${name}`
