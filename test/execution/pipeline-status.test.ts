import { describe, expect, it } from "vitest"
import type { PipelineSchedule, PipelineStatus } from "../../src/api/pipeline.ts"
import { isScheduled, pipelineStatus, scheduledStatus } from "../../src/execution/pipeline-status.ts"
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

const condition = (type: string) =>
  ({ type, status: "True", reason: type, message: "", lastTransitionTime: earlier }) as const

describe("isScheduled", () => {
  const nightly: PipelineSchedule = { name: "nightly", cron: "@daily" }

  it.each<{ pipeline: string; schedules?: PipelineSchedule[]; status?: PipelineStatus; is: boolean }>([
    { pipeline: "one that says nothing of schedules", is: false },
    { pipeline: "one without any", schedules: [], status: { schedules: [], conditions: [] }, is: false },
    { pipeline: "one with a schedule, which nobody looked at", schedules: [nightly], is: true },
    { pipeline: "one that had a schedule, which may have left a PingSource", status: { schedules: ["old"] }, is: true },
    {
      pipeline: "one whose condition still speaks of schedules",
      status: { conditions: [condition("Valid"), condition("Scheduled")] },
      is: true,
    },
    { pipeline: "one with other conditions", status: { conditions: [condition("Valid")] }, is: false },
  ])("is $is of $pipeline", ({ schedules, status, is }) => {
    const { metadata, spec } = pipeline("a")
    expect(
      isScheduled({ metadata, spec: { ...spec, ...(schedules && { schedules }) }, ...(status && { status }) }),
    ).toBe(is)
  })
})

describe("scheduledStatus", () => {
  const before: PipelineStatus = { stageCount: 2, conditions: [condition("Valid")] }

  it.each([
    { active: 1, message: "1 schedule" },
    { active: 2, message: "2 schedules" },
  ])("counts what is active: $message", ({ active, message }) => {
    const schedules = ["nightly", "hourly"]
    expect(scheduledStatus(before, { schedules, active, problems: [] }, now)).toEqual({
      stageCount: 2,
      schedules,
      conditions: [
        condition("Valid"),
        { type: "Scheduled", status: "True", reason: "Scheduled", message, lastTransitionTime: now },
      ],
    })
  })

  it("tells every problem, also where no schedule is active", () => {
    const problems = ["nightly: no", "hourly: neither"]
    for (const active of [0, 2]) {
      expect(scheduledStatus(before, { schedules: [], active, problems }, now).conditions).toEqual([
        condition("Valid"),
        {
          type: "Scheduled",
          status: "False",
          reason: "NotScheduled",
          message: "nightly: no; hourly: neither",
          lastTransitionTime: now,
        },
      ])
    }
  })

  it("forgets the schedules that are gone", () => {
    const old = { ...before, schedules: ["nightly"], conditions: [condition("Scheduled"), condition("Valid")] }
    expect(scheduledStatus(old, { schedules: [], active: 0, problems: [] }, now)).toEqual(before)
  })

  it("has no conditions to forget in a status that is new", () => {
    expect(scheduledStatus({}, { schedules: [], active: 0, problems: [] }, now)).toEqual({ conditions: [] })
  })
})
