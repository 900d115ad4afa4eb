// The execution that an event starts. Its name is computed from the event, so that the event starts it once, however
// often it is delivered.

import { apiVersion, group } from "../api/meta.ts"
import type { Param } from "../api/param.ts"
import { hash, managedByKey } from "./labels.ts"

export interface StartingEvent {
  readonly id: string
  readonly source: string
  readonly type: string
  readonly data?: unknown
}

/** A readable part and 64 bits of the event's source and id: what CloudEvents says tells two events apart. */
export function executionName(pipeline: string, { source, id }: StartingEvent): string {
  return `${pipeline.slice(0, 200).replace(/[^a-z0-9]+$/, "")}-${hash(pipeline, source, id)}`
}

/** The execution of this pipeline that the event starts, with the parameters it gives. */
export function startedExecution(
  namespace: string,
  pipeline: string,
  event: StartingEvent,
  params: readonly Param[] = [],
) {
  return {
    apiVersion,
    kind: "PeanutPipelineExecution" as const,
    metadata: {
      name: executionName(pipeline, event),
      namespace,
      labels: { [managedByKey]: "peanut" },
      annotations: {
        [`${group}/event-id`]: event.id,
        [`${group}/event-source`]: event.source,
        [`${group}/event-type`]: event.type,
      },
    },
    spec: { pipelineName: pipeline, ...(params.length > 0 && { params: [...params] }) },
  }
}
