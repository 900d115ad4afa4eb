// The whole path of a run, on one screen: read, accept, observe, advance, create Jobs, write the status.
// Level-based: it is told which execution, never what happened to it, and may be stopped and repeated anywhere.

import { isDeepStrictEqual } from "node:util"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import { type Execution, type ExecutionStatus, isFinished } from "../api/execution.ts"
import type { Job, JobManifest } from "../api/job.ts"
import { controllerUid, type Ref } from "../api/meta.ts"
import type { ConcurrencyPolicy } from "../api/pipeline.ts"
import { Cluster, Conflict, type Refused, Unavailable } from "../cluster.ts"
import { type AcceptedExecution, isAccepted } from "../execution/accept.ts"
import { advance, type Observed } from "../execution/advance.ts"
import { happenings } from "../execution/happenings.ts"
import { isRecorded, type Refusal } from "../execution/tasks.ts"
import { reconcileDuration } from "../metrics.ts"
import { admit } from "./admit.ts"
import { announce, count } from "./announce.ts"
import { expressionsFor } from "./expressions.ts"
import { now } from "./now.ts"
import { whoseTurn } from "./turns.ts"

/** How often a write that lost a race is taken up again with what the winner wrote. */
export const patience = 5

/** Why to look at an execution, where that can spare the look. */
export interface Cause {
  /** The Job that changed. */
  readonly jobName?: string | undefined
  /** Some Job of it has not ended, which must be looked at even if the execution has. */
  readonly hasRunningJob?: true
}

/**
 * Brings one execution as far as it can go now. Succeeds when there is nothing more to do, also when the execution is
 * gone.
 */
export const reconcile = (ref: Ref, cause: Cause = {}): Effect.Effect<void, Unavailable, Cluster> =>
  step(ref, cause).pipe(
    Effect.retry({ while: (error) => error._tag === "Conflict", times: patience }),
    Effect.flatMap((next) => (next === undefined ? Effect.void : reconcile(next))),
    Effect.catchTags({
      NotFound: () => Effect.logDebug("the execution is gone"),
      Malformed: ({ message }) => Effect.logError("a malformed object stops this execution", { message }),
      Conflict: ({ message }) => Effect.fail(new Unavailable({ message })),
      Refused: refusedByApi,
    }),
    measured,
    Effect.annotateLogs({ namespace: ref.namespace, execution: ref.name }),
  )

const measured = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Effect.timed(Effect.exit(effect)), ([duration, exit]) =>
    Effect.andThen(Metric.update(reconcileDuration, Duration.toSeconds(duration)), exit),
  )

const step = Effect.fn("reconcile")(function* (ref: Ref, cause: Cause) {
  const cluster = yield* Cluster
  const read = yield* cluster.execution(ref)
  if (isSettled(read, cause)) return
  const time = yield* now

  const { execution, policy } = isAccepted(read) ? running(read) : yield* begin(read, time)
  if (!isAccepted(execution)) return yield* nextTurn(execution, policy)

  const expressions = yield* expressionsFor(execution.status.snapshot)
  const run = yield* cluster.run(execution)
  let observed: Observed = { execution, ...run, refusals: new Map(), ...(expressions && { expressions }) }
  let next = advance(observed, time)
  while (next.create.length > 0) {
    observed = withResults(observed, yield* Effect.forEach(next.create, createJob, { concurrency: 8 }))
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
  return written
})

/** Whether nothing can follow: it is going away, it has ended, or the Job in question was taken account of before. */
function isSettled(execution: Execution, { jobName, hasRunningJob }: Cause): boolean {
  const { metadata, spec, status } = execution
  if (metadata.deletionTimestamp !== undefined) return true
  // One that ended before it began has no Jobs; what runs under its name was another's.
  if (isFinished(execution) && status?.snapshot === undefined) return true
  if (hasRunningJob) return false
  // A Job that a late replica created after a cancellation must still be stopped.
  if (spec.cancel) return isFinished(execution) && status?.phase !== "Cancelled"
  if (isFinished(execution)) return true
  return jobName !== undefined && isAccepted(execution) && isRecorded(execution, jobName)
}

type Result = { readonly name: string; readonly job: Job } | { readonly name: string; readonly refusal: Refusal }

const createJob = Effect.fn("createJob")(function* (manifest: JobManifest) {
  const cluster = yield* Cluster
  const { name, namespace } = manifest.metadata
  return yield* cluster.createJob(manifest).pipe(
    Effect.map((job): Result => ({ name, job })),
    Effect.catchTags({
      AlreadyExists: () => Effect.map(cluster.job({ name, namespace }), (job) => existing(manifest, job)),
      Refused: (error) => Effect.succeed<Result>({ name, refusal: refusal(error) }),
    }),
    // Deleted between the two calls, or its namespace is: look again.
    Effect.catchTag("NotFound", ({ message }) => Effect.fail(new Conflict({ message }))),
  )
})

/** A Job of that name is ours only if this very execution controls it. */
function existing(manifest: JobManifest, job: Job): Result {
  const { name } = job.metadata
  if (controllerUid(job.metadata) === controllerUid(manifest.metadata)) return { name, job }
  const message = `a Job named ${name} exists that does not belong to this execution; delete it and run the pipeline again`
  return { name, refusal: { isFinal: true, reason: "JobNameTaken", message } }
}

/**
 * Quota, missing rights and a namespace that is going away can change, so the stage waits and says why. What is
 * invalid or was denied by an admission policy stays so, and the stage has failed.
 */
function refusal({ status, message }: Refused): Refusal {
  const isFinal = status !== 403 || /admission webhook|denied/.test(message)
  return { isFinal, reason: isFinal ? "JobRejected" : "JobForbidden", message }
}

function withResults(observed: Observed, results: readonly Result[]): Observed {
  const jobs = new Map(observed.jobs)
  const refusals = new Map(observed.refusals)
  for (const result of results) {
    if ("job" in result) jobs.set(result.name, result.job)
    else refusals.set(result.name, result.refusal)
  }
  return { ...observed, jobs, refusals }
}

/** The API server refused a read or a status write: rights are missing. Whoever installs Peanut can cure that. */
export const refusedByApi = ({ status, message }: Refused) =>
  Effect.fail(new Unavailable({ message: `refused by the API server with ${status}: ${message}` }))
