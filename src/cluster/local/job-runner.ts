// The Job controller and the kubelet of a laptop: plays the Jobs that appear in the store, and records in the store
// what became of them and their pods, in the order in which a cluster would.

import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import type { JobManifest } from "../../api/job.ts"
import { timestamp } from "../../api/meta.ts"
import { stageContainerName } from "../../api/stage.ts"
import { stageKey } from "../../resources/labels.ts"
import { stopPatch } from "../../resources/stop.ts"
import type { Change, Store, StoredObject } from "../memory/store.ts"
import { resources } from "../object-api.ts"
import {
  type ContainerExit,
  type ContainerRuntime,
  graceSeconds,
  type RunningContainer,
  resolveContainer,
} from "./container.ts"

type JobObject = StoredObject & Pick<JobManifest, "spec">

/** Why a Job failed, in the words of the Job controller where it has some. */
interface JobFailure {
  readonly reason: "BackoffLimitExceeded" | "DeadlineExceeded" | "RunnerFailed"
  readonly message: string
}

/** Called with every line that a stage writes. */
export type OnOutput = (stage: string, line: string) => void

/** Plays every Job that is created in the store from now on; what still runs ends with the scope. */
export const runJobs = Effect.fn("runJobs")(function* (store: Store, runtime: ContainerRuntime, onOutput: OnOutput) {
  const fibers = yield* FiberMap.make<string>()
  const run = yield* FiberMap.runtime(fibers)()
  const alive = new Set<RunningContainer>()

  store.onChange(({ type, resource, object }: Change) => {
    if (resource !== resources.jobs) return
    const job = object as JobObject
    const { uid } = job.metadata
    // What is suspended, or another controller's, the Job controller leaves alone.
    if (type === "add") return job.spec.suspend || job.spec.managedBy !== undefined ? undefined : run(uid, play(job))
    const isStopped = job.spec.activeDeadlineSeconds === stopPatch.spec.activeDeadlineSeconds
    if (type === "update" && (!isStopped || isOver(job))) return
    // First its pods end, then the Job: the order in which a cluster does it.
    run(`end of ${uid}`, Effect.andThen(FiberMap.remove(fibers, uid), end(job, deadlineExceeded)))
  })

  /** A Job from its first pod to its end. Interrupted, it ends its pods and leaves the verdict to who interrupts. */
  function play(job: JobObject) {
    const { backoffLimit, completions, parallelism, activeDeadlineSeconds } = job.spec
    const count = completions ?? parallelism ?? 1
    let failures = 0

    const completeIndex = Effect.fnUntraced(function* (index: number) {
      while (true) {
        const exit = yield* runPod(job, index, failures)
        if (exit.exitCode === 0) return
        failures++
        if (failures > backoffLimit) return yield* Effect.fail(backoffLimitExceeded)
        yield* Effect.sleep(`${retryDelaySeconds(failures)} seconds`)
      }
    })

    const pods = Effect.forEach(
      Array.from({ length: count }, (_, index) => index),
      completeIndex,
      {
        concurrency: Math.max(1, Math.min(parallelism ?? 1, count)),
        discard: true,
      },
    )
    const inTime =
      activeDeadlineSeconds === undefined
        ? pods
        : pods.pipe(
            Effect.timeoutOrElse({
              duration: `${activeDeadlineSeconds} seconds`,
              orElse: () => Effect.fail(deadlineExceeded),
            }),
          )
    return inTime.pipe(
      Effect.matchEffect({
        onSuccess: () => end(job),
        onFailure: (failure) => end(job, failure),
      }),
      // Nobody else would ever say that this Job is over.
      Effect.catchDefect((defect) => end(job, { reason: "RunnerFailed", message: String(defect) })),
    )
  }

  /** One pod, from its creation to its end. */
  function runPod(job: JobObject, index: number, attempt: number) {
    // Interrupted between the start of a container and the wait for it, nobody would ever end the container.
    return Effect.uninterruptibleMask((restore) => {
      const pod = createPod(job, index, attempt)
      const { template } = job.spec
      const container = template.spec.containers.find(({ name }) => name === stageContainerName)!
      const extra: Record<string, string> =
        job.spec.completionMode === "Indexed" ? { JOB_COMPLETION_INDEX: String(index) } : {}
      const stage = template.metadata.annotations[stageKey] ?? ""
      const running = runtime.start(resolveContainer(pod.metadata.name, container, extra), (line) =>
        onOutput(stage, line),
      )
      const startedAt = now()
      setPod(pod, { phase: "Running" }, { running: { startedAt } })
      const finish = (exit: ContainerExit) => {
        const phase = exit.exitCode === 0 ? "Succeeded" : "Failed"
        const reason = exit.exitCode === 0 ? "Completed" : "Error"
        const state =
          exit.message === undefined
            ? { terminated: { ...exit, reason, startedAt, finishedAt: now() } }
            : { waiting: { reason: "StartError", message: exit.message } }
        setPod(pod, { phase, ...(exit.message && { message: exit.message }) }, state)
        return exit
      }
      alive.add(running)
      void running.exited.then(() => alive.delete(running))
      return restore(Effect.promise(() => running.exited)).pipe(
        Effect.onInterrupt(() => Effect.promise(() => endContainer(running, graceSeconds(template.spec)).then(finish))),
        Effect.map(finish),
      )
    })
  }

  function createPod(job: JobObject, index: number, attempt: number): StoredObject {
    const { name, namespace, uid } = job.metadata
    const { metadata, spec } = job.spec.template
    return store.create(resources.pods, namespace, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        ...metadata,
        name: `${name}-${index}-${attempt}-${uid.slice(0, 5)}`,
        ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name, uid, controller: true }],
        finalizers: ["batch.kubernetes.io/job-tracking"],
      },
      spec,
      status: { phase: "Pending" },
    })
  }

  /** Writes a pod's status, unless the pod is gone. */
  function setPod({ metadata }: StoredObject, status: object, state: object): void {
    if (find(resources.pods, metadata) === undefined) return
    const containerStatuses = [{ name: stageContainerName, state }]
    store.patch(resources.pods, metadata, { status: { ...status, containerStatuses } }, "status")
  }

  /** Writes the Job's verdict, unless it has one or is gone. */
  function end(job: JobObject, failure?: JobFailure) {
    return Effect.sync(() => {
      const present = find(resources.jobs, job.metadata)
      if (present === undefined || isOver(present)) return
      const time = now()
      const condition =
        failure === undefined
          ? { type: "Complete", status: "True", lastTransitionTime: time }
          : { type: "Failed", status: "True", lastTransitionTime: time, ...failure }
      const completionTime = failure === undefined ? { completionTime: time } : {}
      store.patch(resources.jobs, job.metadata, { status: { conditions: [condition], ...completionTime } }, "status")
    })
  }

  /** The object as it is now, unless it is gone or another has its name. */
  function find(
    resource: typeof resources.jobs | typeof resources.pods,
    metadata: StoredObject["metadata"],
  ): StoredObject | undefined {
    try {
      const found = store.get(resource, metadata)
      return found.metadata.uid === metadata.uid ? found : undefined
    } catch {
      return undefined
    }
  }

  return {
    /** Until no Job runs. */
    idle: FiberMap.awaitEmpty(fibers),
    /** Ends every container at once, without asking. */
    killAll: () => {
      for (const container of alive) container.kill()
    },
  }
})

/** Asks a container to end, and ends it when it has not after the grace. */
async function endContainer(running: RunningContainer, grace: number): Promise<ContainerExit> {
  running.terminate()
  const timer = setTimeout(() => running.kill(), grace * 1000)
  const exit = await running.exited
  clearTimeout(timer)
  return exit
}

function isOver(job: StoredObject): boolean {
  const { conditions = [] } = (job.status ?? {}) as { conditions?: readonly { type: string }[] }
  return conditions.some(({ type }) => type === "Complete" || type === "Failed")
}

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

const now = () => timestamp(Date.now())
