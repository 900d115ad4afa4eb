// Which stages a step looks at.

import { describe, expect, it } from "vitest"
import type { StageStatus } from "../../src/api/execution.ts"
import type { Attention } from "../../src/execution/attention.ts"
import { attentionTo } from "../../src/execution/attention.ts"
import { states } from "../builders/graph.ts"
import { accepted, type Recorded } from "../builders/objects.ts"

const attention = (stages: string | Recorded["stages"], more: Partial<Recorded> = {}) =>
  attentionTo(
    accepted({ graph: "a → b → c, d", stages: typeof stages === "string" ? states(stages) : stages!, ...more }),
  )
const stage = (name: string, status: Partial<StageStatus>) => new Map([[name, status]])

describe("a step looks at", () => {
  it.each<{ state: string; stages: string; at: Attention }>([
    { state: "nothing, when nothing runs yet", stages: "", at: [] },
    { state: "the stages that run", stages: "a Succeeded, b Running, d Running", at: ["b", "d"] },
    { state: "no stage that ended, however it did", stages: "a Failed, b Skipped, c Skipped, d Running", at: ["d"] },
    { state: "everything, once a stage was stopped", stages: "a Cancelled, d Running", at: "all" },
  ])("$state", ({ stages, at }) => {
    expect(attention(stages)).toEqual(at)
  })

  it("everything, once somebody cancels, as replicas that read late may start what nobody recorded", () => {
    expect(attention("a Running", { spec: { pipelineName: "web", cancel: true } })).toBe("all")
    expect(attention("a Running", { spec: { pipelineName: "web", cancel: false } })).toEqual(["a"])
  })

  it.each(["FailFast", "ExecutionTimeout"])("everything, once a stage ended because of %s", (reason) => {
    expect(attention(stage("a", { phase: "Skipped", reason }))).toBe("all")
    expect(attention(stage("a", { phase: "Failed", reason }))).toBe("all")
  })

  it("only what runs, where stages have other reasons", () => {
    expect(attention(stage("a", { phase: "Skipped", reason: "WhenFalse" }))).toEqual([])
    expect(attention(stage("a", { phase: "Running", reason: "Whatever" }))).toEqual(["a"])
  })

  it("a matrix that failed, as combinations of it may run on", () => {
    expect(attention(stage("a", { phase: "Failed", combinations: "FC" }))).toEqual(["a"])
    expect(attention(stage("a", { phase: "Succeeded", combinations: "SS" }))).toEqual([])
  })
})
