// The bundled server before an API server that is not well: what the senders of events are told, and what is logged.

import { execFileSync } from "node:child_process"
import type { RequestListener } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import type { CloudEvent } from "cloudevents"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { maxBodyBytes } from "../../src/server/body.ts"
import { type ServerProcess, startServer } from "./bundle.ts"
import { added, batch, binary, foreign, irrelevant, ping } from "./events.ts"
import { type FakeApiServer, failure, startFakeApiServer } from "./fake-api-server.ts"
import { attributes, head, sender } from "./raw.ts"
import { type Answer, post } from "./serve.ts"

let api: FakeApiServer
let server: ServerProcess
beforeAll(async () => {
  api = await startFakeApiServer()
  server = await startServer(api.kubeconfig)
})
afterAll(async () => {
  server?.signal("SIGKILL")
  await server?.ended
  api?.close()
})
beforeEach(() => api.reset())

const send = (event: CloudEvent<unknown> = added): Promise<Answer> => post(server.url, binary(event))
const path = "/apis/pipeline.peanut.dev/v1alpha1/namespaces/team/peanutpipelineexecutions/run"

describe("when the API server", () => {
  it.each([
    { does: "says 429", answer: failure(429, "TooManyRequests") },
    { does: "says 500", answer: failure(500, "InternalError") },
    { does: "says 503", answer: failure(503, "ServiceUnavailable") },
    { does: "says 401, as with a token that has just expired", answer: failure(401, "Unauthorized") },
    { does: "says 403, until somebody gives the rights", answer: failure(403, "Forbidden") },
  ])("$does, the answer is 503 with Retry-After", async ({ answer }) => {
    api.next(answer)
    const { status, headers } = await send()
    expect(status).toBe(503)
    expect(headers.get("retry-after")).toBe("1")
    expect((await send()).status).toBe(202)
  })

  const cuts = 2
  it.each<{ does: string; answer: RequestListener }>([
    { does: "cuts the connection before its answer", answer: ({ socket }) => socket.destroy() },
    {
      does: "cuts the connection in the middle of its answer",
      answer: ({ socket }, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": 1000 })
        response.write('{"kind":', () => socket.resetAndDestroy())
      },
    },
    { does: "does not speak HTTP", answer: ({ socket }) => socket.end("SSH-2.0-OpenSSH_9.6\r\n") },
    {
      does: "breaks its JSON",
      answer: (_request, response) => response.writeHead(200, { "content-type": "application/json" }).end('{"kind":'),
    },
    {
      does: "is a proxy that says 502 in HTML",
      answer: (_request, response) => response.writeHead(502, { "content-type": "text/html" }).end("<html>"),
    },
  ])("$does, the answer is 503 with Retry-After", async ({ answer }) => {
    api.next(...Array.from({ length: cuts }, () => answer))
    const { status, headers } = await send()
    expect(status).toBe(503)
    expect(headers.get("retry-after")).toBe("1")
    api.reset()
    expect((await send()).status).toBe(202)
  })

  it("keeps connections, one is enough for all calls", async () => {
    await send()
    const before = api.connections()
    for (let i = 0; i < 10; i++) expect((await send()).status).toBe(202)
    expect(api.calls).toEqual(Array.from({ length: 11 }, () => `GET ${path}`))
    expect(api.connections()).toBe(before)
    expect(before).toBe(1)
  })

  it("ends the connection as a call takes it up, the call is made again on a new one", async () => {
    expect((await send()).status).toBe(202)
    api.next(({ socket }) => socket.destroy())
    expect((await send()).status).toBe(202)
    expect(api.calls).toEqual([`GET ${path}`, `GET ${path}`, `GET ${path}`])
  })

  it("ends an idle connection between two calls, nobody notices", async () => {
    for (let i = 0; i < 5; i++) {
      expect((await send()).status).toBe(202)
      api.closeIdle()
    }
  })

  it("has no such object, there is nothing to do", async () => {
    expect(await send()).toMatchObject({ status: 202, text: "" })
  })
})

describe("an event that cannot matter", () => {
  it.each([
    { event: "of a Job that still runs", message: binary(irrelevant), status: 202 },
    { event: "of somebody else", message: binary(foreign), status: 400 },
    { event: "that is none", message: { headers: {}, body: "{}" }, status: 400 },
    { event: "in a batch of such", message: batch(irrelevant, foreign, null), status: 400 },
  ])("($event) costs no call of the API", async ({ message, status }) => {
    expect((await post(server.url, message)).status).toBe(status)
    expect(api.calls).toEqual([])
  })

  it("is told from one that does: a resync lists every kind once, and executions by whether they have ended", async () => {
    expect((await send(ping)).status).toBe(202)
    expect(api.calls).toHaveLength(5)
  })
})

describe("the memory of the server", () => {
  const rssMegabytes = () =>
    Number(execFileSync("ps", ["-o", "rss=", "-p", String(server.pid)], { encoding: "utf8" })) / 1024
  const megabyte = Buffer.alloc(maxBodyBytes, "a")

  /** The highest it gets while something goes on, above what it was. */
  async function growthDuring(work: Promise<unknown>): Promise<number> {
    const before = rssMegabytes()
    let highest = before
    let isDone = false
    const done = work.finally(() => {
      isDone = true
    })
    while (!isDone) {
      highest = Math.max(highest, rssMegabytes())
      await sleep(50)
    }
    await done
    return highest - before
  }

  async function pour(...lines: readonly string[]): Promise<void> {
    const raw = await sender(server.port)
    raw.write(head(...attributes, ...lines))
    const pouring = raw.pour(megabyte, 100 * maxBodyBytes)
    expect(await raw.status()).toBe(400)
    await raw.closed()
    await pouring
  }

  it("stays flat under bodies of 100 MB", async () => {
    await pour("content-length: 104857600")
    const all = Promise.all(Array.from({ length: 10 }, () => pour("content-length: 104857600")))
    expect(await growthDuring(all)).toBeLessThan(120)
  })

  it("stays flat under 300,000 bytes in chunks of one byte", async () => {
    const chunks = Buffer.from("1\r\na\r\n".repeat(300_000))
    const one = async () => {
      const raw = await sender(server.port)
      raw.write(head(...attributes, "transfer-encoding: chunked"), chunks, "0\r\n\r\n")
      expect(await raw.status()).toBe(202)
      raw.destroy()
    }
    expect(await growthDuring(one())).toBeLessThan(120)
  })
})

describe("the log", () => {
  it("is a line of JSON for each failure, on standard output, without what was in the event", async () => {
    const start = server.stdout().length
    const secret = { ...(added.data as object), spec: { pipelineName: "web", params: [{ value: "hunter2" }] } }
    api.next(failure(500, "InternalError", "etcd has no leader"))
    expect((await send(added.cloneWith({ id: "e-1", data: secret }))).status).toBe(503)
    await post(server.url, { headers: { "content-type": "application/cloudevents+json" }, body: "{hunter2" })
    await sleep(50)
    const lines = server.stdout().slice(start).trimEnd().split("\n")
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        level: "WARN",
        message: "not now",
        type: added.type,
        id: "e-1",
        error: "500: etcd has no leader",
      },
    ])
    expect(server.stdout()).not.toContain("hunter2")
    expect(server.stdout()).not.toContain("Bearer")
  })

  it("has nothing but such lines, and standard error nothing, after all that went before", () => {
    for (const line of server.stdout().trimEnd().split("\n")) {
      expect(JSON.parse(line)).toMatchObject({
        time: expect.any(String),
        level: expect.stringMatching(/^(INFO|WARN|ERROR)$/),
        message: expect.any(String),
      })
    }
    expect(server.stderr()).toBe("")
  })
})
