// The whole path of a run, on one screen: read, accept, observe, advance, create Jobs, write the status.
// Level-based: it is told which execution, never what happened to it, and may be stopped and repeated anywhere.

import { isDeepStrictEqual } from "node:util"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { type Execution, type ExecutionStatus, isFinished } from "../api/execution.ts"
import { laterVersion, type Ref } from "../api/meta.ts"
import type { ConcurrencyPolicy } from "../api/pipeline.ts"
import { Cluster, type Refused, Unavailable } from "../cluster.ts"
import { type AcceptedExecution, isAccepted } from "../execution/accept.ts"
import { advance, type Observed } from "../execution/advance.ts"
import { attentionTo } from "../execution/attention.ts"
import { happenings } from "../execution/happenings.ts"
import { isRecorded } from "../execution/tasks.ts"
import { reconcileDuration } from "../metrics.ts"
import { admit } from "./admit.ts"
import { announce, count } from "./announce.ts"
import { createJobs, withCreated } from "./create-jobs.ts"
import { isRemembered, remember } from "./ended-jobs.ts"
import { expressionsFor } from "./expressions.ts"
import { guarded } from "./guard.ts"
import { Lanes } from "./lanes.ts"
import { now } from "./now.ts"
import { whoseTurn } from "./turns.ts"

/** How often a write that lost a race is taken up again with what the winner wrote. */
export const patience = 5

/** Why to look at an execution, where that says how much of it to look at. */
export interface Cause {
  /** The Jobs that changed, where it is only that: if their ends are recorded, there is nothing to look at. */
  readonly jobNames?: readonly string[] | undefined
  /** The version of a pod that changed, where only pods did: it is enough to see pods as they were then. */
  readonly podVersion?: string | undefined
  /** Look at all Jobs of it, whatever its status says of them. */
  readonly isThorough?: true
  /** Some Job of it has not ended, which must be looked at even if the execution has. */
  readonly hasRunningJob?: true
}

/** What two looks that become one have to look at. */
const merged = (a: Cause, b: Cause): Cause => ({
  jobNames: a.jobNames && b.jobNames && [...new Set([...a.jobNames, ...b.jobNames])],
  podVersion: a.podVersion && b.podVersion && laterVersion(a.podVersion, b.podVersion),
  ...((a.isThorough || b.isThorough) && { isThorough: true }),
  ...((a.hasRunningJob || b.hasRunningJob) && { hasRunningJob: true }),
})

/**
 * Brings one execution as far as it can go now. Succeeds when there is nothing more to do, also when the execution is
 * gone.
 */
export const reconcile = (ref: Ref, cause: Cause = {}): Effect.Effect<void, Unavailable, Cluster> =>
  Effect.flatMap(Lanes, (lanes) =>
    lanes.enter(`${ref.namespace}/${ref.name}`, cause, merged, (cause) =>
      step(ref, cause).pipe(
        // Jobs that it created by then are not in the status; they are found by looking at all.
        Effect.catchTag("Conflict", () =>
          Effect.retry(step(ref, { ...cause, podVersion: undefined, isThorough: true }), {
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

const step = Effect.fn("reconcile")(function* (ref: Ref, cause: Cause) {
  const cluster = yield* Cluster
  if (yield* isRemembered(ref, cause)) return undefined
  const read = yield* cluster.execution(ref)
  if (isSettled(read, cause)) return undefined
  const time = yield* now

  const { execution, policy } = isAccepted(read) ? running(read) : yield* begin(read, time)
  if (!isAccepted(execution)) return yield* nextTurn(execution, policy)

  const expressions = yield* expressionsFor(execution.status.snapshot)
  const attention = cause.isThorough || cause.hasRunningJob ? "all" : attentionTo(execution)
  const run = yield* cluster.run(execution, attention, cause.podVersion)
  let observed: Observed = { execution, ...run, refusals: new Map(), ...(expressions && { expressions }) }
  let next = advance(observed, time)
  while (next.create.length > 0) {
    const created = yield* createJobs(next.create)
    // Somebody was here before, and did not come to write it down: what else is there?
    if (created.isFound && attention !== "all") observed = { ...observed, ...(yield* cluster.run(execution, "all")) }
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
function isSettled(execution: Execution, { jobNames, hasRunningJob }: Cause): boolean {
  const { metadata, spec, status } = execution
  if (metadata.deletionTimestamp !== undefined) return true
  // One that ended before it began has no Jobs; what runs under its name was another's.
  if (isFinished(execution) && status?.snapshot === undefined) return true
  if (hasRunningJob) return false
  // A Job that a late replica created after a cancellation must still be stopped.
  if (spec.cancel) return isFinished(execution) && status?.phase !== "Cancelled"
  if (isFinished(execution)) return true
  return jobNames !== undefined && isAccepted(execution) && jobNames.every((name) => isRecorded(execution, name))
}

/** The API server refused a read or a status write: rights are missing. Whoever installs Peanut can cure that. */
export const refusedByApi = ({ status, message }: Refused) =>
  Effect.fail(new Unavailable({ message: `refused by the API server with ${status}: ${message}` }))
