// What a stage's Job and its pods say about the stage, before anything that was recorded earlier is considered.

import { findJobCondition, type Job, type Pod, trackingFinalizer } from "../api/job.ts"
import { stageContainerName } from "../api/stage.ts"
import { podTrouble } from "./pod-trouble.ts"
import { messageLimitBytes } from "./template/outputs.ts"

export type StageOutcome =
  | { readonly phase: "Running"; readonly message?: string }
  /** `outputs` is what it wrote to $PEANUT_OUTPUT, as text, which is cut at so many bytes; "lost" once no pod can say. */
  | {
      readonly phase: "Succeeded"
      readonly completionTime?: string
      readonly outputs?: { readonly text: string; readonly limitBytes: number } | "lost"
    }
  | { readonly phase: "Failed"; readonly reason: string; readonly message: string; readonly completionTime?: string }

/** `pods` are those whose controller is this Job. */
export function stageOutcome(job: Job, pods: readonly Pod[]): StageOutcome {
  const complete = findJobCondition(job, "Complete")
  if (complete !== undefined) {
    const completionTime = job.status?.completionTime ?? complete.lastTransitionTime
    if (!isOfOnePod(job)) return succeeded(completionTime)
    const pod = pods.find((pod) => pod.status?.phase === "Succeeded")
    // A Job is Complete only once its pod has Succeeded: that one was deleted, or its node was.
    return pod === undefined ? { ...succeeded(completionTime), outputs: "lost" } : succeeded(completionTime, pod)
  }
  const failed = findJobCondition(job, "Failed")
  if (failed !== undefined) {
    const said = failed.message ?? "the Job failed"
    const exit = exitOfFailedPod(pods)
    return {
      phase: "Failed",
      reason: failed.reason ?? "JobFailed",
      message: exit === undefined ? said : `${exit} (${said})`,
      ...(failed.lastTransitionTime != null && { completionTime: failed.lastTransitionTime }),
    }
  }
  const done = podThatDecides(job, pods)
  if (done !== undefined) return succeeded(finishedAt(done), done)
  const trouble = pods.map(podTrouble).find((text) => text !== undefined) ?? creationTrouble(job)
  return { phase: "Running", ...(trouble !== undefined && { message: trouble }) }
}

function succeeded(
  completionTime: string | undefined | null,
  pod?: Pod,
): StageOutcome & { readonly phase: "Succeeded" } {
  const { containerStatuses, initContainerStatuses } = pod?.status ?? {}
  const text = containerStatuses?.find(({ name }) => name === stageContainerName)?.state?.terminated?.message
  const containers = (containerStatuses?.length ?? 0) + (initContainerStatuses?.length ?? 0)
  return {
    phase: "Succeeded",
    ...(completionTime != null && { completionTime }),
    ...(text && { outputs: { text, limitBytes: messageLimitBytes(containers) } }),
  }
}

/**
 * The pod whose success settles a Job of a single pod a second or more before the Job controller says Complete.
 * While the pod still bears the controller's tracking finalizer its success is certain to be counted; without it,
 * or once the Job is on its way to fail, the pod proves nothing.
 */
function podThatDecides(job: Job, pods: readonly Pod[]): Pod | undefined {
  if (!isOfOnePod(job) || findJobCondition(job, "FailureTarget") !== undefined) return undefined
  return pods.find((pod) => pod.status?.phase === "Succeeded" && pod.metadata.finalizers.includes(trackingFinalizer))
}

function isOfOnePod({ spec: { completions, parallelism, successPolicy } }: Job): boolean {
  return (completions ?? 1) === 1 && (parallelism ?? 1) === 1 && successPolicy == null
}

/** When the pod's last container ended. */
function finishedAt(pod: Pod): string | undefined {
  const times = pod.status?.containerStatuses?.map((status) => status.state?.terminated?.finishedAt ?? "")
  return times?.toSorted().at(-1) || undefined
}

/** How the latest failed pod ended, such as `exit code 3` or `OOMKilled, exit code 137`. */
function exitOfFailedPod(pods: readonly Pod[]): string | undefined {
  const failed = pods
    .filter((pod) => pod.status?.phase === "Failed")
    .toSorted((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1))[0]
  if (failed === undefined) return undefined
  const { containerStatuses: statuses, message, reason } = failed.status ?? {}
  const ended = (statuses?.find(({ name }) => name === stageContainerName) ?? statuses?.[0])?.state?.terminated
  if (!ended || ended.exitCode === 0) return message ?? reason ?? undefined
  const why = !ended.reason || ended.reason === "Error" ? "" : `${ended.reason}, `
  return `${why}exit code ${ended.exitCode}`
}

/** What the Job controller says when it could not even create a pod, where it says so in a condition. */
function creationTrouble(job: Job): string | undefined {
  return findJobCondition(job, "Suspended") === undefined ? undefined : "the Job is suspended"
}
