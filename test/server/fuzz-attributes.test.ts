// Every attribute of a CloudEvent with every wrong type, every mode with bodies that are not what they claim, and names
// that lead elsewhere: what a random search may miss, at the bundled server.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { maxBodyBytes } from "../../src/server/body.ts"
import { startVictim, type Victim } from "../fuzz/victim.ts"
import { added, binary, irrelevant, ping } from "./events.ts"
import { post } from "./serve.ts"

let victim: Victim
beforeAll(async () => {
  victim = await startVictim()
})
afterEach(() => victim.expectWell())
afterAll(() => victim?.stop())

type Body = string | Uint8Array<ArrayBuffer>
const send = async (contentType: string, body: Body, path = "/") => {
  const answer = await fetch(victim.url + path, { method: "POST", headers: { "content-type": contentType }, body })
  return { status: answer.status, text: await answer.text() }
}
const structured = "application/cloudevents+json"
const batched = "application/cloudevents-batch+json"

const good: Record<string, unknown> = JSON.parse(JSON.stringify(ping))
/** JSON as it is written, since not all of it can be made from a value. */
const withField = (name: string, json: string) => {
  const others = Object.entries(good).filter(([field]) => field !== name)
  return `{${[...others.map(([f, v]) => `${JSON.stringify(f)}:${JSON.stringify(v)}`), `${JSON.stringify(name)}:${json}`]}}`
}

describe("an attribute of a wrong type is answered with 400", () => {
  const required = ["specversion", "id", "source", "type"]
  const optional = ["time", "subject", "dataschema", "datacontenttype", "anextension"]
  const wrong = ["{}", "[]", "[null]", "1.5", "1e999", "-1e999", '{"__proto__":{}}', '"" ,"x": []']

  it.each(required.flatMap((name) => [...wrong, "null", "true", "0", '""'].map((json) => ({ name, json }))))(
    "$name: $json",
    async ({ name, json }) => {
      expect((await send(structured, withField(name, json))).status).toBe(400)
      expect((await send(batched, `[${withField(name, json)}]`)).status).toBe(400)
    },
  )

  it.each(optional.flatMap((name) => wrong.map((json) => ({ name, json }))))("$name: $json", async ({ name, json }) => {
    expect((await send(structured, withField(name, json))).status).toBe(400)
  })

  it.each(["__proto__", "toString", "hasOwnProperty", "a b", "é", "🥜", "\u0000", "\uD83E", "CON", ""])(
    "one that is named %j",
    async (name) => {
      expect((await send(structured, withField(name, '"x"'))).status).toBe(400)
    },
  )

  it("but constructor is a name as any other", async () => {
    expect((await send(structured, withField("constructor", '"x"'))).status).toBe(202)
  })
})

describe("text of an attribute", () => {
  it.each([
    { is: "with NUL", json: '"a\\u0000b"' },
    { is: "half an emoji", json: '"\\uD83E"' },
    { is: "an emoji", json: '"🥜"' },
    { is: "from right to left", json: '"\\u202Eab"' },
    { is: "line breaks", json: '"a\\r\\nX-Injected: b"' },
    { is: "half a megabyte", json: JSON.stringify("x".repeat(500_000)) },
  ])("$is is taken as an id, and never comes back as a header", async ({ json }) => {
    expect(await send(structured, withField("id", json))).toEqual({ status: 202, text: "" })
    const refused = await send(structured, withField("type", json))
    expect(refused.status).toBe(400)
    expect(refused.text.length).toBeLessThan(600)
  })
})

describe("a structured body", () => {
  const encode = (text: string) => new Uint8Array(Buffer.from(text))
  const text = JSON.stringify(good)
  const utf16 = new Uint8Array(Buffer.from(text, "utf16le"))
  it.each<{ is: string; body: Body; status: number }>([
    { is: "with a byte order mark", body: encode(`\uFEFF${text}`), status: 202 },
    { is: "with two of them", body: encode(`\uFEFF\uFEFF${text}`), status: 400 },
    { is: "in UTF-16", body: utf16, status: 400 },
    { is: "with a surrogate encoded as UTF-8", body: encode(text).fill(0xed, 5, 6), status: 400 },
    {
      is: "with an overlong slash",
      body: Uint8Array.from([...encode('{"a":"'), 0xc0, 0xaf, ...encode('"}')]),
      status: 400,
    },
    { is: "that says an attribute twice", body: text.replace("{", '{"id":{},'), status: 202 },
    { is: "with a comment", body: `/**/${text}`, status: 400 },
    { is: "followed by another", body: text + text, status: 400 },
    { is: "with deep data", body: withField("data", "[".repeat(100_000) + "]".repeat(100_000)), status: 202 },
    {
      is: "with data of deep objects",
      body: withField("data", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`),
      status: 202,
    },
    { is: "with a deep extension", body: withField("ext", "[".repeat(100_000) + "]".repeat(100_000)), status: 400 },
    {
      is: "with numbers beyond range as data",
      body: withField("data", "[1e999,-1e999,1e-999,123456789012345678901]"),
      status: 202,
    },
  ])("$is is answered with $status", async ({ body, status }) => {
    expect((await send(structured, body)).status).toBe(status)
  })
})

describe("a batch", () => {
  const filled = (one: string) => `[${Array(Math.floor((maxBodyBytes - 2) / (one.length + 1))).fill(one)}]`
  it.each([
    { of: "nothing", body: "[]", status: 202 },
    { of: "a megabyte of numbers", body: filled("1"), status: 400 },
    { of: "a megabyte of empty arrays", body: filled("[]"), status: 400 },
    { of: "30,000 empty objects", body: `[${Array(30_000).fill("{}")}]`, status: 400 },
    { of: "a megabyte of one event", body: filled(JSON.stringify(good)), status: 202 },
    { of: "a megabyte of Jobs that run", body: filled(JSON.stringify(irrelevant.toJSON())), status: 202 },
    { of: "batches", body: `[[${JSON.stringify(good)}]]`, status: 400 },
    { of: "100,000 levels", body: "[".repeat(100_000) + "]".repeat(100_000), status: 400 },
  ])("of $of is answered with $status", async ({ body, status }) => {
    expect((await send(batched, body)).status).toBe(status)
  })

  // Each costs some ten microseconds to refuse, and nobody else is served meanwhile.
  it("of a megabyte of empty objects is refused within half a second", async () => {
    const begin = Date.now()
    expect((await send(batched, filled("{}"))).status).toBe(400)
    expect(Date.now() - begin).toBeLessThan(500)
  })

  it("in which one thing is named a thousand times asks the API server for it once", async () => {
    victim.api.reset()
    expect((await send(batched, filled(JSON.stringify(added.toJSON())))).status).toBe(202)
    expect(victim.api.calls).toHaveLength(1)
  })
})

describe("a path", () => {
  it.each([
    "/namespaces/..%2f../pipelines/web",
    "/namespaces/team/pipelines/..%2F..%2Fsecrets",
    "/namespaces/team/pipelines/%2e%2e",
    "/namespaces/team/pipelines/web%00",
    "/namespaces/team/pipelines/web%0d%0aX-Injected:%20b",
    "/namespaces/team/pipelines/%ff",
    "/namespaces/team/pipelines/%",
    "/namespaces/team/pipelines/__proto__",
    "/namespaces/__proto__/pipelines/toString",
    "/namespaces/team/pipelines/%F0%9F%A5%9C",
    "/namespaces/team/pipelines/Web",
    "/namespaces/team/pipelines/a%20b",
    `/namespaces/team/pipelines/${"x".repeat(254)}`,
    `/namespaces/${"x".repeat(254)}/pipelines/web`,
    "/namespaces/team/pipelines/",
    "/namespaces//pipelines/web",
  ])("%s is answered with 400, and nobody is asked for it", async (path) => {
    victim.api.reset()
    const answer = await post(victim.url + path, binary(ping))
    expect(answer.status).toBe(400)
    expect(answer.headers.get("x-injected")).toBeNull()
    expect(victim.api.calls).toEqual([])
  })

  it.each(["constructor", "x".repeat(253), "1", "a.b-c"])(
    "that names a pipeline %s, which is not there, is answered with 400",
    async (name) => {
      expect((await post(`${victim.url}/namespaces/team/pipelines/${name}`, binary(ping))).status).toBe(400)
    },
  )
})
