// Senders that lie about lengths, close halfway, go away, say nothing or too much, at the bundled server with the limits
// it ships with; and its memory under it all.

import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { maxBodyBytes } from "../../src/server/body.ts"
import { statuses } from "../fuzz/exchange.ts"
import { startVictim, type Victim } from "../fuzz/victim.ts"
import { attributes, head, sender } from "./raw.ts"

let victim: Victim
/** When the connection ended on which headers came one by one from the beginning of this file on. */
let slowHeaders: Promise<{ readonly received: string; readonly seconds: number }>
beforeAll(async () => {
  victim = await startVictim()
  slowHeaders = dribble(victim.port)
})
afterEach(() => victim.expectWell())
afterAll(() => victim?.stop())

const complete = [...attributes, "content-length: 2"]
const request = (first: string, ...lines: readonly string[]) => [first, ...lines, "", ""].join("\r\n")

describe("a request", () => {
  it.each([
    { is: "of HTTP/1.0", text: `${request("POST / HTTP/1.0", "Host: x", ...complete)}{}`, allowed: [202] },
    { is: "of HTTP/1.0 without a host", text: `${request("POST / HTTP/1.0", ...complete)}{}`, allowed: [400] },
    { is: "of HTTP/1.0 without a length", text: request("POST / HTTP/1.0", "Host: x", ...attributes), allowed: [202] },
    { is: "of HTTP/1.0 in chunks", text: request("POST / HTTP/1.0", "transfer-encoding: chunked"), allowed: [400] },
    { is: "of HTTP/0.9", text: "POST /\r\n\r\n", allowed: [400] },
    { is: "of HTTP/2 without TLS", text: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", allowed: [400] },
    {
      is: "of a whole URL",
      text: `${request("POST http://other/ HTTP/1.1", "Host: x", ...complete)}{}`,
      allowed: [202, 400],
    },
    {
      is: "with a header's line broken",
      text: `${head("ce-id: a\nX-Injected: b", ...complete)}{}`,
      allowed: [202, 400],
    },
    { is: "with a bare carriage return", text: `${head("ce-id: a\rX-Injected: b", ...complete)}{}`, allowed: [400] },
    { is: "with NUL in a header", text: `${head("x: a\0b", ...complete)}{}`, allowed: [400] },
    { is: "with a space before the colon", text: `${head("content-length : 5", ...complete)}{}`, allowed: [400] },
    { is: "with two lengths in one", text: `${head(...attributes, "content-length: 2, 2")}{}`, allowed: [400] },
    { is: "with a length in hexadecimal", text: `${head(...attributes, "content-length: 0x2")}{}`, allowed: [400] },
    {
      is: "with a length beyond numbers",
      text: head(...attributes, `content-length: ${"9".repeat(30)}`),
      allowed: [400],
    },
    {
      is: "with chunks of a size beyond numbers",
      text: `${head("transfer-encoding: chunked")}${"f".repeat(20)}\r\n`,
      allowed: [400],
    },
    {
      is: "with more trailers than may be",
      text: `${head(...attributes, "transfer-encoding: chunked")}0\r\n${"x: y\r\n".repeat(10_000)}\r\n`,
      allowed: [202, 400, 431],
    },
  ])("$is has an answer, and nothing is injected into it", async ({ text, allowed }) => {
    const received = await victim.send(text)
    expect(allowed).toContain(statuses(received)[0])
    expect(received).not.toMatch(/^x-injected/im)
  })

  it.each(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "LINK"])(
    "of method %s never reaches an event, at any path",
    async (method) => {
      victim.api.reset()
      for (const path of ["/", "/namespaces/team/pipelines/web", "/other", "/%ff", "/metrics"]) {
        const received = await victim.send(`${request(`${method} ${path} HTTP/1.1`, "Host: x", ...complete)}{}`)
        expect([200, 204, 404, 405]).toContain(statuses(received)[0])
        if (statuses(received)[0] === 405) expect(received).toMatch(/^allow: POST, OPTIONS\r$/im)
      }
      expect(victim.api.calls).toEqual([])
    },
  )

  it("to CONNECT is not answered as if there were a tunnel", async () => {
    const received = await victim.send(request("CONNECT evil.example:443 HTTP/1.1", "Host: x"))
    expect(statuses(received)).not.toContain(200)
  })

  it("hidden behind the length of another is not taken for one of its own, if lengths contradict each other", async () => {
    const hidden = `${head(...attributes, "content-length: 0")}`
    const text = head(...attributes, "content-length: 0", "transfer-encoding: chunked")
    expect(statuses(await victim.send(`${text}0\r\n\r\n${hidden}`))).toEqual([400])
  })
})

describe("a sender", () => {
  // Node.js takes the end of what a sender says for the end of the connection, and drops the answer; the event comes again.
  it("that closes its half after a whole request has an answer or the end of the connection at once", async () => {
    expect([[], [202]]).toContainEqual(statuses(await victim.send(`${head(...complete)}{}`, "half-closes")))
  })

  it.each([
    { stops: "in its headers", text: "POST / HTTP/1.1\r\nHost:" },
    { stops: "in its body", text: `${head(...attributes, "content-length: 1000")}{` },
    { stops: "in a chunk", text: `${head(...attributes, "transfer-encoding: chunked")}5\r\nhe` },
    { stops: "before it says anything", text: "" },
  ])("that stops $stops and closes its half is not waited for", async ({ text }) => {
    for (const status of statuses(await victim.send(text, "half-closes"))) expect([400, 408]).toContain(status)
  })

  it("that goes away a thousand times, in any place of a request, leaves nothing behind", async () => {
    const whole = `${head(...attributes, "content-length: 100")}${"x".repeat(100)}`
    for (let i = 0; i < 1000; i += 50) {
      const cuts = Array.from({ length: 50 }, (_, j) => Math.floor((whole.length * (i + j)) / 1000))
      await Promise.all(cuts.map((cut) => victim.send(whole.slice(0, cut), "is gone")))
    }
  })

  it("that sends five hundred requests at once gets five hundred answers, in order", async () => {
    const raw = await sender(victim.port)
    const two = `${head(...complete)}{}${head("content-length: 0")}`
    raw.write(two.repeat(250))
    const deadline = Date.now() + 10_000
    while (statuses(raw.received()).length < 500 && Date.now() < deadline) await sleep(10)
    expect(statuses(raw.received())).toEqual(Array.from({ length: 250 }, () => [202, 400]).flat())
    raw.destroy()
  })

  it("does not keep others from their answers with five hundred connections on which nothing ends", async () => {
    const senders = await Promise.all(Array.from({ length: 500 }, () => sender(victim.port)))
    for (const [i, raw] of senders.entries()) {
      raw.write(i % 2 === 0 ? "POST / HTTP/1.1\r\nHo" : `${head(...attributes, "content-length: 9999")}{`)
    }
    await victim.expectWell()
    for (const raw of senders) raw.destroy()
  })
})

describe("the memory of the server", () => {
  /** The largest body there may be, read to its end, in each mode; each costs several times its size to parse. */
  const largest = [
    ["application/cloudevents+json", `{"a":"${"x".repeat(maxBodyBytes - 8)}"}`],
    ["application/cloudevents-batch+json", `[${"1,".repeat(maxBodyBytes / 2 - 2)}1]`],
    ["application/cloudevents-batch+json", "[".repeat(maxBodyBytes)],
  ] as const

  async function round(): Promise<void> {
    for (let i = 0; i < 6; i++) {
      for (const [type, body] of largest) {
        const received = await victim.send(`${head(`content-type: ${type}`, `content-length: ${body.length}`)}${body}`)
        expect(statuses(received)).toEqual([400])
      }
    }
    await Promise.all(Array.from({ length: 10 }, cutOff))
  }

  async function cutOff(): Promise<void> {
    const raw = await sender(victim.port)
    raw.write(head(...attributes, `content-length: ${100 * maxBodyBytes}`))
    await raw.pour(Buffer.alloc(maxBodyBytes), 20 * maxBodyBytes)
    raw.destroy()
  }

  // The heap grows to what a round needs and stays there; it is not given back. A server that kept what it read would
  // grow by 54 MB in three rounds, and by 30 MB more if it kept the beginnings of what it cut off.
  it("is the same after five rounds of the largest bodies as after two, give or take 60 MB", async () => {
    await round()
    await round()
    const before = victim.memoryMegabytes()
    for (let i = 0; i < 3; i++) await round()
    expect(victim.memoryMegabytes() - before).toBeLessThan(60)
  }, 60_000)
})

describe("headers that come one by one without end", () => {
  it("end with 408 after the ten seconds that they may take, and the five until somebody looks", async () => {
    const { received, seconds } = await slowHeaders
    expect(statuses(received)).toEqual([408])
    expect(seconds).toBeGreaterThan(9)
    expect(seconds).toBeLessThan(18)
  }, 25_000)
})

function dribble(port: number): Promise<{ received: string; seconds: number }> {
  const begin = Date.now()
  const socket = connect(port, "127.0.0.1")
  let received = ""
  socket.write("POST / HTTP/1.1\r\nHost: peanut\r\n")
  const timer = setInterval(() => socket.write("x: y\r\n"), 100)
  socket.setEncoding("latin1").on("data", (text) => {
    received += text
  })
  socket.on("error", () => undefined)
  return new Promise((resolve) => {
    socket.on("close", () => {
      clearInterval(timer)
      resolve({ received, seconds: (Date.now() - begin) / 1000 })
    })
  })
}
