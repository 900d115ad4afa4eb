import { describe, expect, it } from "vitest"
import { pipelineStatus } from "../../src/execution/pipeline-status.ts"
import { graph } from "../builders/graph.ts"
import { earlier, meta, now, pipeline, taskSpec } from "../builders/objects.ts"

const types = { stages: new Map([["task", taskSpec]]) }
const web = (text: string) => pipeline(text, { metadata: meta("web", { generation: 3 }) })

describe("pipelineStatus", () => {
  it("says that a pipeline is valid, of which generation, and how many stages it has", () => {
    expect(pipelineStatus(web("a → b"), types, now)).toEqual({
      observedGeneration: 3,
      stageCount: 2,
      conditions: [{ type: "Valid", status: "True", reason: "Valid", message: "2 stages", lastTransitionTime: now }],
    })
  })

  it("counts one stage in the singular", () => {
    expect(pipelineStatus(web("a"), types, now).conditions?.[0]?.message).toBe("1 stage")
  })

  it("names every mistake", () => {
    const status = pipelineStatus(pipeline([...graph("a → b → a"), ...graph("c", "tusk")]), types, now)
    expect(status.conditions?.[0]).toMatchObject({
      status: "False",
      reason: "Invalid",
      message:
        'stage "c" is of type "tusk", but there is no PeanutStage of that name; did you mean "task"?; ' +
        'stages of pipeline "web" wait for each other: a → b → a',
    })
  })

  it("keeps the message of the worst pipeline within what a condition may say", () => {
    const list = Array.from({ length: 1000 }, (_, index) => ({ name: `stage ${index}`, type: "missing" }))
    expect(pipelineStatus(pipeline(list), types, now).conditions![0]!.message.length).toBeLessThanOrEqual(32_768)
  })

  it("moves lastTransitionTime when the pipeline becomes invalid, not when another mistake comes", () => {
    const valid = { ...web("a"), status: pipelineStatus(web("a"), types, earlier) }
    expect(pipelineStatus(valid, types, now)).toEqual(valid.status)
    const broken = pipelineStatus(valid, { stages: new Map() }, now)
    expect(broken.conditions).toMatchObject([{ status: "False", lastTransitionTime: now }])
    const worse = pipelineStatus({ ...web("a → b → a"), status: broken }, { stages: new Map() }, "2030-01-01T00:00:00Z")
    expect(worse.conditions).toMatchObject([{ status: "False", lastTransitionTime: now }])
  })
})
