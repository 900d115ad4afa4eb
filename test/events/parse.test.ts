import { CloudEvent, type CloudEventV1, HTTP } from "cloudevents"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseEvents } from "../../src/events/parse.ts"

const required = { specversion: "1.0", id: "1", source: "/s", type: "t" }
const structured = "application/cloudevents+json"
const batched = "application/cloudevents-batch+json"

type Body = string | Uint8Array
const parse = (headers: Record<string, string>, body: Body = "") => parseEvents(headers, Buffer.from(body))
const json = (event: unknown, type = structured) => parse({ "content-type": type }, JSON.stringify(event))
const binary = (headers: Record<string, string>, body: Body = "") =>
  parse({ "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", ...headers }, body)

/** The one event of a message that is one. */
function only({ events, problem }: ReturnType<typeof parseEvents>): CloudEventV1<unknown> {
  expect(problem).toBeUndefined()
  expect(events).toHaveLength(1)
  return events[0]!
}

describe("parseEvents reads what the SDK sends", () => {
  const attribute = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  const event = fc
    .record(
      {
        id: fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/).filter((id) => !id.includes("%")),
        source: fc.webUrl().filter((url) => !url.includes("%")),
        type: fc.stringMatching(/^[a-z.]{1,30}$/),
        subject: fc.stringMatching(/^[a-z/]{1,20}$/),
        time: fc
          .date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") })
          .map((d) => d.toISOString()),
        myextension: fc.stringMatching(/^[a-z0-9]{1,20}$/),
        data: fc.oneof(fc.dictionary(attribute, fc.jsonValue()), fc.array(fc.jsonValue())),
      },
      { requiredKeys: ["id", "source", "type", "data"] },
    )
    .map((properties) => new CloudEvent({ ...properties, datacontenttype: "application/json" }))
  const plain = (event: CloudEventV1<unknown>) => {
    const known = Object.entries(event).filter(([, value]) => value !== undefined)
    return JSON.parse(JSON.stringify(Object.fromEntries(known)))
  }

  it.each([
    { mode: "binary", of: (event: CloudEvent<unknown>) => [HTTP.binary(event)] },
    { mode: "structured", of: (event: CloudEvent<unknown>) => [HTTP.structured(event)] },
    {
      mode: "batch",
      of: (event: CloudEvent<unknown>) => [{ headers: { "content-type": batched }, body: JSON.stringify([event]) }],
    },
  ])("in mode $mode, as it was", ({ of }) => {
    fc.assert(
      fc.property(event, (event) => {
        for (const { headers, body } of of(event)) {
          const parsed = only(parseEvents(headers as Record<string, string>, Buffer.from(body as string)))
          expect(plain(parsed)).toEqual(plain(event))
        }
      }),
      { numRuns: 100 },
    )
  })
})

describe("parseEvents, in binary mode", () => {
  it("takes attributes from headers and data from the body", () => {
    const event = only(binary({ "ce-subject": "x", "content-type": "application/json" }, '{"a":1}'))
    expect(event).toEqual({ ...required, subject: "x", datacontenttype: "application/json", data: { a: 1 } })
  })

  it.each([
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "Application/JSON",
    "text/json",
    "application/vnd.example+json; x=y",
  ])("reads %j as JSON, also when it begins with a space", (type) => {
    expect(only(binary({ "content-type": type }, ' \n{"a":1}')).data).toEqual({ a: 1 })
  })

  it.each([undefined, "text/plain", "application/xml", "image/png", "application/x-www-form-urlencoded", "json", ";"])(
    "leaves data of type %j as it came, be it UTF-8 or not",
    (type) => {
      const bytes = Buffer.from([0xff, 0xfe, 0x7b])
      expect(only(binary(type === undefined ? {} : { "content-type": type }, bytes)).data).toEqual(bytes)
    },
  )

  it("takes an event without data", () => {
    expect(only(binary({ "content-type": "application/json" }, "")).data).toBeUndefined()
  })

  it.each([
    { header: "caf%C3%A9%20%25", id: "café %" },
    { header: "100%", id: "100%" },
    { header: "a, b", id: "a, b" },
    { header: "../../%2e", id: "../../." },
    { header: "' OR 1=1 --", id: "' OR 1=1 --" },
  ])("reads the id $header as $id", ({ header, id }) => {
    expect(only(binary({ "ce-id": header })).id).toBe(id)
  })

  it("has extension attributes", () => {
    expect(only(binary({ "ce-knativearrivaltime": "now", "ce-validate": "x" }))).toMatchObject({
      knativearrivaltime: "now",
      validate: "x",
    })
  })

  it.each(["ce-id", "ce-source", "ce-type", "ce-specversion"])("names %s when it is missing or empty", (header) => {
    const missing = { problem: `not a CloudEvent: "${header.slice(3)}" is missing`, events: [] }
    expect(binary({ [header]: "" })).toEqual(missing)
    const others = ["ce-specversion", "ce-id", "ce-source", "ce-type"].filter((other) => other !== header)
    expect(parse(Object.fromEntries(others.map((other) => [other, "1.0"])))).toEqual(missing)
  })
})

describe("parseEvents, in structured mode", () => {
  it.each(["1.0", "0.3"])("takes an event of version %s", (specversion) => {
    const event = { ...required, specversion, datacontenttype: "application/json", data: { a: 1 }, ext: 5 }
    expect(only(json(event))).toEqual(event)
  })

  it.each([structured, `${structured}; charset=utf-8`, `${structured};charset=UTF-8`, "Application/CloudEvents+JSON"])(
    "takes the content type %j",
    (type) => {
      expect(only(json(required, type))).toMatchObject(required)
    },
  )

  it.each([
    { data: null, is: null },
    { data: 0, is: 0 },
    { data: false, is: false },
    { data: "text", is: "text" },
    { data: [1], is: [1] },
    { data: 12345678901234567890n.toString(), is: "12345678901234567890" },
  ])("takes the data $data", ({ data, is }) => {
    expect(only(json({ ...required, data })).data).toEqual(is)
  })

  it("survives numbers that are none to JavaScript", () => {
    const text = JSON.stringify(required).replace("}", ',"data":{"a":1e999,"b":12345678901234567890}}')
    expect(only(parse({ "content-type": structured }, text)).data).toEqual({ a: Infinity, b: 12345678901234567000 })
  })

  const encoded = Buffer.from('{"a":1}').toString("base64")
  it.each([
    { as: "data_base64", event: { ...required, data_base64: encoded, datacontenttype: "application/json" } },
    { as: "data_base64 without a type", event: { ...required, data_base64: encoded } },
    {
      as: "the data of version 0.3",
      event: { ...required, specversion: "0.3", datacontentencoding: "base64", data: encoded },
    },
  ])("reads JSON that comes as $as", ({ event }) => {
    expect(only(json(event)).data).toEqual({ a: 1 })
  })

  it("leaves other data_base64 as bytes", () => {
    const event = only(json({ ...required, datacontenttype: "image/png", data_base64: "//79" }))
    expect(event.data).toEqual(Buffer.from([0xff, 0xfe, 0xfd]))
    expect(event).not.toHaveProperty("data_base64")
  })

  it("takes null for an attribute that is not there", () => {
    expect(only(json({ ...required, subject: null, time: null, ext: null }))).toMatchObject(required)
  })
})

describe("parseEvents, in batch mode", () => {
  it("takes the events in their order", () => {
    const { events, problem } = json(
      [
        { ...required, id: "a" },
        { ...required, id: "b", specversion: "0.3" },
      ],
      batched,
    )
    expect(events.map(({ id }) => id)).toEqual(["a", "b"])
    expect(problem).toBeUndefined()
  })

  it("takes a batch of none", () => {
    expect(json([], batched)).toEqual({ events: [] })
  })

  it("gives the good ones, and names the first that is none", () => {
    const { events, problem } = json([required, { ...required, id: 5 }, null, { ...required, id: "z" }], batched)
    expect(events.map(({ id }) => id)).toEqual(["1", "z"])
    expect(problem).toBe('event 2 of the batch is not a CloudEvent: "id" must be text')
  })
})

describe("parseEvents tells what is wrong with", () => {
  it.each<{ what: string; event: unknown; says: string }>([
    { what: "null", event: null, says: "it is not an object" },
    { what: "a number", event: 5, says: "it is not an object" },
    { what: "a text", event: "text", says: "it is not an object" },
    { what: "an array", event: [required], says: "it is not an object" },
    { what: "nothing", event: {}, says: '"specversion" is missing' },
    { what: "no id", event: { ...required, id: undefined }, says: '"id" is missing' },
    { what: "no source", event: { ...required, source: undefined }, says: '"source" is missing' },
    { what: "no type", event: { ...required, type: undefined }, says: '"type" is missing' },
    { what: "a null id", event: { ...required, id: null }, says: '"id" must be text' },
    { what: "an empty id", event: { ...required, id: "" }, says: '"id" must not be empty' },
    { what: "a number as type", event: { ...required, type: 5 }, says: '"type" must be text' },
    {
      what: "a future version",
      event: { ...required, specversion: "2.0" },
      says: '"specversion" must be "1.0" or "0.3"',
    },
    {
      what: "a number as version",
      event: { ...required, specversion: 1 },
      says: '"specversion" must be "1.0" or "0.3"',
    },
    { what: "0.3 without a type", event: { specversion: "0.3", id: "1", source: "/" }, says: '"type" is missing' },
    {
      what: "a source with spaces",
      event: { ...required, source: "a b" },
      says: '"source" must be a URI or a part of one',
    },
    {
      what: "a time that is none",
      event: { ...required, time: "today" },
      says: '"time" must be a time such as 2026-01-31T12:00:00Z',
    },
    { what: "a subject that is none", event: { ...required, subject: {} }, says: '"subject" must be text' },
    {
      what: "an extension of objects",
      event: { ...required, ext: {} },
      says: '"ext" must be text, an integer or a boolean',
    },
    { what: "a fraction", event: { ...required, ext: 1.5 }, says: '"ext" must be text, an integer or a boolean' },
    { what: "an odd name", event: { ...required, my_ext: 1 }, says: '"my_ext" cannot be the name of an attribute' },
    { what: "broken base64", event: { ...required, data_base64: "%%%" }, says: "its data is not base64" },
    { what: "base64 of no text", event: { ...required, data_base64: 5 }, says: "its data is not base64" },
    {
      what: "data twice",
      event: { ...required, data: 1, data_base64: "" },
      says: 'it has both "data" and "data_base64"',
    },
  ])("$what, in structured mode as in a batch", ({ event, says }) => {
    expect(json(event)).toEqual({ events: [], problem: `not a CloudEvent: ${says}` })
    expect(json([event], batched)).toEqual({ events: [], problem: `not a CloudEvent: ${says}` })
  })

  it.each<{ what: string; type: string | undefined; body: Body; says: RegExp }>([
    { what: "an empty body", type: structured, body: "", says: /it is not JSON: / },
    { what: "what is not JSON", type: structured, body: "<xml/>", says: /it is not JSON: / },
    { what: "bad UTF-8", type: structured, body: Buffer.from([0x22, 0xff, 0x22]), says: /it is not UTF-8$/ },
    { what: "a batch that is none", type: batched, body: "{}", says: /a batch is an array$/ },
    {
      what: "another format",
      type: "application/cloudevents+avro",
      body: "x",
      says: /cloudevents\+avro is not read here$/,
    },
    { what: "any other request", type: "application/json", body: "{}", says: /neither headers such as ce-id nor / },
    { what: "no content type", type: undefined, body: "{}", says: /neither headers such as ce-id nor / },
  ])("$what", ({ type, body, says }) => {
    const { events, problem } = parse(type === undefined ? {} : { "content-type": type }, body)
    expect(events).toEqual([])
    expect(problem).toMatch(says)
  })

  it("data that says it is JSON and is not", () => {
    expect(binary({ "content-type": "application/json" }, "{").problem).toMatch(/^not a CloudEvent: it is not JSON: /)
  })

  it("names that would reach the prototype, and leaves it alone", () => {
    const text = '{"specversion":"1.0","id":"1","source":"/","type":"t","__proto__":{"polluted":1}}'
    expect(parse({ "content-type": structured }, text).problem).toContain('"__proto__" cannot be the name')
    expect(binary({ "ce-__proto__": "x" }).problem).toContain('"__proto__" cannot be the name')
    expect({}).not.toHaveProperty("polluted")
  })
})

describe("parseEvents never throws", () => {
  const types = fc.oneof(fc.constantFrom(structured, batched, "application/json", "text/plain", ""), fc.string())
  const headers = fc
    .dictionary(fc.oneof(fc.constantFrom("ce-id", "ce-type", "ce-source", "ce-specversion"), fc.string()), fc.string())
    .chain((headers) => types.map((type) => ({ ...headers, "content-type": type })))
  /** An event, or nearly one. */
  const nearly = fc.record(
    {
      specversion: fc.oneof(fc.constantFrom("1.0", "0.3"), fc.jsonValue()),
      id: fc.jsonValue(),
      source: fc.jsonValue(),
      type: fc.jsonValue(),
      time: fc.jsonValue(),
      data: fc.jsonValue(),
      data_base64: fc.jsonValue(),
      datacontentencoding: fc.constantFrom("base64", 5, null),
      datacontenttype: fc.oneof(fc.constantFrom("application/json", "x"), fc.jsonValue()),
      ["__proto__"]: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  const body = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
    fc.oneof(nearly, fc.array(nearly)).map((event) => Buffer.from(JSON.stringify(event))),
  )

  it("and gives events, which have all they must, or a problem, or both", () => {
    fc.assert(
      fc.property(headers, body, (headers, body) => {
        const { events, problem } = parseEvents(headers, body)
        for (const { id, source, type, specversion } of events) {
          for (const text of [id, source, type]) expect(text).toEqual(expect.stringMatching(/./su))
          expect(["1.0", "0.3"]).toContain(specversion)
        }
        if (problem !== undefined) expect(problem).toContain("not a CloudEvent: ")
        else expect(events.length > 0 || headers["content-type"].includes("batch")).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})
