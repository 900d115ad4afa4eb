// An HTTP message as CloudEvents: binary, structured and batch mode, specversion 1.0 and 0.3.

import { CloudEvent, type CloudEventV1, HTTP } from "cloudevents"

/** The events of a message, or one sentence about why it holds none. */
export function parseEvents(
  headers: Readonly<Record<string, string>>,
  body: string,
): readonly CloudEventV1<unknown>[] | { readonly problem: string } {
  try {
    const parsed = HTTP.toEvent<unknown>({ headers, body })
    const events = Array.isArray(parsed) ? parsed : [parsed]
    for (const event of events) {
      if (event instanceof CloudEvent) event.validate()
    }
    return events
  } catch (error) {
    return { problem: `not a CloudEvent: ${error instanceof Error ? error.message : String(error)}` }
  }
}
