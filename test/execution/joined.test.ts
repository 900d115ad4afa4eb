import { describe, expect, it } from "vitest"
import { joined, maxMessageLength } from "../../src/execution/joined.ts"
import { pipelineStatus } from "../../src/execution/pipeline-status.ts"
import { now, pipeline } from "../builders/objects.ts"

describe("joined", () => {
  it("joins messages that are short", () => {
    expect(joined([])).toBe("")
    expect(joined(["one"])).toBe("one")
    expect(joined(["one", "two"])).toBe("one; two")
  })

  it("cuts a long message, so that the others are told too", () => {
    const [first, second] = joined(["x".repeat(200_000), "two"]).split("; ")
    expect(first).toMatch(/^x{2047}…$/)
    expect(second).toBe("two")
  })

  it("cuts no character in half", () => {
    expect(joined([`${"x".repeat(2046)}😀😀`]).isWellFormed()).toBe(true)
  })

  it("asks for no more messages than it has room for", () => {
    let asked = 0
    function* endless() {
      for (;;) {
        asked++
        yield "x".repeat(100_000)
      }
    }
    const text = joined(endless())
    expect(text.length).toBeLessThanOrEqual(maxMessageLength)
    expect(text).toMatch(/; and more; correct these first$/)
    expect(asked).toBeLessThan(20)
  })

  it("keeps the condition of a pipeline short whose mistakes each quote 131 kB", () => {
    const of = pipeline(Array.from({ length: 50 }, (_, i) => ({ name: `s${i}`, type: "task" })))
    const env = [{ name: "A", value: `$(params.${"x ".repeat(65_000)}` }]
    const status = pipelineStatus(of, { stages: new Map([["task", { image: "busybox", env }]]) }, now)
    const { message } = status.conditions![0]!
    expect(message.length).toBeLessThanOrEqual(maxMessageLength)
    expect(message).toContain('stage "s1": ')
  })
})
