import * as Effect from "effect/Effect"
import { afterEach, describe, expect, it, vi } from "vitest"
import { Unavailable } from "../../src/cluster.ts"
import { added, batch, binary, foreign, irrelevant, type Message, ping, structured, version03 } from "./events.ts"
import { type Options, serving, spyOnConsole } from "./serve.ts"

afterEach(() => vi.restoreAllMocks())

const modes: readonly { readonly mode: string; readonly message: Message }[] = [
  { mode: "binary, 1.0", message: binary(added) },
  { mode: "binary, 0.3", message: binary(version03(added)) },
  { mode: "structured, 1.0", message: structured(added) },
  { mode: "structured, 0.3", message: structured(version03(added)) },
  { mode: "a batch of 1.0", message: batch(added) },
  { mode: "a batch of 0.3", message: batch(version03(added)) },
]

describe("a CloudEvent posted to /", () => {
  it.each(modes)("is answered with an empty 202 when its work is done ($mode)", ({ message }) =>
    serving(async ({ post, jobs }) => {
      expect(await post(message)).toMatchObject({ status: 202, text: "" })
      expect(jobs()).toBe(1)
      expect(await post(message)).toMatchObject({ status: 202, text: "" })
      expect(jobs()).toBe(1)
    }),
  )

  it.each([
    { event: "nothing can follow from", of: irrelevant },
    { event: "asks for a resync", of: ping },
  ])("that $event is answered with an empty 202 too", ({ of }) =>
    serving(async ({ post }) => {
      expect(await post(binary(of))).toMatchObject({ status: 202, text: "" })
    }),
  )

  it("is answered with 202 when its execution is gone", () =>
    serving(async ({ post }) => {
      const gone = { ...(added.data as object), metadata: { namespace: "team", name: "other", generation: 1 } }
      expect(await post(binary(added.cloneWith({ data: gone })))).toMatchObject({ status: 202, text: "" })
    }))

  it("that this service does not take is answered with 400 and says why", () =>
    serving(async ({ post }) => {
      const { status, text, headers } = await post(binary(foreign))
      expect(status).toBe(400)
      expect(text).toBe('events of type "com.example.ordered" are not taken here\n')
      expect(headers.get("content-type")).toMatch(/^text\/plain/)
    }))

  it("that is none is answered with 400 and says why", () =>
    serving(async ({ post }) => {
      const answer = await post({ headers: { "content-type": "application/json" }, body: "{}" })
      expect(answer).toMatchObject({ status: 400, text: expect.stringMatching(/^not a CloudEvent: .+\n$/) })
    }))

  it("sends only the beginning of a long text back", () =>
    serving(async ({ post }) => {
      const { status, text } = await post(structured(foreign.cloneWith({ type: "x".repeat(900_000) })))
      expect(status).toBe(400)
      expect(text.length).toBeLessThan(600)
    }))

  it("keeps the connection after a refusal, as the sender may have a better event", () =>
    serving(async ({ post }) => {
      const { headers } = await post(binary(foreign))
      expect(headers.get("connection")).toBe("keep-alive")
    }))
})

describe("a batch", () => {
  it("of no events is done", () =>
    serving(async ({ post }) => {
      expect(await post(batch())).toMatchObject({ status: 202, text: "" })
    }))

  it("of thousands of events is done, one after the other", () =>
    serving(async ({ post, jobs }) => {
      const many = Array.from({ length: 3000 }, (_, i) => ({
        ...ping.toJSON(),
        id: `${i}`,
        type: "t",
        data: undefined,
      }))
      const events = [...many.map((event) => ({ ...event, type: irrelevant.type, data: { ...smallJob } })), added]
      expect(await post(batch(...events))).toMatchObject({ status: 202, text: "" })
      expect(jobs()).toBe(1)
    }))

  it.each([
    { bad: "no event", one: { specversion: "1.0", id: "1" }, says: /^event 1 of the batch is not a CloudEvent: / },
    { bad: "not even an object", one: null, says: /^event 1 of the batch is not a CloudEvent: it is not an object/ },
    { bad: "not taken", one: foreign, says: /^events of type "com.example.ordered" are not taken here/ },
  ])("in which one is $bad has the others done, and is answered with 400", ({ one, says }) =>
    serving(async ({ post, jobs }) => {
      expect(await post(batch(one, added))).toMatchObject({ status: 400, text: expect.stringMatching(says) })
      expect(jobs()).toBe(1)
    }),
  )

  const smallJob = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "j", namespace: "team" },
  }
})

describe("the other routes", () => {
  const answerOf = (method: string, path: string, isReady = true) =>
    serving(async ({ url, setReady }) => {
      setReady(isReady)
      const answer = await fetch(url + path, { method })
      return { status: answer.status, allow: answer.headers.get("allow"), text: await answer.text() }
    })

  it.each([
    { method: "GET", path: "/healthz", is: { status: 200, text: "ok\n" } },
    { method: "GET", path: "/readyz", is: { status: 200, text: "ok\n" } },
    { method: "HEAD", path: "/", is: { status: 200, text: "" } },
    { method: "GET", path: "/", is: { status: 200 } },
    { method: "OPTIONS", path: "/", is: { status: 204, allow: "POST, OPTIONS", text: "" } },
    { method: "PUT", path: "/", is: { status: 405, allow: "POST, OPTIONS" } },
    { method: "GET", path: "/metrics.php", is: { status: 404 } },
  ])("answer $method $path with $is.status", async ({ method, path, is }) => {
    expect(await answerOf(method, path)).toMatchObject(is)
  })

  it("are alive but not ready while the process ends", async () => {
    expect(await answerOf("GET", "/readyz", false)).toMatchObject({ status: 503 })
    expect(await answerOf("GET", "/healthz", false)).toMatchObject({ status: 200 })
  })

  it.each(["/other", "/healthz", "/%2e%2e/x", "/a//b?c=d", `/${"x".repeat(4000)}`])(
    "answer a POST to somewhere else with 400, never with 404, which would be sent again (%.20s)",
    (path) =>
      serving(async ({ post }) => {
        expect((await post(binary(ping), path)).status).toBe(400)
      }),
  )
})

describe("when the API fails", () => {
  const everyCall = (effect: Effect.Effect<never, Unavailable>): Options => ({
    wrap: () => ({
      get: () => effect,
      list: () => effect,
      create: () => effect,
      patch: () => effect,
      delete: () => effect,
    }),
  })

  it("for a while, the answer is 503 with Retry-After, and one line of log says which event it was", async () => {
    const { log, others } = spyOnConsole()
    await serving(
      async ({ post }) => {
        const { status, text, headers } = await post(binary(added))
        expect({ status, text }).toEqual({ status: 503, text: "try again: too many requests\n" })
        expect(headers.get("retry-after")).toMatch(/^[1-9]\d*$/)
      },
      everyCall(Effect.fail(new Unavailable({ message: "too many requests" }))),
    )
    expect(log().map((line) => JSON.parse(line))).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        level: "WARN",
        message: "not now",
        type: added.type,
        id: added.id,
        error: "too many requests",
      },
    ])
    expect(others()).toEqual([])
  })

  it("for one event of a batch, the answer is 503 whatever the others are, so that all are sent again", () =>
    serving(
      async ({ post }) => {
        spyOnConsole()
        expect((await post(batch(null, foreign, irrelevant, added))).status).toBe(503)
      },
      everyCall(Effect.fail(new Unavailable({ message: "gone" }))),
    ))

  it("by a bug of ours, the answer is 500, and the log has one error with its stack", async () => {
    const { log, others } = spyOnConsole()
    await serving(
      async ({ post }) => {
        expect(await post(binary(added))).toMatchObject({ status: 500, text: "internal error\n" })
        expect((await post(binary(irrelevant))).status).toBe(202)
      },
      everyCall(Effect.die(new Error("it cannot be"))),
    )
    const lines = log().map((line) => JSON.parse(line))
    expect(lines).toEqual([
      { time: expect.any(String), level: "ERROR", message: "request failed", cause: expect.any(String) },
    ])
    expect(lines[0].cause).toMatch(/Error: it cannot be\n +at /)
    expect(others()).toEqual([])
  })
})
