// The HTTP face of the controller: CloudEvents in, and an answer when their work is done. The answers are chosen for
// who reads them: Knative's senders repeat 404, 408, 409, 413, 429 and 5xx, but take 500 and other 4xx as final.

import type { IncomingHttpHeaders } from "node:http"
import type { HttpBindings } from "@hono/node-server"
import type { CloudEventV1 } from "cloudevents"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import * as Metric from "effect/Metric"
import { type Context, Hono } from "hono"
import type { Cluster, Unavailable } from "../cluster.ts"
import { distinctEvents, handle } from "../controller/handle.ts"
import type { NotAllowed, NotTaken } from "../controller/not-taken.ts"
import { startIn } from "../controller/start.ts"
import type { Sender } from "../controller/starter.ts"
import { parseEvents } from "../events/parse.ts"
import { TraceParent, traceId, validTraceParent } from "../events/trace-context.ts"
import { eventsTotal } from "../metrics.ts"
import type { Settings } from "../settings.ts"
import { maxBodyBytes, maxStartBodyBytes, readBody } from "./body.ts"
import { makeBodyBudget, type Share } from "./body-budget.ts"
import { admit, admitToStart, type Unauthenticated } from "./callers.ts"

const allowed = { Allow: "POST, OPTIONS" }
const pipelinePath = "/namespaces/:namespace/pipelines/:pipeline"

/** A request comes with what Node.js knows of it. */
interface Env {
  readonly Bindings: HttpBindings
}
export type App = Hono<Env>

/** `isReady` turns false when the process is about to end. */
export function makeApp(
  runtime: ManagedRuntime.ManagedRuntime<Cluster, never>,
  isReady: () => boolean,
  settings: Pick<Settings, "callers" | "namespace"> = { callers: undefined, namespace: undefined },
): App {
  const app: App = new Hono()
  const budget = makeBodyBudget()
  app.post("/", (c) => {
    const work: Work = (event) => handle(event, settings.namespace)
    return receive(c, {
      admit: (authorization) => Effect.as(admit(settings.callers, authorization), work),
      maxBytes: maxBodyBytes,
    })
  })
  app.post(pipelinePath, (c) => {
    const { namespace, pipeline: name } = c.req.param()
    const start = (sender: Sender | undefined): Work => {
      return (event) => startIn(settings.namespace, { namespace, name }, event, sender)
    }
    return receive(c, {
      admit: (authorization) => Effect.map(admitToStart(settings.callers, authorization, namespace), start),
      maxBytes: maxStartBodyBytes,
      batches: "refuse batches",
    })
  })

  /** What a body takes is given back when its events are dealt with, as they are as large. */
  async function receive(c: Context<Env>, reception: Reception): Promise<Response> {
    const share = budget.share()
    const { signal, forget } = whileWaitedFor(c.env.outgoing)
    try {
      return await received(c, reception, share, signal)
    } finally {
      forget()
      share.release()
    }
  }

  async function received(
    c: Context<Env>,
    { admit, maxBytes, batches }: Reception,
    share: Share,
    signal: AbortSignal,
  ): Promise<Response> {
    // As Node.js has them: a Request of the Fetch API, with its stream and its Headers, costs half as much again.
    const { incoming } = c.env
    const { headers } = incoming
    const admission = await runtime.runPromiseExit(admit(headers.authorization), { signal })
    if (Exit.isFailure(admission)) return unread(answer(c, admission))
    // Each of its events would start an execution, and one answer could not say which did.
    if (batches !== undefined && isBatch(headers)) {
      return unread(refuse(c, "one event starts one execution; batches are taken at /"))
    }
    const body = await readBody(incoming, { maxBytes, share })
    if ("problem" in body) return unread(body.isForNow ? later(c, body.problem) : refuse(c, body.problem))
    const { events, problem } = parseEvents(headers, body)
    const distinct = distinctEvents(events)
    if (distinct.length > maxBatch) {
      return unread(
        refuse(c, `a batch about ${distinct.length} objects is more than the ${maxBatch} that one may have`),
      )
    }
    const exit = await runtime.runPromiseExit(handleAll(distinct, admission.value, headers.traceparent), { signal })
    return problem !== undefined && Exit.isSuccess(exit) ? unread(refuse(c, problem)) : answer(c, exit)
  }

  /** Counts a message that came to no event: whoever sent it may not, or it is none. */
  function unread(response: Response): Response {
    const outcome = response.status === 503 ? "unavailable" : "refused"
    runtime.runFork(Metric.update(Metric.withAttributes(eventsTotal, { kind: "Unread", outcome }), 1))
    return response
  }

  app.get("/metrics", async (c) => {
    const { format } = await import("effect/observability/PrometheusMetrics")
    return c.text(await runtime.runPromise(format()), 200, { "Content-Type": "text/plain; version=0.0.4" })
  })
  app.on("GET", ["/", pipelinePath], (c) => c.text("Peanut takes CloudEvents by POST.\n"))
  app.options("/", (c) => c.body(null, 204, allowed))
  app.options(pipelinePath, (c) => c.body(null, 204, allowed))
  app.get("/healthz", (c) => c.text("ok\n"))
  app.get("/readyz", (c) => (isReady() ? c.text("ok\n") : c.text("shutting down\n", 503)))
  app.post("*", (c) =>
    refuse(c, `CloudEvents are taken at / and at /namespaces/NAMESPACE/pipelines/NAME, not at ${c.req.path}`),
  )
  for (const path of ["/", pipelinePath]) {
    app.all(path, (c) => c.text("Peanut takes CloudEvents by POST.\n", 405, allowed))
  }
  app.onError((error, c) => {
    runtime.runFork(Effect.logError("request failed", Cause.die(error)))
    return c.text("internal error\n", 500)
  })
  return app
}

const isBatch = (headers: IncomingHttpHeaders) =>
  /^\s*application\/cloudevents-batch/i.test(headers["content-type"] ?? "")

/** The most objects that one batch may be about: each is work, and its sender waits for all of it. */
const maxBatch = 100

/** How a request is dealt with, by its path. */
interface Reception {
  /** What is done with each event of whoever is let in. */
  readonly admit: (authorization: string | undefined) => Effect.Effect<Work, Unauthenticated | NotAllowed | Unavailable>
  readonly maxBytes: number
  readonly batches?: "refuse batches"
}

/** A signal that aborts when a sender goes away before it was answered: nobody waits for the work. */
function whileWaitedFor(outgoing: HttpBindings["outgoing"]) {
  const controller = new AbortController()
  const gone = () => controller.abort()
  outgoing.once("close", gone)
  return { signal: controller.signal, forget: () => outgoing.off("close", gone) }
}

type Events = readonly CloudEventV1<unknown>[]
type Work = (event: CloudEventV1<unknown>) => Effect.Effect<void, NotTaken | NotAllowed | Unavailable, Cluster>

/**
 * Every event of a batch has its turn, whatever becomes of the others, defects included; then the first failure is the
 * answer, before all others one that another try may cure.
 */
const handleAll = (events: Events, work: Work, header: unknown) =>
  Effect.gen(function* () {
    const exits = yield* Effect.forEach(events, (event) => Effect.exit(traced(work(event), event, header)))
    const failures = exits.flatMap((exit, i) =>
      Exit.isFailure(exit) ? [{ cause: exit.cause, event: events[i]! }] : [],
    )
    const first = failures.find(({ cause }) => failureOf(cause)?._tag === "Unavailable") ?? failures[0]
    if (first === undefined) return
    const { cause, event } = first
    for (const { cause, event } of failures.filter((failure) => failure !== first && Cause.hasDies(failure.cause))) {
      yield* traced(Effect.logError("request failed", cause), event, header)
    }
    const failure = failureOf(cause)
    if (failure?._tag === "Unavailable") {
      const { type, id } = event
      yield* traced(Effect.logWarning("not now", { type, id, error: failure.message }), event, header)
    }
    return yield* Effect.failCause(cause)
  })

const failureOf = <E>(cause: Cause.Cause<E>): E | undefined => cause.reasons.find(Cause.isFailReason)?.error

/** An event's own trace context wins over that of the request which brought it. */
const traced = <A, E, R>(effect: Effect.Effect<A, E, R>, { traceparent }: CloudEventV1<unknown>, header: unknown) => {
  const parent = validTraceParent(traceparent) || validTraceParent(header)
  if (parent === "") return effect
  return effect.pipe(Effect.provideService(TraceParent, parent), Effect.annotateLogs({ trace: traceId(parent) }))
}

type Failure = NotTaken | Unavailable | Unauthenticated | NotAllowed

function answer(c: Context, exit: Exit.Exit<unknown, Failure>): Response {
  // With a length Go's client, which the senders use, keeps the connection; after chunks it did not read it opens another.
  if (Exit.isSuccess(exit)) return c.body(null, 202, { "Content-Length": "0" })
  const failure = failureOf(exit.cause)
  // Its sender has gone away; whoever hears this all the same may send it again.
  if (failure === undefined && Cause.hasInterruptsOnly(exit.cause)) return later(c, "the request was given up")
  switch (failure?._tag) {
    case "NotTaken":
      return refuse(c, failure.message)
    case "Unauthenticated":
      return c.text(`${failure.message}\n`, 401, { "WWW-Authenticate": "Bearer" })
    case "NotAllowed":
      return c.text(`${failure.message}\n`, 403)
    case "Unavailable":
      return later(c, failure.message)
    case undefined:
      throw Cause.squash(exit.cause)
  }
}

const later = (c: Context, why: string): Response =>
  c.text(`try again: ${shortened(why)}\n`, 503, { "Retry-After": "1" })

/**
 * Sending it again would not help. No `Connection: close`: with it Node.js resets a connection on which more of the
 * body arrives, and Go's client then sees a broken pipe instead of this answer, and sends again. Without it the
 * adapter goes on reading for half a second at most, and closes.
 */
const refuse = (c: Context, problem: string): Response => c.text(`${shortened(problem)}\n`, 400)

/** What somebody sent comes back in a message, but not all of it. */
const shortened = (message: string) => (message.length <= 500 ? message : `${message.slice(0, 500)}...`)
