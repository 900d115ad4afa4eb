// Requests as a hostile sender, or a broken one, would make them: good ones with something wrong in any place.

import fc from "fast-check"
import { eventTypes } from "../../src/events/target.ts"
import { added, foreign, irrelevant, ping } from "../server/events.ts"
import { damage, damaged, hostileText } from "./junk.ts"

export interface HostileRequest {
  readonly method: string
  readonly head: string
  readonly body: Uint8Array
  readonly ends: "waits" | "half-closes" | "is gone"
  /** Whether it ends where it says that it ends, so that an answer must come. */
  readonly isComplete: boolean
}

const targets = [
  "/",
  "/",
  "/",
  "/namespaces/team/pipelines/web",
  "/namespaces/team/pipelines/__proto__",
  "/namespaces/..%2f../pipelines/web",
  "/namespaces/team/pipelines/..%2f..%2fsecrets%2fx",
  "/namespaces/%00/pipelines/%ff",
  "/namespaces/team%0d%0aX-Injected:%20b/pipelines/web",
  "/namespaces/%F0%9F%A5%9C/pipelines/web",
  "/namespaces/TEAM/pipelines/web?x=%",
  "/namespaces/team/pipelines/web/../../..",
  `/namespaces/${"x".repeat(254)}/pipelines/web`,
  "/../../etc/passwd",
  "//evil.example/",
  "http://evil.example/",
  "/%",
  "/?__proto__[x]=1",
  "*",
  "/metrics",
  "/healthz",
]
const target = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...targets) },
  { weight: 1, arbitrary: fc.webPath().map((path) => `/${path}`) },
  { weight: 1, arbitrary: hostileText.map((text) => `/namespaces/team/pipelines/${encodeURI(text.toWellFormed())}`) },
)

const methods = ["POST", "POST", "POST", "POST", "POST", "GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
const method = fc.constantFrom(...methods, "CONNECT", "PROPFIND", "QUERY", "BREW", "post")

/** Without the line breaks that would make it another header: those are in `lines`. */
const value = hostileText.map((text) =>
  [...Buffer.from(text.replace(/[\r\n\0]/g, "").slice(0, 9000))].map(character).join(""),
)
const character = (byte: number) => String.fromCharCode(byte)

const types = ["cloudevents+json", "cloudevents-batch+json", "json", "cloudevents+xml", "json; charset=utf-16", ""]
const contentType = fc.oneof(fc.constantFrom(...types.map((type) => `application/${type}`)), value)

const attributes = fc
  .record(
    {
      "ce-id": fc.oneof(fc.constant("1"), value),
      "ce-source": fc.oneof(fc.constant("/s"), value),
      "ce-type": fc.oneof(fc.constantFrom(...Object.values(eventTypes), "com.example.push"), value),
      "ce-specversion": fc.oneof(fc.constantFrom("1.0", "1.0", "0.3", "9.9"), value),
      "ce-time": value,
      "ce-subject": value,
      "ce-dataschema": value,
      "ce-__proto__": value,
      "ce-constructor": value,
      "ce-traceparent": value,
      traceparent: value,
      authorization: value,
    },
    { requiredKeys: ["ce-id", "ce-source", "ce-type", "ce-specversion"] },
  )
  .map((headers) => Object.entries(headers).map(([name, value]) => `${name}: ${value}`))

const upgrade = "upgrade: h2c\r\nconnection: upgrade, http2-settings"

const lines = fc.array(
  fc.constantFrom(
    "ce-id: 2",
    "ce-type: x\r\n folded",
    "ce-id: x\nX-Injected: b",
    "ce-id: x\rX-Injected: b",
    "content-type: text/plain",
    "x: \0",
    "no colon",
    ": no name",
    "na me: x",
    "__proto__: x",
    "connection: close",
    "expect: 100-continue",
    "content-encoding: gzip",
    `x: ${"y".repeat(20_000)}`,
    "te: trailers",
    upgrade,
  ),
  { maxLength: 2 },
)

const events = [added, ping, irrelevant, foreign].map((event) => event.toJSON() as object)
const event = fc
  .tuple(fc.constantFrom(...events), fc.array(damage, { maxLength: 3 }))
  .map(([event, damages]) => jsonOf(damaged(event, damages)))
/** What is too deep for it is sent deep by hand. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    return `${'{"data":'.repeat(100_000)}1${"}".repeat(100_000)}`
  }
}

const body: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: event.map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.array(event, { maxLength: 20 }).map((events) => Buffer.from(`[${events}]`)) },
  { weight: 1, arbitrary: event.map((text) => Buffer.from(`\uFEFF${text}`)) },
  { weight: 1, arbitrary: fc.tuple(event, fc.nat()).map(([text, at]) => broken(Buffer.from(text), at)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  { weight: 1, arbitrary: fc.constantFrom("", "{}", "[]", "[[[]]]", "null").map((text) => Buffer.from(text)) },
)

/** With a byte in it that is never in UTF-8. */
function broken(bytes: Buffer, at: number): Buffer {
  if (bytes.length > 0) bytes[at % bytes.length] = 0xff
  return bytes
}

const framings = [
  "length",
  "length",
  "length",
  "chunks",
  "too short",
  "too long",
  "both",
  "none",
  "bad chunks",
] as const

function framed(framing: (typeof framings)[number], body: Uint8Array): { lines: string[]; body: Uint8Array } {
  const hex = body.length.toString(16)
  const chunked = Buffer.concat([
    Buffer.from(`${hex}\r\n`),
    body,
    Buffer.from(body.length > 0 ? "\r\n0\r\n\r\n" : "\r\n"),
  ])
  switch (framing) {
    case "length":
      return { lines: [`content-length: ${body.length}`], body }
    case "too short":
      return { lines: [`content-length: ${Math.floor(body.length / 2)}`], body }
    case "too long":
      return { lines: [`content-length: ${body.length + 10}`], body }
    case "chunks":
      return { lines: ["transfer-encoding: chunked"], body: chunked }
    case "both":
      return { lines: ["transfer-encoding: chunked", `content-length: ${body.length}`], body: chunked }
    case "bad chunks":
      return { lines: ["transfer-encoding: chunked"], body: Buffer.concat([Buffer.from("zz\r\n"), body]) }
    case "none":
      return { lines: [], body }
  }
}

export const hostileRequest: fc.Arbitrary<HostileRequest> = fc
  .record({
    method,
    target,
    version: fc.constantFrom("1.1", "1.1", "1.1", "1.1", "1.0", "0.9", "2.0"),
    type: fc.option(contentType),
    attributes: fc.oneof(attributes, fc.constant([])),
    lines: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: lines }),
    framing: fc.constantFrom(...framings),
    body,
    ends: fc.constantFrom("waits", "waits", "half-closes", "is gone"),
  })
  .map(({ method, target, version, type, attributes, lines, framing, body, ends }) => {
    const { lines: framingLines, body: framedBody } = framed(framing, body)
    // Node.js answers a bad chunk after these headers only when the time for the request is up.
    const isComplete =
      framing !== "too long" && !(framing === "bad chunks" && (lines as readonly string[]).includes(upgrade))
    const all = ["Host: peanut", ...(type === null ? [] : [`content-type: ${type}`]), ...attributes, ...lines]
    return {
      method,
      head: [`${method} ${target} HTTP/${version}`, ...all, ...framingLines, "", ""].join("\r\n"),
      body: framedBody,
      // What is not sent to its end would be waited for until a timeout.
      ends: !isComplete && ends === "waits" ? "half-closes" : ends,
      isComplete,
    }
  })
