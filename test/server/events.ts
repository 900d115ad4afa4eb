// Events as Knative's sources send them, one for each thing that can become of an event.

import { CloudEvent, type CloudEventV1, HTTP } from "cloudevents"
import { apiVersion } from "../../src/api/meta.ts"
import { eventTypes } from "../../src/events/target.ts"
import { namespace } from "../builders/objects.ts"

const source = "https://10.96.0.1:443"
const datacontenttype = "application/json"

const execution = {
  apiVersion,
  kind: "PeanutPipelineExecution",
  metadata: { name: "run", namespace, generation: 1 },
  spec: { pipelineName: "web" },
}

/** A new execution: it is looked at. */
export const added = new CloudEvent({ id: "1", type: eventTypes.add, source, datacontenttype, data: execution })

/** Unfinished executions are to be looked at. */
export const ping = new CloudEvent({
  id: "2",
  type: eventTypes.ping,
  source: "/apis/v1/namespaces/peanut/pingsources/resync",
})

/** A Job that still runs: nothing can follow from it. */
export const irrelevant = new CloudEvent({
  id: "3",
  type: eventTypes.update,
  source,
  datacontenttype,
  data: {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: "run-a-1",
      namespace,
      uid: "u2",
      resourceVersion: "9",
      creationTimestamp: "2026-01-01T00:00:00Z",
      ownerReferences: [{ apiVersion, kind: "PeanutPipelineExecution", name: "run", uid: "u1", controller: true }],
    },
    spec: { backoffLimit: 0 },
    status: { active: 1 },
  },
})

/** An event of somebody else. */
export const foreign = new CloudEvent({ id: "4", type: "com.example.ordered", source: "/shop" })

export interface Message {
  readonly headers: Record<string, string>
  readonly body: string | null
}

export const binary = (event: CloudEvent<unknown>): Message => message(HTTP.binary(event))
export const structured = (event: CloudEvent<unknown>): Message => message(HTTP.structured(event))
export const batch = (...events: readonly unknown[]): Message => ({
  headers: { "content-type": "application/cloudevents-batch+json" },
  body: JSON.stringify(events),
})

/** As version 0.3, which the SDK sends when asked to. */
export function version03(event: CloudEvent<unknown>): CloudEvent<unknown> {
  return event.cloneWith({ specversion: "0.3" } as Partial<CloudEventV1<unknown>>, false) as CloudEvent<unknown>
}

function message({ headers, body }: { readonly headers: object; readonly body: unknown }): Message {
  return { headers: headers as Record<string, string>, body: (body as string | undefined) ?? null }
}
