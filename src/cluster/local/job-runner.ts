// The Job controller of a laptop: plays the Jobs that appear in the store, and records in the store what became of them,
// in the order in which a cluster would.

import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import { timestamp } from "../../api/meta.ts"
import { stopPatch } from "../../resources/stop.ts"
import type { Change, Store, StoredObject } from "../memory/store.ts"
import { resources } from "../object-api.ts"
import type { ContainerRuntime } from "./container.ts"
import { findSame, type JobObject, makePods, type OnOutput } from "./pods.ts"

export type { OnOutput } from "./pods.ts"

/** Why a Job failed, in the words of the Job controller where it has some. */
interface JobFailure {
  readonly reason: "BackoffLimitExceeded" | "DeadlineExceeded" | "RunnerFailed"
  readonly message: string
}

/** Plays every Job that is created in the store from now on; what still runs ends with the scope. */
export const runJobs = Effect.fn("runJobs")(function* (store: Store, runtime: ContainerRuntime, onOutput: OnOutput) {
  const pods = yield* makePods(store, runtime, onOutput)
  const fibers = yield* FiberMap.make<string>()
  const run = yield* FiberMap.runtime(fibers)()

  store.onChange(({ type, resource, object }: Change) => {
    if (resource !== resources.jobs) return
    const job = object as JobObject
    const { uid } = job.metadata
    // What is suspended, or another controller's, the Job controller leaves alone.
    if (type === "add") return job.spec.suspend || job.spec.managedBy !== undefined ? undefined : run(uid, play(job))
    const isStopped = job.spec.activeDeadlineSeconds === stopPatch.spec.activeDeadlineSeconds
    if (type === "update" && (!isStopped || isEnding(job))) return
    // First its pods end, then the Job: the order in which a cluster does it.
    run(`end of ${uid}`, stop(job, uid))
  })

  const stop = Effect.fnUntraced(function* (job: JobObject, uid: string) {
    giveUp(job, deadlineExceeded)
    yield* FiberMap.remove(fibers, uid)
    end(job, deadlineExceeded)
  })

  /** A Job from its first pod to its end. Interrupted, it ends its pods and leaves the verdict to who interrupts. */
  function play(job: JobObject) {
    const { backoffLimit, completions, parallelism, activeDeadlineSeconds } = job.spec
    const count = completions ?? parallelism ?? 1
    let failures = 0

    const completeIndex = Effect.fnUntraced(function* (index: number) {
      while (true) {
        const exit = yield* pods.run(job, index, failures)
        if (exit.exitCode === 0) return
        failures++
        if (failures > backoffLimit) return yield* fail(backoffLimitExceeded)
        yield* Effect.sleep(`${retryDelaySeconds(failures)} seconds`)
      }
    })
    /** Whatever else of the Job runs is interrupted by this. */
    const fail = (failure: JobFailure) =>
      Effect.suspend(() => {
        giveUp(job, failure)
        return Effect.fail(failure)
      })

    const completed = Effect.forEach(
      Array.from({ length: count }, (_, index) => index),
      completeIndex,
      {
        concurrency: Math.max(1, Math.min(parallelism ?? 1, count)),
        discard: true,
      },
    )
    const inTime =
      activeDeadlineSeconds === undefined
        ? completed
        : Effect.raceFirst(
            completed,
            Effect.andThen(Effect.sleep(`${activeDeadlineSeconds} seconds`), fail(deadlineExceeded)),
          )
    return inTime.pipe(
      Effect.match({
        onSuccess: () => end(job),
        onFailure: (failure) => end(job, failure),
      }),
      // Nobody else would ever say that this Job is over.
      Effect.catchDefect((defect) => Effect.sync(() => end(job, { reason: "RunnerFailed", message: String(defect) }))),
    )
  }

  /**
   * Says that the Job will fail, before its pods are told to end: one that was asked to end and exits with 0 is no success
   * of its Job.
   */
  function giveUp(job: JobObject, failure: JobFailure): void {
    const present = findSame(store, resources.jobs, job.metadata)
    if (present === undefined || isEnding(present)) return
    setConditions(job, [condition("FailureTarget", failure)])
  }

  /** Writes the Job's verdict, unless it has one or is gone. */
  function end(job: JobObject, failure?: JobFailure): void {
    const present = findSame(store, resources.jobs, job.metadata)
    if (present === undefined || has(present, "Complete", "Failed")) return
    // Once given up, a Job fails, though its pod may have succeeded at the last moment.
    const [announced] = conditionsOf(present)
    if (announced !== undefined) setConditions(job, [announced, { ...announced, type: "Failed" }])
    else if (failure === undefined)
      setConditions(job, [condition("Complete")], { completionTime: timestamp(Date.now()) })
    else setConditions(job, [condition("Failed", failure)])
  }

  function setConditions({ metadata }: JobObject, conditions: readonly object[], status: object = {}): void {
    store.patch(resources.jobs, metadata, { status: { ...status, conditions } }, "status")
  }

  return {
    /** Until no Job runs. */
    idle: FiberMap.awaitEmpty(fibers),
    /** Ends every container at once, without asking. */
    killAll: pods.killAll,
  }
})

interface JobCondition extends Partial<JobFailure> {
  readonly type: "Complete" | "Failed" | "FailureTarget"
  readonly status: "True"
  readonly lastTransitionTime: string
}

function condition(type: JobCondition["type"], failure?: JobFailure): JobCondition {
  return { type, status: "True", lastTransitionTime: timestamp(Date.now()), ...failure }
}

function conditionsOf(job: StoredObject): readonly JobCondition[] {
  return ((job.status ?? {}) as { conditions?: readonly JobCondition[] }).conditions ?? []
}

const has = (job: StoredObject, ...types: readonly JobCondition["type"][]) =>
  conditionsOf(job).some(({ type }) => types.includes(type))

/** Whether its verdict is written, or on its way. */
const isEnding = (job: StoredObject) => has(job, "Complete", "Failed", "FailureTarget")

/** A cluster waits 10 s, 20 s, 40 s; somebody watches here, so it is 1 s, 2 s, 4 s, at most half a minute. */
function retryDelaySeconds(failures: number): number {
  return Math.min(30, 2 ** (failures - 1))
}

const backoffLimitExceeded: JobFailure = {
  reason: "BackoffLimitExceeded",
  message: "Job has reached the specified backoff limit",
}
const deadlineExceeded: JobFailure = {
  reason: "DeadlineExceeded",
  message: "Job was active longer than specified deadline",
}
