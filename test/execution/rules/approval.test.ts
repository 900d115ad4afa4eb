import { describe, expect, it } from "vitest"
import { checkApproval, checkSuspend } from "../../../src/execution/rules/rules.ts"
import { observed, stageIn, step } from "../../builders/observed.ts"

// a → b
const graph = [
  { name: "a", type: "task" },
  { name: "b", type: "task", dependsOn: ["a"], approval: true },
]

describe("checkApproval", () => {
  it.each<{ state: string; approval?: boolean; approved?: string[]; waits: boolean }>([
    { state: "no approval asked", waits: false },
    { state: "approval: false", approval: false, waits: false },
    { state: "nobody approved anything", approval: true, waits: true },
    { state: "another stage is approved", approval: true, approved: ["ab", "A"], waits: true },
    { state: "it is approved", approval: true, approved: ["x", "a"], waits: false },
  ])("$state", ({ approval, approved, waits }) => {
    expect(checkApproval({ name: "a", approval }, approved)?._tag).toBe(waits ? "Wait" : undefined)
  })
})

describe("checkSuspend", () => {
  it.each([
    [undefined, undefined],
    [false, undefined],
    [true, { _tag: "Wait", reason: "Suspended" }],
  ])("of suspend: %s is %j", (suspend, gate) => {
    expect(checkSuspend(suspend)).toEqual(gate)
  })
})

describe("approval, in a run", () => {
  it.each<{
    state: string
    recorded: string
    jobs?: string
    spec?: object
    stages: string
    reason?: string
    creates?: string
  }>([
    {
      state: "a has not ended: nobody is asked yet",
      recorded: "a Running",
      jobs: "a Running",
      stages: "a Running, b Waiting",
    },
    {
      state: "a succeeded: it asks",
      recorded: "a Succeeded",
      stages: "a Succeeded, b Waiting",
      reason: "AwaitingApproval",
    },
    {
      state: "suspended as well: it asks all the same",
      recorded: "a Succeeded",
      spec: { suspend: true },
      stages: "a Succeeded, b Waiting",
      reason: "AwaitingApproval",
    },
    {
      state: "approved while suspended: suspend holds it",
      recorded: "a Succeeded",
      spec: { suspend: true, approved: ["b"] },
      stages: "a Succeeded, b Waiting",
      reason: "Suspended",
    },
    {
      state: "approved: it starts",
      recorded: "a Succeeded",
      spec: { approved: ["b"] },
      stages: "a Succeeded, b Waiting",
      creates: "b",
    },
    {
      state: "approved before its turn: it waits for a",
      recorded: "a Waiting",
      spec: { approved: ["b"] },
      stages: "a Waiting, b Waiting",
      creates: "a",
    },
    {
      state: "a failed: approval changes nothing",
      recorded: "a Failed",
      spec: { approved: ["b"] },
      stages: "a Failed, b Skipped",
      reason: "ParentFailed",
    },
    {
      state: "cancelled while it waits",
      recorded: "a Succeeded",
      spec: { cancel: true },
      stages: "a Succeeded, b Cancelled",
      reason: "Cancelled",
    },
  ])("$state", ({ recorded, jobs = "", spec = {}, stages, reason, creates = "" }) => {
    const next = step(observed({ graph, recorded, jobs, spec }))
    expect({ stages: next.stages, creates: next.creates, reason: stageIn(next, "b")?.reason }).toEqual({
      stages,
      creates,
      reason,
    })
  })

  it("says what to do", () => {
    const next = step(observed({ graph, recorded: "a Succeeded" }))
    expect(stageIn(next, "b")?.message).toBe("add its name to spec.approved of the execution")
  })

  // A replica with an older view, or a hand: the Job is there, and its stage runs.
  it("does not stop a stage whose Job exists although nobody approved it", () => {
    const next = step(observed({ graph, recorded: "a Succeeded", jobs: "b Running" }))
    expect({ stages: next.stages, stops: next.stops }).toEqual({ stages: "a Succeeded, b Running", stops: "" })
  })
})
