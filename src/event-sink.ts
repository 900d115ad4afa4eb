// Where lifecycle events go: to the sink that a Knative SinkBinding names, or nowhere. A sink can never fail a run.

import { readFile } from "node:fs/promises"
import type { CloudEvent } from "cloudevents"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { childOf, TraceParent } from "./events/trace-context.ts"
import { lifecycleEventsTotal } from "./metrics.ts"

export interface EventSinkService {
  /** Sends events; never fails, and takes less than a second. */
  send(events: readonly CloudEvent<unknown>[]): Effect.Effect<void>
  /** Whether anybody listens: if not, no events need be made. */
  readonly isBound: boolean
}

/** Nobody listens, unless a layer says who does. */
export const EventSink: Context.Reference<EventSinkService> = Context.Reference("peanut/EventSink", {
  defaultValue: (): EventSinkService => ({ send: () => Effect.void, isBound: false }),
})

/** Where a SinkBinding puts a token that is made out to the sink alone, when Knative's OIDC is on. */
const sinkTokenFile = "/oidc/token"

/** A sink that takes CloudEvents by HTTP. `extensions` are added to every event, as K_CE_OVERRIDES asks. */
export const layerHttpSink = (
  url: string,
  extensions: Readonly<Record<string, string>> = {},
  tokenFile: string = sinkTokenFile,
) =>
  Layer.sync(EventSink, () => {
    // A sink that did not answer is left alone for a while, so that it does not delay every event that comes in.
    let restUntilMillis = 0
    const send = Effect.fn("EventSink.send")(function* (events: readonly CloudEvent<unknown>[]) {
      if (events.length === 0) return
      if ((yield* Clock.currentTimeMillis) < restUntilMillis) return yield* count("skipped", events.length)
      const traceparent = childOf(yield* TraceParent)
      const more = { ...extensions, ...(traceparent !== undefined && { traceparent }) }
      const headers = yield* Effect.promise(() => headersFor(tokenFile))
      let delivered = 0
      const deliver = (event: CloudEvent<unknown>) =>
        Effect.tap(post(url, headers, event, more), () => Effect.sync(() => delivered++))
      yield* Effect.forEach(events, deliver, { concurrency: 8, discard: true }).pipe(
        Effect.timeoutOrElse({
          duration: patience,
          orElse: () => Effect.fail(new NotDelivered({ message: `no answer in ${patience}`, isCut: false })),
        }),
        Effect.catchTag("NotDelivered", ({ message }) => rest(message, events.length - delivered)),
      )
      yield* count("delivered", delivered)
    })

    /** Of many that fail at the same time, one says so. */
    const rest = Effect.fnUntraced(function* (error: string, failed: number) {
      yield* count("failed", failed)
      const nowMillis = yield* Clock.currentTimeMillis
      if (nowMillis < restUntilMillis) return
      restUntilMillis = nowMillis + restSeconds * 1000
      yield* Effect.logWarning("lifecycle events were not delivered", { sink: url, error, restSeconds })
    })
    return { send, isBound: true }
  })

const restSeconds = 10

/** Shorter than the second that all announcements of a step may take: else a sink that hangs would never get its rest. */
const patience = "800 millis"

/** `isCut`: the connection failed, perhaps because it was kept open for longer than the sink likes. */
class NotDelivered extends Data.TaggedError("NotDelivered")<{ readonly message: string; readonly isCut: boolean }> {}

type Fields = Readonly<Record<string, string>>

/** The token is read each time: it is replaced before it expires. Without OIDC there is none. */
async function headersFor(tokenFile: string): Promise<Fields> {
  const token = (await readFile(tokenFile, "utf8").catch(() => "")).trim()
  return {
    "content-type": "application/cloudevents+json; charset=utf-8",
    ...(token !== "" && { authorization: `Bearer ${token}` }),
  }
}

/** Structured mode: names of stages may be any text, and headers may not. */
const post = (url: string, headers: Fields, event: CloudEvent<unknown>, more: Fields) =>
  Effect.tryPromise({
    try: async (signal) => {
      const body = JSON.stringify(event.cloneWith(more))
      // A redirection would turn this into a GET, which any page answers with 200.
      const answer = await fetch(url, { method: "POST", headers, body, signal, redirect: "manual" })
      await answer.body?.cancel()
      return answer
    },
    catch: (error) => new NotDelivered({ message: wordsOf(error), isCut: error instanceof TypeError }),
  }).pipe(
    Effect.retry({ while: ({ isCut }) => isCut, times: 1 }),
    Effect.filterOrFail(
      ({ ok }) => ok,
      ({ status }) => new NotDelivered({ message: `the sink answered ${status}`, isCut: false }),
    ),
  )

/** What `fetch` says is "fetch failed"; why is in the cause. */
function wordsOf(error: unknown): string {
  const { message, cause } = error as Error & { readonly cause?: Partial<NodeJS.ErrnoException> }
  return [message, cause?.message || cause?.code].filter(Boolean).join(": ")
}

const count = (outcome: "delivered" | "failed" | "skipped", events: number) =>
  events === 0 ? Effect.void : Metric.update(Metric.withAttributes(lifecycleEventsTotal, { outcome }), events)
