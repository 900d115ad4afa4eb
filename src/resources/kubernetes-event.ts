// Kubernetes Events: what `kubectl describe` shows a person. Their names are computed, so that each is there once.

import { apiVersion, type ObjectMeta } from "../api/meta.ts"
import { hash } from "./labels.ts"

/** An Event of core/v1. */
export interface KubernetesEvent {
  readonly apiVersion: "v1"
  readonly kind: "Event"
  readonly metadata: { readonly name: string; readonly namespace: string }
  readonly involvedObject: {
    readonly apiVersion: string
    readonly kind: string
    readonly namespace: string
    readonly name: string
    readonly uid: string
  }
  readonly type: "Normal" | "Warning"
  readonly reason: string
  readonly message: string
  readonly firstTimestamp: string
  readonly lastTimestamp: string
  readonly count: 1
  readonly source: { readonly component: "peanut" }
  readonly reportingComponent: "pipeline.peanut.dev/controller"
  readonly reportingInstance: "peanut"
}

export interface Announcement {
  readonly type: "Normal" | "Warning"
  readonly reason: string
  readonly message: string
  /** What tells this from other announcements about the object with the same reason. */
  readonly key?: string
}

/** An Event about an object. Nothing is told of an object that is not there. */
export function kubernetesEvent(
  kind: "PeanutPipelineExecution" | "PeanutPipeline",
  about: Pick<ObjectMeta, "name" | "namespace" | "uid">,
  { type, reason, message, key = "" }: Announcement,
  now: string,
): KubernetesEvent {
  const { name, namespace, uid } = about
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${name.slice(0, 200).replace(/[^a-z0-9]+$/, "")}.${hash(uid, reason, key)}`, namespace },
    involvedObject: { apiVersion, kind, namespace, name, uid },
    type,
    reason,
    // The API server takes 1,024 bytes.
    message: clip(message, 1000),
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
    source: { component: "peanut" },
    reportingComponent: "pipeline.peanut.dev/controller",
    reportingInstance: "peanut",
  }
}

/** Text in at most so many bytes of UTF-8. */
function clip(text: string, bytes: number): string {
  const encoded = new TextEncoder().encode(text)
  if (encoded.length <= bytes) return text
  // A stream's decoder keeps back a character that is cut off.
  return `${new TextDecoder().decode(encoded.subarray(0, bytes - 3), { stream: true })}…`
}
