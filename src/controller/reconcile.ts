// The whole path of a run, on one screen: read, accept, observe, advance, create Jobs, write the status.
// Level-based: it is told which execution, never what happened to it, and may be stopped and repeated anywhere.

import { isDeepStrictEqual } from "node:util"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { type Execution, type ExecutionStatus, isFinished } from "../api/execution.ts"
import type { Ref } from "../api/meta.ts"
import type { ConcurrencyPolicy } from "../api/pipeline.ts"
import { Cluster, Unavailable } from "../cluster.ts"
import { type AcceptedExecution, isAccepted } from "../execution/accept.ts"
import { advance, type Observed } from "../execution/advance.ts"
import { happenings } from "../execution/happenings.ts"
import { allJobs, join, runningStages, type Scope } from "../execution/scope.ts"
import { isRecorded } from "../execution/tasks.ts"
import { reconcileDuration } from "../metrics.ts"
import { admit } from "./admit.ts"
import { announce, count } from "./announce.ts"
import { patience, refusedByApi } from "./api-answers.ts"
import { createJobs, withCreated } from "./create-jobs.ts"
import { isRemembered, remember } from "./ended-jobs.ts"
import { expressionsFor } from "./expressions.ts"
import { guarded } from "./guard.ts"
import { Lanes } from "./lanes.ts"
import { now } from "./now.ts"
import { whoseTurn } from "./turns.ts"

/**
 * Brings one execution as far as it can go now. Succeeds when there is nothing more to do, also when the execution is
 * gone.
 */
export const reconcile = (ref: Ref, scope: Scope = runningStages): Effect.Effect<void, Unavailable, Cluster> =>
  Effect.flatMap(Lanes, (lanes) =>
    lanes.enter(`${ref.namespace}/${ref.name}`, scope, join, (scope) =>
      step(ref, scope).pipe(
        // Jobs that it created by then are not in the status; they are found by looking at all.
        Effect.catchTag("Conflict", () =>
          Effect.retry(step(ref, allJobs), {
            while: (error) => error._tag === "Conflict",
            times: patience - 1,
          }),
        ),
      ),
    ),
  ).pipe(
    Effect.flatMap((next) => (next === undefined ? Effect.void : reconcileNext(next))),
    Effect.catchTags({
      NotFound: () => Effect.logDebug("the execution is gone"),
      Malformed: ({ message }) => Effect.logError("a malformed object stops this execution", { message }),
      Conflict: ({ message }) => Effect.fail(new Unavailable({ message })),
      Refused: refusedByApi,
    }),
    measured,
    Effect.annotateLogs({ namespace: ref.namespace, execution: ref.name }),
  )

/** The next in turn, behind a guard of its own: the one before it has ended, whatever becomes of this one. */
export const reconcileNext = ({ namespace, name }: Ref): Effect.Effect<void, Unavailable, Cluster> =>
  Effect.asVoid(guarded({ kind: "PeanutPipelineExecution", namespace, name }, reconcile({ namespace, name })))

const measured = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.timed(Effect.exit(effect)), ([duration, exit]) =>
    Effect.andThen(Metric.update(reconcileDuration, Duration.toSeconds(duration)), exit),
  )

const step = Effect.fn("reconcile")(function* (ref: Ref, scope: Scope) {
  const cluster = yield* Cluster
  if (yield* isRemembered(ref, scope)) return undefined
  const read = yield* cluster.execution(ref)
  if (isSettled(read, scope)) return undefined
  const time = yield* now

  const { execution, policy } = isAccepted(read) ? running(read) : yield* begin(read, time)
  if (!isAccepted(execution)) return yield* nextTurn(execution, policy)

  const expressions = yield* expressionsFor(execution.status.snapshot)
  const run = yield* cluster.run(execution, scope)
  let observed: Observed = { execution, ...run, refusals: new Map(), ...(expressions && { expressions }) }
  let next = advance(observed, time)
  while (next.create.length > 0) {
    const created = yield* createJobs(next.create)
    // A Job exists already: another replica crashed or lags. Read all Jobs, and their pods, which the first look may lack.
    if (created.isFound) observed = { ...observed, ...(yield* cluster.run(execution, allJobs)) }
    observed = withCreated(observed, created)
    next = advance(observed, time)
  }
  yield* Effect.forEach(next.stop, cluster.stopJob, { concurrency: 8, discard: true })
  // Terminal is final: what ended is only rid of Jobs that run on.
  if (isFinished(read)) return undefined
  return yield* nextTurn(yield* save(execution, next.status, time), policy)
})

const running = (execution: AcceptedExecution) => ({ execution, policy: execution.status.snapshot.concurrencyPolicy })

const begin = Effect.fn("begin")(function* (read: Execution, time: string) {
  const { status, policy } = yield* admit(read, time)
  return { execution: yield* save(read, status, time), policy }
})

/** When this execution has ended, the one that waited for it, if one did. */
const nextTurn = Effect.fn("nextTurn")(function* (execution: Execution, policy: ConcurrencyPolicy | undefined) {
  if (!isFinished(execution)) return undefined
  const { namespace } = execution.metadata
  const next = yield* whoseTurn({ namespace, name: execution.spec.pipelineName }, policy)
  return next?.metadata
})

/** Announces what is new in a status, then writes it: whoever dies in between announces it again, under the same names. */
const save = Effect.fn("save")(function* (execution: Execution, status: ExecutionStatus, time: string) {
  if (isDeepStrictEqual(status, execution.status)) return execution
  const happened = happenings(execution.status, status)
  yield* announce(execution, status, happened, time)
  const written = yield* (yield* Cluster).writeStatus(execution, status)
  yield* count(happened)
  yield* remember(execution.metadata, happened)
  return written
})

/** Whether nothing can follow: it is going away, it has ended, or the Job in question was taken account of before. */
function isSettled(execution: Execution, scope: Scope): boolean {
  const { metadata, spec, status } = execution
  if (metadata.deletionTimestamp !== undefined) return true
  // One that ended before it began has no Jobs; what runs under its name was another's.
  if (isFinished(execution) && status?.snapshot === undefined) return true
  if (scope._tag === "AllJobs") return false
  // A Job that a late replica created after a cancellation must still be stopped.
  if (spec.cancel) return isFinished(execution) && status?.phase !== "Cancelled"
  if (isFinished(execution)) return true
  return (
    scope._tag === "TheseJobs" && isAccepted(execution) && scope.jobNames.every((name) => isRecorded(execution, name))
  )
}
