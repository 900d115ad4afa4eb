// Which Jobs of a run the status knows of: those whose news were taken account of, and those that were left running.

import { describe, expect, it } from "vitest"
import { checkRefusal, isRecorded, type Refusal, runningJobNames, type Task } from "../../src/execution/tasks.ts"
import { jobName } from "../../src/resources/job-name.ts"
import { graph, states } from "../builders/graph.ts"
import { accepted, execution, job } from "../builders/objects.ts"
import { observed, type Situation, stageIn, step } from "../builders/observed.ts"

/** The name of the Job of `a`, or of one combination of `m`: `m#1`. */
function nameOf(of: string): string {
  const [stage = "", index = "0"] = of.split("#")
  return jobName(execution().metadata, stage, Number(index))
}

const run = (recorded: string) => accepted({ graph: graph("a, b, m"), stages: states(recorded) })

describe("isRecorded", () => {
  it.each<{ job: string; recorded: string; is: boolean }>([
    { job: "a", recorded: "", is: false },
    { job: "a", recorded: "a Running", is: false },
    { job: "a", recorded: "a Succeeded", is: true },
    { job: "b", recorded: "a Failed, b Failed", is: true },
    { job: "b", recorded: "a Succeeded, b Running", is: false },
    // What waits for the stages that were stopped waits for the ends of their Jobs.
    { job: "a", recorded: "a Cancelled", is: false },
    { job: "m#0", recorded: "m Running:SFR", is: true },
    { job: "m#1", recorded: "m Running:SFR", is: true },
    { job: "m#2", recorded: "m Running:SFR", is: false },
    { job: "m#3", recorded: "m Running:SFR", is: false },
    { job: "m#1", recorded: "m Failed:FCS", is: false },
    { job: "m#2", recorded: "m Failed:FCS", is: true },
    { job: "b", recorded: "a Running, m Running:SSS", is: false },
  ])("$job where the status says $recorded: $is", ({ job, recorded, is }) => {
    expect(isRecorded(run(recorded), nameOf(job))).toBe(is)
  })

  it("is not true of the Job that a cancelled stage had", () => {
    const stages = new Map([["a", { phase: "Cancelled" as const, jobName: nameOf("a") }]])
    expect(isRecorded(accepted({ graph: "a", stages }), nameOf("a"))).toBe(false)
  })
})

describe("runningJobNames", () => {
  it.each<{ recorded: string; names: string[] }>([
    { recorded: "", names: [] },
    { recorded: "a Succeeded, b Failed", names: [] },
    { recorded: "a Running, b Running", names: ["a", "b"] },
    { recorded: "a Running, m Running:SRFWR", names: ["a", "m#1", "m#4"] },
    { recorded: "m Failed:FCR", names: [] },
  ])("of $recorded: $names", ({ recorded, names }) => {
    expect(runningJobNames(run(recorded))).toEqual(names.map(nameOf))
  })

  it("are none of a run that nobody has looked at, or whose stage lost the name of its Job", () => {
    expect(runningJobNames(execution())).toEqual([])
    expect(runningJobNames(accepted({ graph: "a", stages: new Map([["a", { phase: "Running" as const }]]) }))).toEqual(
      [],
    )
  })
})

describe("checkRefusal", () => {
  const quota: Refusal = { isFinal: false, reason: "JobForbidden", message: "exceeded quota" }
  const denied: Refusal = { isFinal: true, reason: "JobRejected", message: "no" }
  const task = (more: Partial<Task>): Task => ({
    index: 0,
    jobName: nameOf("a"),
    work: undefined,
    refusal: undefined,
    state: "Waiting",
    outcome: undefined,
    ...more,
  })

  it("holds a stage by the first of its Jobs that was refused as things stand", () => {
    const another = { ...quota, reason: "JobThrottled" }
    const tasks = [task({}), task({ refusal: denied }), task({ refusal: quota }), task({ refusal: another })]
    expect(checkRefusal(tasks)).toEqual({ _tag: "Wait", reason: "JobForbidden", message: "exceeded quota" })
  })

  it.each([
    { of: "nothing was refused", tasks: [task({}), task({})] },
    { of: "one was refused for good", tasks: [task({ refusal: denied })] },
    { of: "one is there all the same", tasks: [task({ refusal: quota, work: job(execution(), "a") })] },
  ])("holds none where $of", ({ tasks }) => {
    expect(checkRefusal(tasks)).toBeUndefined()
  })
})

describe("a Job whose deadline was set to one second", () => {
  it.each<{ state: string; says: object } & Omit<Situation, "graph">>([
    {
      state: "in a run that was cancelled: it was stopped",
      spec: { cancel: true },
      says: { phase: "Cancelled", reason: "Cancelled", message: "the execution was cancelled" },
    },
    {
      state: "in a run that failed fast: it was stopped",
      snapshot: { failurePolicy: "FailFast" },
      says: {
        phase: "Cancelled",
        reason: "FailFast",
        message: "another stage failed, and the pipeline's failurePolicy is FailFast",
      },
    },
    {
      state: "in a run that goes on: somebody else did it, and it failed",
      says: { phase: "Failed", reason: "DeadlineExceeded" },
    },
  ])("$state", ({ says, state: _, ...situation }) => {
    const next = step(observed({ graph: "a, b", recorded: "a Running, b Failed", jobs: "a Stopped", ...situation }))
    expect(stageIn(next, "a")).toMatchObject(says)
  })

  it("is not the run's timeout where there is no Job any more", () => {
    const next = step(observed({ graph: "a", recorded: "a Running", snapshot: { timeout: "1h" } }))
    expect(stageIn(next, "a")).toMatchObject({ phase: "Failed", reason: "JobDeleted" })
  })
})
