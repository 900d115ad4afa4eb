// What the simulation reads off stored objects.

import type { StoredObject } from "../../src/cluster/memory/store.ts"

const trackingFinalizer = "batch.kubernetes.io/job-tracking"

interface Conditions {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[]
}

export function conditionsOf(object: StoredObject) {
  const { conditions } = (object.status ?? {}) as Conditions
  return Array.isArray(conditions) ? conditions : []
}

export function hasCondition(object: StoredObject, type: string): boolean {
  return conditionsOf(object).some((condition) => condition.type === type && condition.status === "True")
}

export const isOver = (job: StoredObject) => hasCondition(job, "Complete") || hasCondition(job, "Failed")

/** The UID of the object's controller. */
export function ownerUid({ metadata }: StoredObject): string | undefined {
  return metadata.ownerReferences?.find((owner) => owner.controller)?.uid
}

/** Whether the Job controller still has to count the pod. */
export const isTracked = ({ metadata }: StoredObject) => metadata.finalizers?.includes(trackingFinalizer) ?? false
export const tracked = [trackingFinalizer]

export const phaseOf = (object: StoredObject) => (object.status as { phase?: string } | undefined)?.phase
