// Why a pod cannot start. An image that cannot be pulled never fails by itself, so a user must be able to read it.

import type { ContainerStatus, Pod } from "../api/job.ts"

/** Reasons of a waiting container that are the ordinary course of a start. */
const ordinary = new Set(["ContainerCreating", "PodInitializing"])

/** Why this pod cannot start, such as `ImagePullBackOff: Back-off pulling image "buzybox"`; nothing where it starts. */
export function podTrouble(pod: Pod): string | undefined {
  if (pod.status?.phase !== "Pending") return undefined
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
  const waiting = statuses.map(waitingTrouble).find((text) => text !== undefined)
  if (waiting !== undefined) return waiting
  const unscheduled = pod.status.conditions?.find(
    (condition) => condition.type === "PodScheduled" && condition.status === "False",
  )
  return unscheduled && said(unscheduled.reason ?? "Unscheduled", unscheduled.message)
}

function waitingTrouble(status: ContainerStatus): string | undefined {
  const waiting = status.state?.waiting
  if (!waiting?.reason || ordinary.has(waiting.reason)) return undefined
  return said(waiting.reason, waiting.message)
}

function said(reason: string, message: string | null | undefined): string {
  return message ? `${reason}: ${message}` : reason
}
