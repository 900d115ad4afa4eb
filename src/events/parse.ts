// An HTTP message as CloudEvents: binary, structured and batch mode, specversion 1.0 and 0.3. The SDK's own receiver
// (cloudevents 10) makes up a missing id or specversion, checks nothing of 0.3, knows two spellings of JSON's media
// type and fails on JSON that begins with a space, so only its types are used, and its senders in the tests.

import type { IncomingHttpHeaders } from "node:http"
import type { CloudEventV1 } from "cloudevents"
import * as z from "zod"

/** The most events of a batch: while they are looked at, nobody else is served. */
const maxBatch = 10_000

export interface ParsedEvents {
  readonly events: readonly CloudEventV1<unknown>[]
  /** One sentence about why the message, or one event of its batch, is not a CloudEvent. */
  readonly problem?: string
}

/** The events of a message. Never throws; in a batch, what is no event does not take the others with it. */
export function parseEvents(headers: IncomingHttpHeaders, body: Uint8Array): ParsedEvents {
  switch (mediaType(headers["content-type"])) {
    case "application/cloudevents-batch+json":
      return fromBatch(parseJson(body))
    case "application/cloudevents+json":
      return together([andThen(parseJson(body), fromJson)])
    default:
      return together([fromHeaders(headers, body)])
  }
}

type Result<T> = { readonly value: T } | { readonly problem: string }

function andThen<A, B>(result: Result<A>, next: (value: A) => Result<B>): Result<B> {
  return "problem" in result ? result : next(result.value)
}

function together(results: readonly Result<CloudEventV1<unknown>>[]): ParsedEvents {
  const events = results.flatMap((result) => ("value" in result ? [result.value] : []))
  const index = results.findIndex((result) => "problem" in result)
  const first = results[index]
  if (first === undefined || !("problem" in first)) return { events }
  const which = results.length > 1 ? `event ${index + 1} of the batch is ` : ""
  return { events, problem: `${which}not a CloudEvent: ${first.problem}` }
}

function fromBatch(list: Result<unknown>): ParsedEvents {
  if ("problem" in list) return together([list])
  if (!Array.isArray(list.value)) return together([{ problem: "a batch is an array" }])
  if (list.value.length > maxBatch) {
    return { events: [], problem: `a batch has at most ${maxBatch} events, and this one has ${list.value.length}` }
  }
  return together(list.value.map(fromJson))
}

/** Binary mode: the attributes are headers, the data is the body. */
function fromHeaders(headers: IncomingHttpHeaders, body: Uint8Array): Result<CloudEventV1<unknown>> {
  const type = headers["content-type"]
  const given = Object.entries(headers).filter(
    (header): header is [string, string] => header[0].startsWith("ce-") && header[1] !== "",
  )
  if (given.length === 0) {
    const modes = "neither headers such as ce-id nor the content type application/cloudevents+json are there"
    return { problem: type?.startsWith("application/cloudevents") ? `${mediaType(type)} is not read here` : modes }
  }
  const attributes = Object.fromEntries(given.map(([name, value]) => [name.slice("ce-".length), decoded(value)]))
  const data = body.byteLength === 0 ? { value: undefined } : parseData(type, body)
  return andThen(data, (data) => event({ ...attributes, ...(type && { datacontenttype: type }) }, data))
}

/** Structured mode, or one event of a batch: the attributes and the data are fields of an object. */
function fromJson(object: unknown): Result<CloudEventV1<unknown>> {
  if (typeof object !== "object" || object === null || Array.isArray(object)) return { problem: "it is not an object" }
  const { data, data_base64: encoded, ...attributes } = object as Record<string, unknown>
  const isEncoded03 = attributes.specversion === "0.3" && attributes.datacontentencoding === "base64"
  const base64 = encoded ?? (isEncoded03 ? data : undefined)
  if (base64 === undefined) return event(attributes, data)
  if (encoded != null && data != null) return { problem: 'it has both "data" and "data_base64"' }
  if (!z.base64().safeParse(base64).success) return { problem: "its data is not base64" }
  const { datacontenttype = "application/json" } = attributes
  return andThen(parseData(datacontenttype, Buffer.from(base64 as string, "base64")), (data) => event(attributes, data))
}

function event(given: Readonly<Record<string, unknown>>, data: unknown): Result<CloudEventV1<unknown>> {
  // Checked first, as it also keeps `__proto__` out.
  const misnamed = Object.keys(given).find((name) => !/^[a-z0-9]+$/.test(name))
  if (misnamed !== undefined) return { problem: `"${misnamed}" cannot be the name of an attribute` }
  const parsed = attributes.safeParse(given)
  if (parsed.success) return { value: { ...parsed.data, data } as CloudEventV1<unknown> }
  const { path, message } = parsed.error.issues[0]!
  return { problem: `"${String(path[0])}" ${message}` }
}

const says = (must: string) => ({
  error: ({ input }: { readonly input?: unknown }) => (input === undefined ? "is missing" : `must be ${must}`),
})
const text = z.string(says("text")).min(1, "must not be empty")
const uriReference = text.regex(/^[\w.~:/?#[\]@!$&'()*+,;=%-]*$/, "must be a URI or a part of one")

/** What the specification says of attributes, also of those it does not name. */
const attributes = z
  .object({
    specversion: z.enum(["1.0", "0.3"], says('"1.0" or "0.3"')),
    id: text,
    source: uriReference,
    type: text,
    datacontenttype: text.nullish(),
    dataschema: uriReference.nullish(),
    subject: text.nullish(),
    time: z.iso.datetime({ offset: true, error: "must be a time such as 2026-01-31T12:00:00Z" }).nullish(),
  })
  .catchall(z.union([z.string(), z.boolean(), z.int(), z.null()], says("text, an integer or a boolean")))

/** Data that is JSON as what it says, any other as it came. */
function parseData(type: unknown, bytes: Uint8Array): Result<unknown> {
  return /^((application|text)\/json|.*\+json)$/.test(mediaType(type)) ? parseJson(bytes) : { value: bytes }
}

const utf8 = new TextDecoder("utf-8", { fatal: true })

function parseJson(bytes: Uint8Array): Result<unknown> {
  try {
    return { value: JSON.parse(utf8.decode(bytes)) }
  } catch (error) {
    return { problem: error instanceof SyntaxError ? `it is not JSON: ${error.message}` : "it is not UTF-8" }
  }
}

/** Without parameters, such as a charset: JSON is always UTF-8. */
const mediaType = (type: unknown) => (typeof type === "string" ? (type.split(";")[0] ?? "").trim().toLowerCase() : "")

/** Headers carry what is not printable ASCII percent-encoded. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
