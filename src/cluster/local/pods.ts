// The kubelet of a laptop: runs pods, and records in the store what became of them.

import * as Effect from "effect/Effect"
import { type JobManifest, trackingFinalizer } from "../../api/job.ts"
import { timestamp } from "../../api/meta.ts"
import { stageContainerName } from "../../api/stage.ts"
import { combinationKey, stageKey } from "../../resources/labels.ts"
import type { Store, StoredObject } from "../memory/store.ts"
import { resources } from "../object-api.ts"
import {
  type ContainerExit,
  type ContainerRuntime,
  graceSeconds,
  type RunningContainer,
  resolveContainer,
} from "./container.ts"
import { MessageFiles } from "./message-file.ts"

export type JobObject = StoredObject & Pick<JobManifest, "spec">

/** Called with every line that a stage writes; of one with a matrix, which combination it was, as `os=linux`. */
export type OnOutput = (stage: string, line: string, combination?: string) => void

/** Runs pods in the store by this runtime; what they left on this machine goes with the scope. */
export const makePods = Effect.fn("makePods")(function* (store: Store, runtime: ContainerRuntime, onOutput: OnOutput) {
  const alive = new Set<RunningContainer>()
  const files = new MessageFiles()
  yield* Effect.addFinalizer(() => Effect.sync(() => files.removeAll()))

  /** One pod of a Job, from its creation to its end. Interrupted, it asks its container to end, and waits for that. */
  function run(job: JobObject, index: number, attempt: number) {
    // Interrupted between the start of a container and the wait for it, nobody would ever end the container.
    return Effect.uninterruptibleMask((restore) => {
      const pod = createPod(store, job, index, attempt)
      const { template } = job.spec
      const { running, message } = startContainer(pod, job, index)
      const startedAt = now()
      setStatus(pod, { phase: "Running" }, { running: { startedAt } })
      // All in one write, as a kubelet does: who sees the pod's success sees its message.
      const finish = (exit: ContainerExit) => {
        const phase = exit.exitCode === 0 ? "Succeeded" : "Failed"
        setStatus(pod, { phase, ...(exit.message && { message: exit.message }) }, ended(exit, startedAt, message()))
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

  /** Starts the stage's container of a pod. `message` gives what it left as its termination message, once. */
  function startContainer({ metadata: { name, uid } }: StoredObject, { spec }: JobObject, index: number) {
    const { containers } = spec.template.spec
    const { [stageKey]: stage = "", [combinationKey]: combination } = spec.template.metadata.annotations
    try {
      const file = files.create(uid)
      const container = resolveContainer(containers.find((container) => container.name === stageContainerName)!, {
        name,
        messageFile: file.path,
        seesThisMachine: runtime.seesThisMachine,
        completionIndex: spec.completionMode === "Indexed" ? index : undefined,
      })
      const message = () => {
        const text = file.read()
        file.remove()
        return text
      }
      return { running: runtime.start(container, (line) => onOutput(stage, line, combination)), message }
    } catch (error) {
      // Such as a disk that is full.
      const exit = { exitCode: 128, message: `cannot prepare its container: ${(error as Error).message}` }
      return { running: { exited: Promise.resolve(exit), terminate: () => {}, kill: () => {} }, message: () => "" }
    }
  }

  /** Writes a pod's status, unless the pod is gone. */
  function setStatus({ metadata }: StoredObject, status: object, state: object): void {
    if (findSame(store, resources.pods, metadata) === undefined) return
    const containerStatuses = [{ name: stageContainerName, state }]
    store.patch(resources.pods, metadata, { status: { ...status, containerStatuses } }, "status")
  }

  return {
    run,
    /** Ends every container at once, without asking. */
    killAll: () => {
      for (const container of alive) container.kill()
    },
  }
})

function createPod(store: Store, job: JobObject, index: number, attempt: number): StoredObject {
  const { name, namespace, uid } = job.metadata
  const { metadata, spec } = job.spec.template
  return store.create(resources.pods, namespace, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...metadata,
      name: `${name}-${index}-${attempt}-${uid.slice(0, 5)}`,
      ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name, uid, controller: true }],
      finalizers: [trackingFinalizer],
    },
    spec,
    status: { phase: "Pending" },
  })
}

/** The state of a container that has ended, or could not start. */
function ended({ exitCode, message: trouble }: ContainerExit, startedAt: string, message: string): object {
  if (trouble !== undefined) return { waiting: { reason: "StartError", message: trouble } }
  const reason = exitCode === 0 ? "Completed" : "Error"
  return { terminated: { exitCode, reason, startedAt, finishedAt: now(), ...(message !== "" && { message }) } }
}

/** Asks a container to end, and ends it when it has not after the grace. */
async function endContainer(running: RunningContainer, grace: number): Promise<ContainerExit> {
  running.terminate()
  const timer = setTimeout(() => running.kill(), grace * 1000)
  const exit = await running.exited
  clearTimeout(timer)
  return exit
}

/** The object as it is now, unless it is gone or another has its name. */
export function findSame(
  store: Store,
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

const now = () => timestamp(Date.now())
