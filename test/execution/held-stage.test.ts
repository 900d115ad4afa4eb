// How a stage is left by the rule that has a say about it: what is kept, and what is said.

import { describe, expect, it } from "vitest"
import type { StageStatus } from "../../src/api/execution.ts"
import { endedBy, heldBy, waiting } from "../../src/execution/held-stage.ts"
import type { Ending } from "../../src/execution/rules/ending.ts"
import type { Gate } from "../../src/execution/rules/gate.ts"
import { created, now } from "../builders/objects.ts"

describe("waiting", () => {
  it("is a stage of which there is nothing to say yet", () => {
    expect(waiting("a")).toStrictEqual({ name: "a", phase: "Waiting" })
  })
})

describe("heldBy", () => {
  it.each<{ gate: Gate; becomes: Partial<StageStatus> }>([
    { gate: { _tag: "Wait", reason: "MaxParallel" }, becomes: { phase: "Waiting", reason: "MaxParallel" } },
    {
      gate: { _tag: "Skip", reason: "WhenFalse", message: "when: false" },
      becomes: { phase: "Skipped", completionTime: now, reason: "WhenFalse", message: "when: false" },
    },
    {
      gate: { _tag: "Fail", reason: "WhenInvalid", message: "when: 1" },
      becomes: { phase: "Failed", completionTime: now, reason: "WhenInvalid", message: "when: 1" },
    },
  ])("says why, and keeps what is done of a matrix: $becomes.phase", ({ gate, becomes }) => {
    const before = { ...waiting("a"), reason: "Suspended" }
    expect(heldBy(gate, before, now)).toStrictEqual({ name: "a", ...becomes })
    expect(heldBy(gate, { ...before, combinations: "SW" }, now)).toStrictEqual({
      name: "a",
      combinations: "SW",
      ...becomes,
    })
  })
})

describe("endedBy", () => {
  const ending = (reason: Ending["reason"]): Ending => ({ reason, message: "why", stopsJobs: true })
  const running: StageStatus = { name: "m", phase: "Running", startTime: created }

  it.each<{ reason: Ending["reason"]; running: string; waiting: string }>([
    { reason: "Cancelled", running: "Cancelled", waiting: "Cancelled" },
    { reason: "FailFast", running: "Cancelled", waiting: "Skipped" },
    { reason: "ExecutionTimeout", running: "Cancelled", waiting: "Skipped" },
  ])("$reason: what ran is $running, what waited $waiting", ({ reason, ...phases }) => {
    const said = { completionTime: now, reason, message: "why" }
    expect(endedBy(ending(reason), { ...running, jobName: "j" }, now)).toStrictEqual({
      ...running,
      ...said,
      jobName: "j",
      phase: phases.running,
    })
    expect(endedBy(ending(reason), waiting("a"), now)).toStrictEqual({ name: "a", ...said, phase: phases.waiting })
  })

  // Its failure was ignored, so that it did not end the run; what it was stays on record.
  it("leaves a matrix of which a Job had failed as failed, with that failure, where another failed the run", () => {
    const failed = { ...running, combinations: "SFRW", reason: "OOMKilled", message: "of memory" }
    const ended = { ...running, combinations: "SFCC", completionTime: now, phase: "Failed" }
    expect(endedBy(ending("FailFast"), failed, now)).toStrictEqual({
      ...ended,
      reason: "OOMKilled",
      message: "of memory",
    })
    expect(endedBy(ending("FailFast"), { ...running, combinations: "SFRW" }, now)).toStrictEqual({
      ...ended,
      reason: "CombinationFailed",
      message: "a combination failed",
    })
    expect(endedBy(ending("Cancelled"), failed, now)).toMatchObject({ phase: "Cancelled", reason: "Cancelled" })
    expect(endedBy(ending("FailFast"), { ...failed, combinations: "SR" }, now)).toMatchObject({
      phase: "Cancelled",
      reason: "FailFast",
    })
  })
})
