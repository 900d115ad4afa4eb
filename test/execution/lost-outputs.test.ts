// A pod that is gone takes along what its stage wrote to $PEANUT_OUTPUT. Where a stage needs it, nothing is guessed.

import { describe, expect, it } from "vitest"
import type { PipelineStage } from "../../src/api/pipeline.ts"
import { expressions } from "../../src/execution/expressions.ts"
import { ended } from "../builders/objects.ts"
import { observed, type Situation, stageIn, step } from "../builders/observed.ts"

const params = [{ name: "p", value: "$(stages['a'].outputs.k)" }]
const graph = (b: Partial<PipelineStage>): PipelineStage[] => [
  { name: "a", type: "task" },
  { name: "b", type: "task", dependsOn: ["a"], ...b },
]
const look = (b: Partial<PipelineStage>, more: Partial<Situation> = {}) =>
  step(observed({ graph: graph(b), recorded: "a Running, b Waiting", jobs: "a Complete", expressions, ...more }))

describe("a stage whose Job is Complete and whose pod is gone", () => {
  it("has failed where another needs its outputs, and says which", () => {
    const next = look({ params })
    expect(next.stages).toBe("a Failed, b Skipped")
    expect(next.creates).toBe("")
    expect(stageIn(next, "a")).toMatchObject({
      reason: "OutputsLost",
      message: 'its Job is Complete, but the pod is gone, and with it the outputs that stage "b" needs',
    })
  })

  it("has failed where the `when` of another reads its outputs", () => {
    expect(look({ when: "!('k' in stages['a'].outputs)" }).stages).toBe("a Failed, b Skipped")
  })

  it("has failed where only a stage of finally needs its outputs", () => {
    const graph: PipelineStage[] = [{ name: "a", type: "task" }]
    const next = step(
      observed({ graph, snapshot: { finally: [{ name: "z", type: "task", params }] }, jobs: "a Complete" }),
    )
    expect(next.stages).toBe("a Failed, z Failed")
  })

  it("does not hold up those below, where its failure is ignored", () => {
    const ignored = graph({}).map((stage) => (stage.name === "a" ? { ...stage, onFailure: "Ignore" as const } : stage))
    const c = { name: "c", type: "task", dependsOn: ["a"], params }
    const next = step(observed({ graph: [...ignored, c], recorded: "a Running, b Waiting", jobs: "a Complete" }))
    expect(next.stages).toBe("a Failed, b Waiting, c Failed")
    expect(next.creates).toBe("b")
  })

  it.each<[string, Partial<PipelineStage>]>([
    ["nobody names its outputs", {}],
    ["only its phase is asked for", { when: "stages['a'].phase == 'Succeeded'" }],
  ])("has succeeded where %s", (_, b) => {
    const next = look(b)
    expect(next.stages).toBe("a Succeeded, b Waiting")
    expect(next.creates).toBe("b")
  })

  it("has succeeded where it has a matrix, which has no outputs", () => {
    const matrix = [{ name: "m", values: ["1", "2"] }]
    const stages = graph({ params }).map((stage) => (stage.name === "a" ? { ...stage, matrix } : stage))
    expect(
      step(observed({ graph: stages, recorded: "a Running, b Waiting", jobs: "a#0 Complete, a#1 Complete" })).stages,
    ).toBe("a Succeeded, b Failed")
  })

  it("stays as it was recorded, with the outputs that were read in time", () => {
    const recorded = new Map([["a", { phase: "Succeeded" as const, outputs: { k: "v" } }]])
    expect(look({ params }, { recorded }).stages).toBe("a Succeeded, b Waiting")
  })
})

it("A stage whose pod is there and wrote nothing has succeeded, and who needs an output of it says which is missing", () => {
  const next = look({ params }, { pods: { a: { phase: "Succeeded", status: ended(0) } } })
  expect(next.stages).toBe("a Succeeded, b Failed")
  expect(stageIn(next, "b")).toMatchObject({ reason: "OutputMissing" })
})
