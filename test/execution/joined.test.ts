import { describe, expect, it } from "vitest"
import { cut, joined, maxMessageLength } from "../../src/execution/joined.ts"
import { pipelineStatus } from "../../src/execution/pipeline-status.ts"
import { findProblems } from "../../src/execution/problems.ts"
import { now, pipeline } from "../builders/objects.ts"

describe("joined", () => {
  it("joins messages that are short", () => {
    expect(joined([])).toBe("")
    expect(joined(["one"])).toBe("one")
    expect(joined(["one", "two"])).toBe("one; two")
  })

  it("cuts a long message, so that the others are told too", () => {
    const [first, second] = joined(["x".repeat(200_000), "two"]).split("; ")
    expect(first).toMatch(/^x{15000,16000}…$/)
    expect(second).toBe("two")
  })

  it("cuts no character in half", () => {
    expect(cut(`${"x".repeat(2046)}😀😀`).isWellFormed()).toBe(true)
  })

  it("leaves one that stands alone as long as there is room, such as a large ring of stages", () => {
    expect(joined(["x".repeat(30_000)])).toBe("x".repeat(30_000))
    expect(joined(["x".repeat(40_000)]).length).toBeLessThanOrEqual(maxMessageLength)
  })

  it("says that there are more than it has room for", () => {
    const text = joined(Array.from({ length: 1000 }, () => "x".repeat(100_000)))
    expect(text.length).toBeLessThanOrEqual(maxMessageLength)
    expect(text).toMatch(/; and more; correct these first$/)
  })

  it("keeps the condition of a pipeline short whose mistakes each quote 131 kB", () => {
    const of = pipeline(Array.from({ length: 50 }, (_, i) => ({ name: `s${i}`, type: "task" })))
    const env = [{ name: "A", value: `$(params.${"x ".repeat(65_000)}` }]
    const stages = new Map([["task", { image: "busybox", env }]])
    const told = findProblems("web", of.spec, { stages }).map(({ message }) => message.length)
    expect(Math.max(...told)).toBeLessThanOrEqual(2048)
    const status = pipelineStatus(of, { stages }, now)
    const { message } = status.conditions![0]!
    expect(message.length).toBeLessThanOrEqual(maxMessageLength)
    expect(message).toContain('stage "s1": ')
  })
})
