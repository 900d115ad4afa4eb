// Brings the changes of a store to the controller as Knative's ApiServerSource would: one kind's events in order,
// each only when the one before it was answered; different kinds beside each other.

import type { CloudEventV1 } from "cloudevents"
import type { Store } from "../memory/store.ts"
import { sourceEvent } from "./source.ts"

/** `deliver` is called for every change from now on; `onError` hears of events whose delivery failed. */
export function deliverChanges(
  store: Store,
  deliver: (event: CloudEventV1<unknown>) => Promise<void>,
  onError: (error: unknown) => void,
): { readonly idle: () => Promise<void> } {
  const queues = new Map<string, Promise<void>>()
  store.onChange((change) => {
    const event = sourceEvent(change)
    const before = queues.get(change.resource.plural) ?? Promise.resolve()
    const after = before.then(() => deliver(event)).catch(onError)
    queues.set(change.resource.plural, after)
  })
  return { idle }

  /** Until every event, also those that deliveries cause, was answered. */
  async function idle(): Promise<void> {
    let seen: readonly Promise<void>[] = []
    for (let now = [...queues.values()]; now.some((queue) => !seen.includes(queue)); now = [...queues.values()]) {
      seen = now
      await Promise.all(now)
    }
  }
}
