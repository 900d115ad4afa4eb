// The statuses that the stub kubelet writes: pure builders, shaped as a real kubelet shapes them.
import type { V1Pod } from "@kubernetes/client-node"

export interface Ending {
  readonly exitCode: number
  readonly message: string
  readonly startedAt: Date
  readonly restarts: number
}

export function running(pod: V1Pod, startedAt: Date, restarts: number): object {
  return {
    phase: "Running",
    startTime: seconds(startedAt),
    conditions: conditions("True"),
    containerStatuses: containers(pod, restarts, () => ({ running: { startedAt: seconds(startedAt) } })),
  }
}

export function ended(pod: V1Pod, { exitCode, message, startedAt, restarts }: Ending): object {
  const main = mainContainer(pod).name
  return {
    phase: exitCode === 0 ? "Succeeded" : "Failed",
    conditions: conditions("False", exitCode === 0 ? "PodCompleted" : "PodFailed"),
    containerStatuses: containers(pod, restarts, (name) => ({
      terminated: terminated(name === main ? exitCode : 0, startedAt, name === main ? keptOf(message, pod) : ""),
    })),
  }
}

/** A failed container of a pod that restarts it (restartPolicy OnFailure). */
export function crashed(pod: V1Pod, { exitCode, message, startedAt, restarts }: Ending): object {
  const waiting = { reason: "CrashLoopBackOff", message: "back-off 10s restarting failed container" }
  const lastState = { terminated: terminated(exitCode, startedAt, keptOf(message, pod)) }
  return {
    phase: "Running",
    conditions: conditions("False", "ContainersNotReady"),
    containerStatuses: containers(pod, restarts, () => ({ waiting })).map((status) => ({ ...status, lastState })),
  }
}

export function imageMissing(pod: V1Pod, image: string): object {
  const waiting = {
    reason: "ImagePullBackOff",
    message:
      `Back-off pulling image "${image}": ErrImagePull: failed to pull and unpack image "${image}": ` +
      `failed to resolve reference "${image}": ${image}: not found`,
  }
  return {
    phase: "Pending",
    conditions: conditions("False", "ContainersNotReady"),
    containerStatuses: containers(pod, 0, () => ({ waiting })),
  }
}

/** As the scheduler says it; there is one node, without labels. */
export function unschedulable(): object {
  const message = "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
  return { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message }] }
}

/** The container whose command decides: Peanut's own, or the first. */
export function mainContainer(pod: V1Pod) {
  const containers = pod.spec?.containers ?? []
  const found = containers.find(({ name }) => name === "stage") ?? containers[0]
  if (!found) throw new Error(`pod ${pod.metadata?.name} has no container`)
  return found
}

function containers(pod: V1Pod, restartCount: number, state: (name: string) => object) {
  return (pod.spec?.containers ?? []).map(({ name, image = "" }) => {
    const now = state(name)
    const isRunning = "running" in now
    return { name, image, imageID: "", ready: isRunning, started: isRunning, restartCount, state: now }
  })
}

/**
 * What a kubelet keeps of a termination message: it reads the last 4 KiB, and then leaves each container of the pod its
 * share of 12 KiB, from the beginning; so with four containers or more the end of a long message is lost too.
 */
export function keptOf(message: string, { spec }: V1Pod): string {
  const lists = [spec?.containers, spec?.initContainers, spec?.ephemeralContainers]
  const containers = lists.reduce((sum, list) => sum + (list?.length ?? 0), 0)
  const share = Math.floor(maxPodBytes / Math.max(1, containers))
  return Buffer.from(message).subarray(-maxContainerBytes).subarray(0, share).toString()
}

const maxContainerBytes = 4096
const maxPodBytes = 12 * 1024

function terminated(exitCode: number, startedAt: Date, message: string): object {
  return {
    exitCode,
    reason: exitCode === 0 ? "Completed" : "Error",
    startedAt: seconds(startedAt),
    finishedAt: seconds(new Date()),
    ...(message ? { message } : {}),
  }
}

/** PodScheduled is the binding's to write, and stays: a strategic merge patch joins conditions by type. */
function conditions(ready: "True" | "False", reason?: string): object[] {
  const because = reason ? { reason } : { reason: null }
  return [
    { type: "Initialized", status: "True" },
    { type: "ContainersReady", status: ready, ...because },
    { type: "Ready", status: ready, ...because },
  ]
}

/** Times in the API have no fractions. */
function seconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z")
}
