// Events get lost. A resync looks at everything that has not ended, so that one of them repairs whatever was missed.

import * as Effect from "effect/Effect"
import { Cluster } from "../cluster.ts"
import { reconcile, refusedByApi } from "./reconcile.ts"
import { validate } from "./validate.ts"

/** Advances every unfinished execution; one that fails does not keep the others from their turn. */
export const resync = Effect.fn("resync")(function* () {
  const cluster = yield* Cluster
  const pipelines = yield* cluster.doubtfulPipelines().pipe(Effect.catchTag("Refused", refusedByApi))
  const executions = yield* cluster.unfinished().pipe(Effect.catchTag("Refused", refusedByApi))
  const work = [...pipelines.map((ref) => validate(ref)), ...executions.map((ref) => reconcile(ref))]
  const results = yield* Effect.forEach(work, Effect.result, { concurrency: 8 })
  const failures = results.flatMap((result) => (result._tag === "Failure" ? [result.failure] : []))
  yield* Effect.logInfo("resync", { executions: executions.length, failures: failures.length })
  if (failures[0] !== undefined) yield* failures[0]
})
