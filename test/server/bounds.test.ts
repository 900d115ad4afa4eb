// What senders may make the server do and hold, all together: bodies in flight, batches, and work that nobody waits for.

import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { apiVersion } from "../../src/api/meta.ts"
import { type ObjectApi, resources } from "../../src/cluster/object-api.ts"
import { maxBodyBytes, maxStartBodyBytes } from "../../src/server/body.ts"
import { batch, binary, ping, structured } from "./events.ts"
import { attributes, head, sender, statusOf } from "./raw.ts"
import { serving, spyOnConsole } from "./serve.ts"

beforeEach(() => {
  spyOnConsole()
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe("bodies in flight", () => {
  it("are held up to a bound; beyond it the answer is 503 with Retry-After, and small bodies still get in", () =>
    serving(async ({ port, post }) => {
      const held = Buffer.alloc(maxBodyBytes - 10, "a")
      const senders = await Promise.all(Array.from({ length: 60 }, () => sender(port)))
      for (const raw of senders) raw.write(head(...attributes, `content-length: ${maxBodyBytes}`), held)
      while (senders.filter((raw) => raw.received() !== "").length < 20) await sleep(10)
      const refused = senders.filter((raw) => raw.received() !== "")
      expect(new Set(await Promise.all(refused.map((raw) => raw.status())))).toEqual(new Set([503]))
      expect(refused[0]!.received()).toMatch(/^retry-after: 1/im)
      expect((await post(structured(ping))).status).toBe(202)
      for (const raw of senders) raw.destroy()
      await sleep(100)
      // What they held is free again.
      const body = Buffer.alloc(maxBodyBytes, "a")
      expect(await statusOf(port, head(...attributes, `content-length: ${body.length}`), body)).toBe(202)
    }))

  it("of events that start executions are at most 64 KiB long", () =>
    serving(async ({ url }) => {
      const start = (bytes: number) =>
        fetch(`${url}/namespaces/default/pipelines/web`, {
          method: "POST",
          headers: { ...binary(ping).headers, "content-type": "text/plain" },
          body: "a".repeat(bytes),
        })
      const answer = await start(maxStartBodyBytes + 1)
      expect([answer.status, await answer.text()]).toEqual([
        400,
        `the body is longer than ${maxStartBodyBytes} bytes\n`,
      ])
      expect(await (await start(maxStartBodyBytes)).text()).not.toContain("longer")
    }))
})

describe("a batch", () => {
  const about = (i: number) => {
    const metadata = { namespace: "team", name: `run-${i}` }
    const data = { apiVersion, kind: resources.executions.kind, metadata }
    return ping.cloneWith({ type: "dev.knative.apiserver.resource.add", data })
  }

  it.each([
    { count: 100, status: 202 },
    { count: 101, status: 400 },
  ])("about $count objects is answered with $status", ({ count, status }) =>
    serving(async ({ post }) => {
      const answer = await post(batch(...Array.from({ length: count }, (_, i) => about(i))))
      expect(answer.status).toBe(status)
      if (status === 400) expect(answer.text).toBe("a batch about 101 objects is more than the 100 that one may have\n")
    }),
  )
})

describe("work whose sender goes away", () => {
  /** An API whose lists wait, and how many go on. */
  function waiting() {
    let running = 0
    let begun = 0
    const wrap = (api: ObjectApi): ObjectApi => ({
      ...api,
      list: (resource) => {
        if (resource !== resources.pipelines) return Effect.succeed([])
        running++
        begun++
        return Effect.ensuring(
          Effect.never,
          Effect.sync(() => running--),
        )
      },
    })
    return { wrap, running: () => running, begun: () => begun }
  }

  it("stops", async () => {
    const { wrap, running, begun } = waiting()
    await serving(
      async ({ port }) => {
        const raw = await sender(port)
        raw.write(head(...attributes, "content-length: 0"))
        while (running() === 0) await sleep(5)
        raw.destroy()
        const start = Date.now()
        while (running() > 0 && Date.now() - start < 2000) await sleep(5)
        expect([running(), begun()]).toEqual([0, 1])
      },
      { wrap },
    )
  })
})
