// The PingSource of a pipeline's schedule: by the clock it posts an event to Peanut, which starts an execution. Its name
// is computed, as a Job's is.

import { isDeepStrictEqual } from "node:util"
import { apiVersion } from "../api/meta.ts"
import type { PingSource } from "../api/ping-source.ts"
import type { Pipeline, PipelineSchedule } from "../api/pipeline.ts"
import { hash, managedByKey, pipelineKey, scheduleKey, slug } from "./labels.ts"

/** Where Peanut takes events: a Knative Service. */
export interface Service {
  readonly name: string
  readonly namespace: string
  /** For whom the tokens of senders are, where senders must have one. */
  readonly audience?: string | undefined
}

/** A readable part and 64 bits that tell apart every (pipeline UID, schedule); 63 characters at most. */
export function pingSourceName(pipeline: { readonly name: string; readonly uid: string }, schedule: string): string {
  const readable = 63 - 13 - 1
  const schedulePart = slug(schedule, 24)
  const pipelinePart = slug(pipeline.name, readable - 1 - schedulePart.length)
  return [pipelinePart, schedulePart, hash(pipeline.uid, schedule)].join("-")
}

/** The complete PingSource of a schedule; the same pipeline and schedule always give the same one. */
export function schedulePingSource({ metadata }: Pick<Pipeline, "metadata">, schedule: PipelineSchedule, to: Service) {
  const { name, namespace, uid } = metadata
  const params = Object.fromEntries((schedule.params ?? []).map((param) => [param.name, param.value]))
  return {
    apiVersion: "sources.knative.dev/v1",
    kind: "PingSource" as const,
    metadata: {
      name: pingSourceName(metadata, schedule.name),
      namespace,
      labels: { [managedByKey]: "peanut" },
      annotations: { [pipelineKey]: name, [scheduleKey]: schedule.name },
      // Nothing waits for it when the pipeline is deleted, so nothing asks for the right to update its finalizers.
      ownerReferences: [{ apiVersion, kind: "PeanutPipeline", name, uid, controller: true }],
    },
    spec: {
      schedule: schedule.cron.trim(),
      ...(schedule.timeZone !== undefined && { timezone: schedule.timeZone }),
      contentType: "application/json",
      data: JSON.stringify({ params }),
      sink: {
        ref: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: to.name, namespace: to.namespace },
        uri: `/namespaces/${namespace}/pipelines/${name}`,
        ...(to.audience !== undefined && { audience: to.audience }),
      },
    } satisfies PingSource["spec"],
  }
}
export type PingSourceManifest = ReturnType<typeof schedulePingSource>

/** Whether a PingSource does what its manifest says; what else is in it is left to whoever put it there. */
export function isAsSaid({ spec }: PingSource, manifest: PingSourceManifest): boolean {
  return isDeepStrictEqual(spec, manifest.spec)
}

/** The merge patch that gives a PingSource what its manifest says, and takes away what else could start something. */
export function pingSourcePatch({ metadata }: PingSource, { spec }: PingSourceManifest) {
  const { timezone = null, sink } = spec
  return {
    metadata: { resourceVersion: metadata.resourceVersion },
    spec: { ...spec, timezone, dataBase64: null, sink: { ...sink, audience: sink.audience ?? null } },
  }
}
