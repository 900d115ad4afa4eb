// What an event may say of parameters, and what is said of the rest.

import { describe, expect, it } from "vitest"
import { givenParams } from "../../src/events/given-params.ts"

describe("givenParams", () => {
  it.each<[string, unknown]>([
    ["no data", undefined],
    ["text", "params"],
    ["bytes", new TextEncoder().encode('{"params":{}}')],
    ["a list", [{ params: { a: "1" } }]],
    ["other data", { ref: "main" }],
    ["null", { params: null }],
    ["no parameters", { params: {} }],
    ["an inherited field", Object.create({ params: { a: "1" } })],
  ])("finds none in %s", (_, data) => {
    expect(givenParams(data)).toEqual({ params: [] })
  })

  it("finds them in the data's params, any text as it is", () => {
    const data = JSON.parse('{"params":{"env":"test","text":"$(x) \\n ä"},"other":1}')
    expect(givenParams(data)).toEqual({
      params: [
        { name: "env", value: "test" },
        { name: "text", value: "$(x) \n ä" },
      ],
    })
  })

  it.each<[string, string, string]>([
    ["a list", '{"params":[{"name":"a","value":"1"}]}', "must be an object"],
    ["text", '{"params":"a=1"}', "must be an object"],
    ["a number", '{"params":{"n":3}}', 'param "n" in the event\'s data must be a string; quote it'],
    ["a boolean", '{"params":{"a":"1","b":true}}', 'param "b" in the event\'s data must be a string'],
    ["null as a value", '{"params":{"a":null}}', 'param "a" in the event\'s data must be a string'],
    ["an object as a value", '{"params":{"a":{"b":"1"}}}', 'param "a" in the event\'s data must be a string'],
    ["a name that none can have", '{"params":{"a b":"1"}}', 'param "a b" in the event\'s data: '],
    ["a value that is too long", `{"params":{"a":"${"x".repeat(16385)}"}}`, 'param "a" in the event\'s data: '],
    ["a value with a NUL", '{"params":{"a":"x\\u0000"}}', 'param "a" in the event\'s data: it has a NUL character'],
    [
      "too many",
      JSON.stringify({ params: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`p${i}`, "1"])) }),
      "params in the event's data: ",
    ],
  ])("refuses %s", (_, json, problem) => {
    expect(givenParams(JSON.parse(json))).toEqual({ problem: expect.stringContaining(problem) })
  })

  it("takes __proto__ for a name like others", () => {
    expect(givenParams(JSON.parse('{"params":{"__proto__":"1"}}'))).toEqual({
      params: [{ name: "__proto__", value: "1" }],
    })
  })
})
