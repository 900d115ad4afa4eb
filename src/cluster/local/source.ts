// The events that Knative's ApiServerSource sends for changes of objects (mode Resource), for the worlds that have
// no Knative: the handlers cannot tell the difference.

import { CloudEvent } from "cloudevents"
import { eventTypes } from "../../events/target.ts"
import type { Change } from "../memory/store.ts"

export function sourceEvent({ type, object }: Change): CloudEvent<unknown> {
  const { apiVersion, kind, metadata } = object
  const path = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return new CloudEvent({
    type: eventTypes[type],
    source: "peanut://local",
    subject: `${path}/namespaces/${metadata.namespace}/${kind.toLowerCase()}s/${metadata.name}`,
    datacontenttype: "application/json",
    apiversion: apiVersion,
    kind,
    name: metadata.name,
    namespace: metadata.namespace,
    data: object,
  })
}
