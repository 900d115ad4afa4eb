import { describe, expect, it } from "vitest"
import { withCondition } from "../../src/execution/status.ts"
import { earlier, now } from "../builders/objects.ts"
import { observed, type Situation, step } from "../builders/observed.ts"

const statusOf = (situation: Situation) => step(observed(situation)).status
const conditionOf = (situation: Situation) => statusOf(situation).conditions?.[0]

describe("the status of a run", () => {
  it.each<{ state: string; phase: string; summary: string } & Omit<Situation, "graph">>([
    { state: "nothing started", phase: "Pending", summary: "0/3 succeeded" },
    {
      state: "a running",
      recorded: "a Running",
      jobs: "a Running",
      phase: "Running",
      summary: "0/3 succeeded, 1 running",
    },
    { state: "between a and b", recorded: "a Succeeded", phase: "Running", summary: "1/3 succeeded" },
    {
      state: "a succeeded, b running",
      recorded: "a Succeeded, b Running",
      jobs: "b Running",
      phase: "Running",
      summary: "1/3 succeeded, 1 running",
    },
    {
      state: "a failed, the rest skipped, c runs",
      recorded: "a Failed, b Skipped, c Running",
      jobs: "c Running",
      phase: "Running",
      summary: "0/3 succeeded, 1 running, 1 failed, 1 skipped",
    },
    {
      state: "all succeeded",
      recorded: "a Succeeded, b Succeeded, c Succeeded",
      phase: "Succeeded",
      summary: "3/3 succeeded",
    },
    {
      state: "one failed",
      recorded: "a Succeeded, b Failed, c Skipped",
      phase: "Failed",
      summary: "1/3 succeeded, 1 failed, 1 skipped",
    },
    {
      state: "one failed, one cancelled",
      recorded: "a Failed, b Cancelled, c Succeeded",
      phase: "Cancelled",
      summary: "1/3 succeeded, 1 failed, 1 cancelled",
    },
  ])("$state: $phase, $summary", ({ phase, summary, state: _, ...situation }) => {
    expect(statusOf({ graph: "a, b, c", ...situation })).toMatchObject({ phase, summary })
  })

  // What a Job gives as its reason may be any word.
  it("is Failed where a Job failed and says Cancelled", () => {
    const failed = { phase: "Failed", reason: "Cancelled", message: "by its own controller" } as const
    expect(statusOf({ graph: "a", recorded: new Map([["a", failed]]) })).toMatchObject({ phase: "Failed" })
  })

  it("keeps the stages in the order of the pipeline, not of the graph", () => {
    const graph = [
      { name: "last", type: "task", dependsOn: ["first"] },
      { name: "first", type: "task" },
    ]
    expect(step(observed({ graph })).stages).toBe("last Waiting, first Waiting")
  })

  it("ends when the last stage ends, and keeps that time", () => {
    const running = statusOf({ graph: "a, b", recorded: "a Running, b Running", jobs: "a Complete, b Running" })
    expect(running).not.toHaveProperty("completionTime")
    expect(statusOf({ graph: "a", recorded: "a Running", jobs: "a Complete" }).completionTime).toBe(now)
    expect(statusOf({ graph: "a", recorded: "a Succeeded" }).completionTime).toBe(earlier)
  })

  it("keeps start and snapshot", () => {
    const seen = observed({ graph: "a", jobs: "a Complete" })
    const { startTime, snapshot } = step(seen).status
    expect({ startTime, snapshot }).toEqual({ startTime: earlier, snapshot: seen.execution.status.snapshot })
  })

  it("says which generation of the execution it saw", () => {
    const seen = observed({ graph: "a" })
    const metadata = { ...seen.execution.metadata, generation: 7 }
    expect(step({ ...seen, execution: { ...seen.execution, metadata } }).status.observedGeneration).toBe(7)
  })
})

describe("the condition Succeeded of a run", () => {
  it.each<{ state: string; says: readonly [string, string] } & Situation>([
    { state: "nothing started", graph: "a", says: ["Unknown", "Pending"] },
    { state: "a running", graph: "a", jobs: "a Running", says: ["Unknown", "Running"] },
    {
      state: "suspended",
      graph: "a, b",
      spec: { suspend: true },
      recorded: "a Succeeded",
      says: ["Unknown", "Suspended"],
    },
    { state: "succeeded", graph: "a", jobs: "a Complete", says: ["True", "Succeeded"] },
    { state: "failed", graph: "a", jobs: "a Failed", says: ["False", "StageFailed"] },
    { state: "cancelled", graph: "a", spec: { cancel: true }, says: ["False", "Cancelled"] },
    {
      state: "out of time after a stage had succeeded",
      graph: "a → b",
      recorded: "a Succeeded, b Skipped/ExecutionTimeout",
      says: ["False", "ExecutionTimeout"],
    },
  ])("$state: $says", ({ says: [status, reason], ...situation }) => {
    expect(conditionOf(situation)).toMatchObject({ type: "Succeeded", status, reason })
  })

  it("tells the summary and what went wrong", () => {
    expect(conditionOf({ graph: "a → b", jobs: "a Failed" })?.message).toBe(
      '0/2 succeeded, 1 failed, 1 skipped; stage "a" failed: Job has reached the specified backoff limit',
    )
  })

  it("tells of five failed stages and counts the others", () => {
    const names = ["a", "b", "c", "d", "e", "f", "g"]
    const jobs = names.map((name) => `${name} Failed`).join(", ")
    const message = conditionOf({ graph: names.join(", "), jobs })?.message
    expect(message?.split("; ")).toHaveLength(7)
    expect(message).toContain('stage "e" failed')
    expect(message).not.toContain('stage "f"')
    expect(message).toMatch(/; and 2 more$/)
  })

  it("moves lastTransitionTime only with its status", () => {
    expect(conditionOf({ graph: "a, b", jobs: "a Running, b Running" })?.lastTransitionTime).toBe(earlier)
    expect(conditionOf({ graph: "a", jobs: "a Complete" })?.lastTransitionTime).toBe(now)
  })

  // The schema of a condition takes 32,768 characters, and the API server would refuse the status for good.
  it("stays within what a condition may say, however much its Jobs say", () => {
    const message = "x".repeat(20_000)
    const refusals = Object.fromEntries(
      ["a", "b"].map((stage) => [stage, { isFinal: true, reason: "JobRejected", message }]),
    )
    expect(conditionOf({ graph: "a, b", refusals })?.message.length).toBeLessThanOrEqual(32_768)
  })
})

describe("withCondition", () => {
  const ready = { type: "Ready", status: "True", reason: "Yes", message: "", lastTransitionTime: earlier } as const
  const valid = { type: "Valid", status: "True", reason: "Valid", message: "2 stages" } as const

  it("adds a condition beside the others", () => {
    expect(withCondition([ready], valid, now)).toEqual([ready, { ...valid, lastTransitionTime: now }])
  })

  it("replaces the one of its type", () => {
    const before = [{ ...valid, lastTransitionTime: earlier }]
    const next = { ...valid, status: "False" as const }
    expect(withCondition(before, next, now)).toEqual([{ ...next, lastTransitionTime: now }])
  })

  it("keeps the time while the status stays, though the message changes", () => {
    const before = [{ ...valid, lastTransitionTime: earlier }]
    expect(withCondition(before, { ...valid, message: "3 stages" }, now)[0]).toMatchObject({
      message: "3 stages",
      lastTransitionTime: earlier,
    })
  })

  it("cuts a long message to whole characters", () => {
    const [condition] = withCondition([], { ...valid, message: `${"x".repeat(31_999)}🥜🥜` }, now)
    expect(condition?.message).toBe(`${"x".repeat(31_999)}\uFFFD`)
  })

  // It moves the condition to the end, so that a list with a second condition reads as changed and is written.
  it("changes nothing of a list that says the same already", () => {
    const before = [{ ...valid, lastTransitionTime: earlier }, ready]
    expect(withCondition(before, valid, now)).toEqual(before)
  })
})
