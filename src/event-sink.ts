// Where lifecycle events go: to the sink that a Knative SinkBinding names, or nowhere. A sink can never fail a run.

import type { CloudEvent } from "cloudevents"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { childOf, TraceParent } from "./events/trace-context.ts"

export interface EventSinkService {
  /** Sends events; never fails, and takes a second at the most. */
  send(events: readonly CloudEvent<unknown>[]): Effect.Effect<void>
  /** Whether anybody listens: if not, no events need be made. */
  readonly isBound: boolean
}

/** Nobody listens, unless a layer says who does. */
export const EventSink: Context.Reference<EventSinkService> = Context.Reference("peanut/EventSink", {
  defaultValue: (): EventSinkService => ({ send: () => Effect.void, isBound: false }),
})

/** A sink that takes CloudEvents by HTTP. `extensions` are added to every event, as K_CE_OVERRIDES asks. */
export const layerHttpSink = (url: string, extensions: Readonly<Record<string, string>> = {}) =>
  Layer.sync(EventSink, () => {
    // A sink that did not answer is left alone for a while, so that it does not delay every event that comes in.
    let restUntilMillis = 0
    const send = Effect.fn("EventSink.send")(function* (events: readonly CloudEvent<unknown>[]) {
      if (events.length === 0 || (yield* Clock.currentTimeMillis) < restUntilMillis) return
      const traceparent = childOf(yield* TraceParent)
      const more = { ...extensions, ...(traceparent !== undefined && { traceparent }) }
      yield* Effect.forEach(events, (event) => post(url, event.cloneWith(more)), {
        concurrency: 8,
        discard: true,
      }).pipe(
        Effect.timeout("1 second"),
        Effect.catch((error) =>
          Effect.gen(function* () {
            restUntilMillis = (yield* Clock.currentTimeMillis) + restSeconds * 1000
            yield* Effect.logWarning("lifecycle events were not delivered", { sink: url, error: String(error) })
          }),
        ),
      )
    })
    return { send, isBound: true }
  })

const restSeconds = 10

/** Structured mode: names of stages may be any text, and headers may not. */
const post = (url: string, event: CloudEvent<unknown>) =>
  Effect.tryPromise(async (signal) => {
    const headers = { "content-type": "application/cloudevents+json; charset=utf-8" }
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(event), signal })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`the sink answered ${answer.status}`)
  })
