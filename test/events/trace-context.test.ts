// https://www.w3.org/TR/trace-context/#traceparent-header

import { describe, expect, it } from "vitest"
import { childOf, traceId, validTraceParent } from "../../src/events/trace-context.ts"

const trace = "0af7651916cd43dd8448eb211c80319c"
const span = "b7ad6b7169203331"
const parent = `00-${trace}-${span}-01`

describe("a trace parent", () => {
  it("is taken as it came", () => {
    expect(validTraceParent(parent)).toBe(parent)
    expect(traceId(parent)).toBe(trace)
  })

  it.each([
    undefined,
    null,
    7,
    "",
    "00",
    `${parent}-more`,
    `${parent}, ${parent}`,
    ` ${parent}`,
    `${parent}\n`,
    parent.toUpperCase(),
    `ff-${trace}-${span}-01`,
    `00-${"0".repeat(32)}-${span}-01`,
    `00-${trace}-${"0".repeat(16)}-01`,
    `00-${trace.slice(1)}-${span}-01`,
    `00-${trace}-${span}-1`,
    `00-${trace.slice(1)}g-${span}-01`,
  ])("that is none is ignored (%j)", (given) => {
    expect(validTraceParent(given)).toBe("")
  })

  it("that begins with zeros, but has more, is one", () => {
    const small = `00-${"0".repeat(31)}1-${"0".repeat(15)}1-00`
    expect(validTraceParent(small)).toBe(small)
  })
})

describe("childOf", () => {
  it("stays in the trace, under another span each time", () => {
    const children = Array.from({ length: 10 }, () => childOf(parent))
    for (const child of children) expect(child).toMatch(new RegExp(`^00-${trace}-(?!${span})[0-9a-f]{16}-01$`))
    expect(new Set(children).size).toBe(10)
    for (const child of children) expect(validTraceParent(child)).toBe(child)
  })

  it.each([
    ["00", "00"],
    ["01", "01"],
    ["03", "03"],
    ["ff", "03"],
    ["f0", "00"],
  ])("makes of the flags %s %s: those that nobody knows yet are cleared", (flags, kept) => {
    expect(childOf(`00-${trace}-${span}-${flags}`)?.slice(-2)).toBe(kept)
  })

  it("begins no trace where there was none", () => {
    expect(childOf("")).toBeUndefined()
  })
})
