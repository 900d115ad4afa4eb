// What goes to the sink, and that a sink which is dead costs little and is found alive again.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { CloudEvent } from "cloudevents"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/testing/TestClock"
import { afterEach, describe, expect, it } from "vitest"
import { EventSink, layerHttpSink } from "../src/event-sink.ts"
import { TraceParent } from "../src/events/trace-context.ts"
import { deaths, openSink, type Sink } from "./server/sink.ts"

const sinks: Sink[] = []
afterEach(() => {
  for (const sink of sinks.splice(0)) sink.close()
})
async function startSink(): Promise<Sink> {
  const sink = await openSink()
  sinks.push(sink)
  return sink
}

const event = new CloudEvent({
  id: "1",
  type: "dev.peanut.stage.started",
  source: "/run",
  subject: "a",
  data: { n: 1 },
})
const events = (count: number) => Array.from({ length: count }, (_, i) => event.cloneWith({ id: String(i) }))

/** Uses one sink, and collects what is logged meanwhile. */
async function using<A>(
  url: string,
  use: (send: (count?: number) => Effect.Effect<void>) => Effect.Effect<A>,
  extensions?: Readonly<Record<string, string>>,
) {
  const warnings: unknown[] = []
  const log = Logger.layer([Logger.make(({ message }) => warnings.push(message))])
  const program = Effect.gen(function* () {
    const sink = yield* EventSink
    return yield* use((count = 1) => sink.send(events(count)))
  })
  const value = await Effect.runPromise(
    program.pipe(Effect.provide(layerHttpSink(url, extensions)), Effect.provide(log)),
  )
  return { value, warnings: warnings as readonly [string, Record<string, unknown>][] }
}

describe("a sink", () => {
  it("gets the token that is made out to it, as it is at the time, and none where there is none", async () => {
    const { url, requests, authorizations } = await startSink()
    const file = join(mkdtempSync(join(tmpdir(), "peanut-test-")), "token")
    const send = EventSink.pipe(
      Effect.flatMap((sink) => sink.send(events(1))),
      Effect.provide(layerHttpSink(url, {}, file)),
    )
    await Effect.runPromise(send)
    writeFileSync(file, "first\n")
    await Effect.runPromise(send)
    writeFileSync(file, "second")
    await Effect.runPromise(send)
    rmSync(dirname(file), { recursive: true })
    expect(requests).toHaveLength(3)
    expect(authorizations).toEqual([undefined, "Bearer first", "Bearer second"])
  })

  it("gets each event by itself, in structured mode, with what the overrides add", async () => {
    const { url, requests } = await startSink()
    const { warnings } = await using(url, (send) => send(20), { cluster: "blue" })
    expect(requests).toHaveLength(20)
    expect(requests[0]).toEqual({
      method: "POST",
      type: "application/cloudevents+json; charset=utf-8",
      event: { ...event.toJSON(), id: "0", cluster: "blue" },
    })
    expect(new Set(requests.map((request) => request.event.id)).size).toBe(20)
    expect(warnings).toEqual([])
  })

  it("gets the trace of what is being handled, under a span of its own", async () => {
    const { url, requests } = await startSink()
    const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await using(url, (send) => Effect.andThen(Effect.provideService(send(), TraceParent, parent), send()))
    const [traced, untraced] = requests.map((request) => request.event)
    expect(traced?.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/)
    expect(untraced).not.toHaveProperty("traceparent")
  })

  it("is not bothered with nothing", async () => {
    const { url, requests } = await startSink()
    await using(url, (send) => send(0))
    expect(requests).toEqual([])
  })

  it("that closes a kept connection as it is taken up gets the event again", async () => {
    const { url, requests, answerWith } = await startSink()
    const { warnings } = await using(url, (send) =>
      Effect.gen(function* () {
        yield* send()
        answerWith((request) => {
          answerWith()
          request.socket.resetAndDestroy()
        })
        yield* send()
      }),
    )
    expect(requests.map((request) => request.event.id)).toEqual(["0", "0", "0"])
    expect(warnings).toEqual([])
  })
})

describe.each(deaths)("a sink that %s", (_, death, says) => {
  it("costs less than a second, fails nothing, and is warned of once", async () => {
    const sink = await startSink()
    sink.die(death)
    const started = performance.now()
    // Twelve executions at once, of which each tells of three things; then another.
    const { warnings } = await using(sink.url, (send) =>
      Effect.andThen(
        Effect.all(
          Array.from({ length: 12 }, () => send(3)),
          { concurrency: "unbounded" },
        ),
        send(),
      ),
    )
    expect(performance.now() - started).toBeLessThan(1000)
    expect(warnings).toEqual([
      ["lifecycle events were not delivered", { sink: sink.url, error: expect.stringMatching(says), restSeconds: 10 }],
    ])
  })
})

describe("a sink that was dead", () => {
  it("is left alone for ten seconds, and then used again", async () => {
    const { url, requests, answerWith } = await startSink()
    answerWith((_, response) => response.writeHead(503).end())
    // Time stands still but for the adjustments; the sockets are real.
    const { warnings } = await using(url, (send) =>
      Effect.gen(function* () {
        yield* send()
        expect(requests).toHaveLength(1)
        answerWith()
        yield* TestClock.adjust("9 seconds")
        yield* send()
        expect(requests).toHaveLength(1)
        yield* TestClock.adjust("2 seconds")
        yield* send()
        expect(requests).toHaveLength(2)
        answerWith((_, response) => response.writeHead(503).end())
        yield* send()
        yield* send()
        expect(requests).toHaveLength(3)
      }).pipe(Effect.provide(TestClock.layer())),
    )
    expect(warnings).toHaveLength(2)
  })

  it("has a time limit by the clock, also for many events of which each is answered in time", async () => {
    const { url, answerWith } = await startSink()
    answerWith((_, response) => setTimeout(() => response.writeHead(202).end(), 300))
    const { value, warnings } = await using(url, (send) =>
      Effect.gen(function* () {
        const start = yield* Clock.currentTimeMillis
        const fiber = yield* Effect.forkChild(send(100))
        yield* Fiber.join(fiber)
        return (yield* Clock.currentTimeMillis) - start
      }),
    )
    expect(value).toBeLessThan(1000)
    expect(warnings).toHaveLength(1)
  })
})
