// The HTTP face of the controller: CloudEvents in, and an answer when their work is done. The answers are chosen for
// who reads them: Knative's senders repeat 404, 408, 409, 413, 429 and 5xx, but take 500 and other 4xx as final.

import type { CloudEventV1 } from "cloudevents"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import { type Context, Hono } from "hono"
import type { Cluster } from "../cluster.ts"
import { handle } from "../controller/handle.ts"
import { parseEvents } from "../events/parse.ts"
import { readBody } from "./body.ts"

/** `isReady` turns false when the process is about to end. */
export function makeApp(runtime: ManagedRuntime.ManagedRuntime<Cluster, never>, isReady: () => boolean): Hono {
  const app = new Hono()
  app.post("/", async (c) => {
    const body = await readBody(c.req.raw)
    if (typeof body !== "string") return refuse(c, body.problem)
    const events = parseEvents(c.req.header(), body)
    if (!Array.isArray(events)) return refuse(c, (events as { problem: string }).problem)
    return answer(c, await runtime.runPromiseExit(handleAll(events)))
  })
  app.get("/", (c) => c.text("Peanut takes CloudEvents by POST.\n"))
  app.options("/", (c) => c.body(null, 204, { Allow: "POST, OPTIONS" }))
  app.get("/healthz", (c) => c.text("ok\n"))
  app.get("/readyz", (c) => (isReady() ? c.text("ok\n") : c.text("shutting down\n", 503)))
  app.post("*", (c) => refuse(c, `CloudEvents are taken at /, not at ${c.req.path}`))
  app.onError((error, c) => {
    console.error(JSON.stringify({ level: "ERROR", message: "request failed", error: String(error.stack ?? error) }))
    return c.text("internal error\n", 500)
  })
  return app
}

/** Every event of a batch has its turn, whatever becomes of the others; then the first failure is the answer. */
const handleAll = (events: readonly CloudEventV1<unknown>[]) =>
  Effect.gen(function* () {
    const results = yield* Effect.forEach(events, (event) => Effect.result(handle(event)))
    const failures = results.flatMap((result) => (result._tag === "Failure" ? [result.failure] : []))
    const first = failures.find((failure) => failure._tag === "Unavailable") ?? failures[0]
    if (first !== undefined) return yield* first
  })

type Failure = Effect.Error<ReturnType<typeof handle>>

function answer(c: Context, exit: Exit.Exit<void, Failure>): Response {
  if (Exit.isSuccess(exit)) return c.body(null, 202)
  const failure = exit.cause.reasons.find(Cause.isFailReason)?.error
  switch (failure?._tag) {
    case "NotTaken":
      return refuse(c, failure.message)
    case "Unavailable":
      return c.text(`try again: ${failure.message}\n`, 503, { "Retry-After": "1" })
    case undefined:
      throw Cause.squash(exit.cause)
  }
}

/** Sending it again would not help. The connection is closed, as the rest of the message may not have been read. */
function refuse(c: Context, problem: string): Response {
  return c.text(`${problem}\n`, 400, { Connection: "close" })
}
