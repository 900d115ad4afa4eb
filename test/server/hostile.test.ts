// What a sender may do to a server, on purpose or not. None of it may stop the server, make it send an answer that
// Knative repeats, or show in the log.

import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { maxBodyBytes } from "../../src/server/body.ts"
import { binary, ping, structured } from "./events.ts"
import { attributes, head, sender, statusOf } from "./raw.ts"
import { type Served, serving, spyOnConsole } from "./serve.ts"

const unhandled: unknown[] = []
const onUnhandled = (error: unknown) => unhandled.push(error)
let output: ReturnType<typeof spyOnConsole>
beforeEach(() => {
  unhandled.length = 0
  output = spyOnConsole()
  process.on("unhandledRejection", onUnhandled)
})
afterEach(() => {
  vi.restoreAllMocks()
  process.off("unhandledRejection", onUnhandled)
})

/** Serves, and sees that the server is well afterwards and has nothing to tell. */
const survives = (use: (served: Served) => Promise<void>, options?: Parameters<typeof serving>[1]) => () =>
  serving(async (served) => {
    await use(served)
    expect((await served.post(structured(ping))).status).toBe(202)
    await sleep(20)
    expect(output.log().filter((line) => JSON.parse(line).message !== "resync")).toEqual([])
    expect(output.others()).toEqual([])
    expect(unhandled).toEqual([])
  }, options)

const json = ["content-type: application/json"]
const structuredHead = (bytes: number, more: readonly string[] = []) =>
  head("content-type: application/cloudevents+json", `content-length: ${bytes}`, ...more)

describe("a body", () => {
  const megabyte = Buffer.alloc(maxBodyBytes, "a")
  const chunk = Buffer.concat([Buffer.from("10000\r\n"), Buffer.alloc(0x10000, "a"), Buffer.from("\r\n")])

  it.each([
    { body: "of 100 MB", header: `content-length: ${100 * maxBodyBytes}`, part: megabyte },
    { body: "whose chunks never end", header: "transfer-encoding: chunked", part: chunk },
  ])("$body is cut off: 400 arrives, and the connection closes without the rest", ({ header, part }) =>
    survives(async ({ port }) => {
      const raw = await sender(port)
      raw.write(head(...attributes, header))
      const pouring = raw.pour(part, 100 * maxBodyBytes)
      expect(await raw.status()).toBe(400)
      const answered = Date.now()
      await raw.closed()
      await pouring
      expect(raw.received()).toContain(`the body is longer than ${maxBodyBytes} bytes`)
      expect(Date.now() - answered).toBeLessThan(5000)
      expect(raw.sentBytes()).toBeLessThan(95 * maxBodyBytes)
    })(),
  )

  it("that is too long is answered before its sender closes, so that the answer is never lost to a reset", () =>
    survives(async ({ port }) => {
      const raw = await sender(port)
      raw.write(head(...attributes, `content-length: ${100 * maxBodyBytes}`), megabyte, "more")
      expect(await raw.status()).toBe(400)
      // A server that closed at once would meet these bytes with a reset.
      await sleep(50)
      raw.write(megabyte)
      await sleep(50)
      expect(raw.received()).toContain("the body is longer")
      expect(raw.received()).not.toMatch(/^connection: close/im)
      await raw.closed()
    })())

  it.each([
    { bytes: maxBodyBytes, status: 202 },
    { bytes: maxBodyBytes + 1, status: 400 },
  ])("of $bytes bytes is answered with $status", ({ bytes, status }) =>
    survives(async ({ port }) => {
      const body = Buffer.alloc(bytes, "a")
      expect(await statusOf(port, head(...attributes, `content-length: ${bytes}`), body)).toBe(status)
    })(),
  )

  it("in chunks of one byte is put together", () =>
    survives(async ({ port }) => {
      const { headers, body } = structured(ping)
      const type = `content-type: ${headers["content-type"]}`
      const chunks = [...Buffer.from(body ?? "")].map((byte) => `1\r\n${String.fromCharCode(byte)}\r\n`)
      expect(await statusOf(port, head(type, "transfer-encoding: chunked"), ...chunks, "0\r\n\r\n")).toBe(202)
    })())

  it("shorter than its Content-Length is not waited for beyond the request timeout", () =>
    survives(
      async ({ port }) => {
        const raw = await sender(port)
        raw.write(structuredHead(1000), "{")
        expect(await raw.status()).toBe(408)
        await raw.closed()
      },
      { limits: { requestTimeout: 200, headersTimeout: 100, connectionsCheckingInterval: 50 } },
    )())

  it("that dribbles ends at the request timeout too", () =>
    survives(
      async ({ port }) => {
        const raw = await sender(port)
        raw.write(structuredHead(1000))
        const dribble = setInterval(() => raw.write(" "), 20)
        expect(await raw.status()).toBe(408)
        clearInterval(dribble)
        await raw.closed()
      },
      { limits: { requestTimeout: 200, headersTimeout: 100, connectionsCheckingInterval: 50 } },
    )())

  it("longer than its Content-Length is answered, and the connection closes: what follows is no request", () =>
    survives(async ({ port }) => {
      const raw = await sender(port)
      raw.write(head(...attributes, "content-length: 2"), "{}{}{}{}")
      expect([202, 400]).toContain(await raw.status())
      await raw.closed()
    })())

  it("whose sender goes away in the middle is forgotten", () =>
    survives(async ({ port }) => {
      for (const start of [structuredHead(1000), head(...attributes, "transfer-encoding: chunked")]) {
        const raw = await sender(port)
        raw.write(start, "5\r\nhello")
        await sleep(20)
        raw.destroy()
      }
      await sleep(50)
    })())
})

describe("a body is answered with 400 that", () => {
  const deep = "[".repeat(maxBodyBytes)
  const half = maxBodyBytes / 2
  it.each<{ is: string; body: string | Uint8Array }>([
    { is: "is empty", body: "" },
    { is: "is null", body: "null" },
    { is: "is a number", body: "1e999" },
    { is: "is a text of a megabyte", body: `"${"a".repeat(maxBodyBytes - 2)}"` },
    { is: "is an array", body: "[{}]" },
    { is: "is an empty object", body: "{}" },
    { is: "has attributes of wrong types", body: '{"specversion":1.0,"id":{},"source":[],"type":true}' },
    { is: "is a megabyte of [", body: deep },
    { is: "is half a million of [ and of ]", body: "[".repeat(half) + "]".repeat(half) },
    { is: "is deep objects", body: `${'{"a":'.repeat(150_000)}1${"}".repeat(150_000)}` },
    { is: "has a hundred thousand fields", body: `{${Array.from({ length: 100_000 }, (_, i) => `"a${i}":1`)}}` },
    { is: "is not UTF-8", body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) },
    { is: "ends within a character", body: Buffer.from("é").subarray(0, 1) },
    { is: "is zeros", body: Buffer.alloc(1000) },
    { is: "has a __proto__", body: '{"__proto__":{"id":"1","source":"/","type":"t","specversion":"1.0"}}' },
  ])("$is", ({ body }) =>
    survives(async ({ port }) => {
      const bytes = Buffer.from(body)
      expect(await statusOf(port, structuredHead(bytes.byteLength), bytes)).toBe(400)
      expect(({} as { id?: string }).id).toBeUndefined()
    })(),
  )
})

describe("data of an object is answered with 400 that", () => {
  const add = attributes.map((line) => line.replace("dev.knative.sources.ping", "dev.knative.apiserver.resource.add"))
  it.each([
    { is: "is no object", data: "5" },
    { is: "is not JSON", data: "<xml/>" },
    { is: "has no metadata", data: '{"apiVersion":"batch/v1","kind":"Job"}' },
    { is: "has metadata of a wrong type", data: '{"apiVersion":"batch/v1","kind":"Job","metadata":[]}' },
    { is: "has a name that leads elsewhere", data: job({ name: "../../secrets/x", namespace: "team" }) },
    { is: "has labels of wrong types", data: job({ name: "a", namespace: "b", labels: { a: 1 } }) },
    { is: "has owners of wrong types", data: job({ name: "a", namespace: "b", ownerReferences: [null] }) },
    { is: "has a __proto__ for metadata", data: '{"apiVersion":"batch/v1","kind":"Job","__proto__":{"metadata":{}}}' },
  ])("$is", ({ data }) =>
    survives(async ({ port }) => {
      expect(await statusOf(port, head(...add, ...json, `content-length: ${data.length}`), data)).toBe(400)
    })(),
  )

  it("but a deep one is taken, as nobody looks into it", () =>
    survives(async ({ port }) => {
      const data = `{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"a","namespace":"b"},"spec":${"[".repeat(
        400_000,
      )}${"]".repeat(400_000)}}`
      expect(await statusOf(port, head(...add, ...json, `content-length: ${data.length}`), data)).toBe(202)
    })())

  function job(metadata: object): string {
    return JSON.stringify({ apiVersion: "batch/v1", kind: "Job", metadata })
  }
})

describe("headers", () => {
  const empty = "content-length: 0"

  it.each<{ are: string; lines: readonly string[]; status: number }>([
    { are: "twice an attribute", lines: [...attributes, "ce-id: 2", empty], status: 202 },
    { are: "twice a content type", lines: [...attributes, ...json, "content-type: text/plain", empty], status: 202 },
    { are: "twice a length", lines: [...attributes, empty, "content-length: 5"], status: 400 },
    { are: "a length and chunks", lines: [...attributes, empty, "transfer-encoding: chunked"], status: 400 },
    { are: "a length that is none", lines: [...attributes, "content-length: -1"], status: 400 },
    { are: "an unknown coding", lines: [...attributes, "transfer-encoding: gzip"], status: 400 },
    { are: "a __proto__", lines: [...attributes, "__proto__: x", "constructor: y", empty], status: 202 },
    { are: "an attribute __proto__", lines: [...attributes, "ce-__proto__: x", empty], status: 400 },
    { are: "bytes above ASCII", lines: [...attributes, "ce-subject: \u00e9\u00ff", empty], status: 202 },
    {
      are: "500 others",
      lines: [...attributes, ...Array.from({ length: 500 }, (_, i) => `x${i}: 1`), empty],
      status: 202,
    },
    { are: "larger than 16 KiB", lines: [...attributes, `x: ${"x".repeat(17_000)}`, empty], status: 431 },
    { are: "no header", lines: [...attributes, "x", empty], status: 400 },
    { are: "an upgrade", lines: [...attributes, "connection: upgrade", "upgrade: websocket", empty], status: 202 },
    { are: "an expectation", lines: [...attributes, "expect: miracles", empty], status: 417 },
  ])("$are: $status", ({ lines, status }) =>
    survives(async ({ port }) => {
      expect(await statusOf(port, head(...lines))).toBe(status)
    })(),
  )

  it("of a sender that asks whether it may go on are answered with 100, then with the answer", () =>
    survives(async ({ port }) => {
      const raw = await sender(port)
      raw.write(head(...attributes, "expect: 100-continue", "content-length: 2"))
      expect(await raw.status()).toBe(100)
      raw.write("{}")
      while (!raw.received().includes("HTTP/1.1 202 ")) await sleep(5)
      raw.destroy()
    })())

  it.each(["", "a/b", "x y", "peanut:99999", "[::1", "user@host", "é"])(
    "with a strange host %j never lead to an answer that is sent again",
    (host) =>
      survives(async ({ port }) => {
        const text = ["POST / HTTP/1.1", `Host: ${host}`, ...attributes, empty, "", ""].join("\r\n")
        expect([202, 400]).toContain(await statusOf(port, Buffer.from(text, "latin1")))
      })(),
  )

  it("that never end are cut off by the timeout with 408", () =>
    survives(
      async ({ port }) => {
        const raw = await sender(port)
        raw.write("POST / HTTP/1.1\r\nHost: peanut\r\n")
        const dribble = setInterval(() => raw.write("x: y\r\n"), 20)
        expect(await raw.status()).toBe(408)
        clearInterval(dribble)
        await raw.closed()
      },
      { limits: { requestTimeout: 5000, headersTimeout: 100, connectionsCheckingInterval: 50 } },
    )())
})

describe("what is not HTTP", () => {
  it.each([
    { is: "noise", text: "\x16\x03\x01\x02\x00\x01\x00\x01" },
    { is: "an unknown method", text: "BREW / HTTP/1.1\r\nHost: x\r\n\r\n" },
    { is: "a future version", text: "POST / HTTP/9.9\r\nHost: x\r\n\r\n" },
    { is: "no host", text: "POST / HTTP/1.1\r\n\r\n" },
    { is: "a bad chunk", text: `${head(...attributes, "transfer-encoding: chunked")}zz\r\n` },
    {
      is: "a chunk with 20 KB of extensions",
      text: `${head("transfer-encoding: chunked")}1;${"x".repeat(20_000)}\r\n`,
    },
    { is: "a target that is none", text: `POST * HTTP/1.1\r\nHost: x\r\n\r\n` },
  ])("is answered with 400, also $is", ({ text }) =>
    survives(async ({ port }) => {
      const raw = await sender(port)
      raw.write(Buffer.from(text, "latin1"))
      expect(await raw.status()).toBe(400)
      raw.destroy()
    })(),
  )

  it("is answered also while more of it comes, and the connection closes before long", () =>
    survives(async ({ port }) => {
      const socket = connect(port, "127.0.0.1").on("error", () => undefined)
      socket.write("BREW / HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n")
      await sleep(50)
      const start = Date.now()
      const more = setInterval(() => socket.write(Buffer.alloc(10_000, "[")), 10)
      await sleep(50)
      // Fails if the connection is reset.
      let received = ""
      for await (const part of socket) received += part
      clearInterval(more)
      expect(received).toMatch(/^HTTP\/1\.1 400 /)
      expect(Date.now() - start).toBeLessThan(5000)
    })())

  it("leaves the connections of others alone", () =>
    survives(async ({ port, post }) => {
      const senders = await Promise.all(Array.from({ length: 50 }, () => sender(port)))
      for (const raw of senders) raw.write(structuredHead(100), "{")
      expect((await post(binary(ping))).status).toBe(202)
      for (const raw of senders) raw.destroy()
    })())
})

describe("requests one after the other on a connection", () => {
  it("are each answered, in order, also when they come together", () =>
    survives(async ({ port }) => {
      const raw = await sender(port)
      const good = head(...attributes, "content-length: 0")
      const bad = head("ce-id: 1", "content-length: 0")
      raw.write(good + bad + good)
      while ((raw.received().match(/HTTP\/1\.1 /g) ?? []).length < 3) await sleep(5)
      expect(raw.received().match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 202", "HTTP/1.1 400", "HTTP/1.1 202"])
      raw.destroy()
    })())
})
