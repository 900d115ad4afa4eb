// The execution that an event starts. Its name is computed from the event, so that the event starts it once, however
// often it is delivered.

import { createHash } from "node:crypto"
import { apiVersion, group, type Ref } from "../api/meta.ts"
import type { Param } from "../api/param.ts"
import { hash, managedByKey } from "./labels.ts"

/** Which event it was. */
export const eventSourceKey = `${group}/event-source`
export const eventTypeKey = `${group}/event-type`
/** What the event gave, as a digest: another event of the same source and id is told by it. */
export const eventDigestKey = `${group}/event-digest`
/** Who started it: `schedule/NAME`, or the name of a user. Set when it is created, and never after. */
export const startedByKey = `${group}/started-by`

export interface StartingEvent {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly data?: unknown
}

export interface Start {
  readonly pipeline: Ref
  readonly event: StartingEvent
  /** The schedule that the event comes from, if it comes from one; its data are then not used. */
  readonly schedule?: string | undefined
  readonly params?: readonly Param[]
  /** Who started it, where that is known. */
  readonly startedBy?: string | undefined
}

/** A readable part and 64 bits of the event's source and id: what CloudEvents says tells two events apart. */
export function executionName(pipeline: string, { source, id }: StartingEvent): string {
  return `${pipeline.slice(0, 200).replace(/[^a-z0-9]+$/, "")}-${hash(pipeline, source, id)}`
}

/** The execution that the event starts; the same event always gives the same one. */
export function startedExecution({ pipeline, event, schedule, params = [], startedBy }: Start) {
  return {
    apiVersion,
    kind: "PeanutPipelineExecution" as const,
    metadata: {
      name: executionName(pipeline.name, event),
      namespace: pipeline.namespace,
      labels: { [managedByKey]: "peanut" },
      annotations: {
        [`${group}/event-id`]: short(event.id),
        [eventSourceKey]: short(event.source),
        [eventTypeKey]: short(event.type),
        [eventDigestKey]: eventDigest(event, schedule),
        ...(startedBy !== undefined && { [startedByKey]: startedBy }),
      },
    },
    spec: { pipelineName: pipeline.name, ...(params.length > 0 && { params: [...params] }) },
  }
}
export type StartedExecution = ReturnType<typeof startedExecution>

/** How many bytes of what a sender chose are kept as they are; of more, a digest is. */
const maxKeptBytes = 1024

const short = (text: string) => (Buffer.byteLength(text) <= maxKeptBytes ? text : sha256(text))

const sha256 = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`

/**
 * The digest of what an event gives to its run: its type and its data, however they were sent. A tick of a schedule gives
 * nothing but the schedule, whose parameters may change before it is delivered again.
 */
function eventDigest({ type, data }: StartingEvent, schedule: string | undefined): string {
  return sha256(JSON.stringify(schedule === undefined ? [type, canonical(data, 0)] : [type, "schedule", schedule]))
}

/** How deep data is looked into: as far as a stack holds, and further than anything that a run is given. */
const maxDepth = 100

/** Data with the names of its objects in order. Bytes are the text that they are in UTF-8. */
function canonical(value: unknown, depth: number): unknown {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (typeof value !== "object" || value === null) return value
  if (depth === maxDepth) return "…"
  if (Array.isArray(value)) return value.map((item) => canonical(item, depth + 1))
  const entries = Object.entries(value).map(([name, item]) => [name, canonical(item, depth + 1)] as const)
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
