import { describe, expect, it } from "vitest"
import type { StageStatus } from "../../../src/api/execution.ts"
import { endingOf } from "../../../src/execution/rules/ending.ts"
import { endsAtOnce, findFailure, isFatal } from "../../../src/execution/rules/failure-policy.ts"
import { graph, states } from "../../builders/graph.ts"
import { accepted, created, now } from "../../builders/objects.ts"
import { observed, type Situation, stageIn, step } from "../../builders/observed.ts"

const failFast = { failurePolicy: "FailFast" } as const
/** The stages of a graph, with the failure of these ignored. */
const ignoring = (text: string, ...names: string[]) =>
  graph(text).map((stage) => ({ ...stage, ...(names.includes(stage.name) && { onFailure: "Ignore" as const }) }))

describe("findFailure", () => {
  const statuses = (text: string) =>
    new Map([...states(text)].map(([name, phase]) => [name, { name, phase } as StageStatus]))

  it.each([
    ["a Succeeded, b Running, c Skipped", undefined],
    ["a Cancelled, b Waiting", undefined],
    ["a Failed", undefined],
    ["a Failed, c Failed, b Failed", "b"],
  ])("of %s, with a ignored: %s", (text, name) => {
    expect(findFailure(ignoring("a, b, c", "a"), statuses(text))?.name).toBe(name)
  })
})

describe("isFatal", () => {
  const stages = ignoring("a, b", "b")
  it.each<{ state: string; policy?: "FailFast" | "ContinueBranches"; name: string; is: boolean }>([
    { state: "no policy", name: "a", is: false },
    { state: "ContinueBranches", policy: "ContinueBranches", name: "a", is: false },
    { state: "FailFast", policy: "FailFast", name: "a", is: true },
    { state: "FailFast, ignored", policy: "FailFast", name: "b", is: false },
    { state: "FailFast, a stage of finally", policy: "FailFast", name: "z", is: false },
  ])("$state: $is", ({ policy, name, is }) => {
    const stage = stages.find((one) => one.name === name) ?? { name }
    expect(isFatal({ stages, ...(policy && { failurePolicy: policy }) }, stage)).toBe(is)
    expect(endsAtOnce(policy)).toBe(policy === "FailFast")
  })
})

describe("endingOf", () => {
  it.each<{ state: string; recorded: string; spec?: object; snapshot?: object; ending: string | undefined }>([
    { state: "nothing", recorded: "a Running", ending: undefined },
    { state: "a failure, other branches go on", recorded: "a Failed, b Running", ending: undefined },
    { state: "a failure, FailFast", recorded: "a Failed, b Running", snapshot: failFast, ending: "FailFast" },
    {
      state: "a failure, FailFast, all ended",
      recorded: "a Failed, b Succeeded",
      snapshot: failFast,
      ending: undefined,
    },
    { state: "cancelled", recorded: "a Running", spec: { cancel: true }, ending: "Cancelled" },
    { state: "cancelled, all ended", recorded: "a Succeeded, b Succeeded", spec: { cancel: true }, ending: undefined },
    { state: "out of time", recorded: "a Running", snapshot: { timeout: "60s" }, ending: "ExecutionTimeout" },
    { state: "a second of time left", recorded: "a Running", snapshot: { timeout: "61s" }, ending: undefined },
    {
      state: "cancelled, out of time and failed",
      recorded: "a Failed",
      spec: { cancel: true },
      snapshot: { ...failFast, timeout: "1s" },
      ending: "Cancelled",
    },
    {
      state: "out of time and failed",
      recorded: "a Failed",
      snapshot: { ...failFast, timeout: "1s" },
      ending: "ExecutionTimeout",
    },
  ])("$state: $ending", ({ recorded, spec = {}, snapshot = {}, ending }) => {
    const run = accepted({ graph: "a, b", stages: states(recorded), spec, snapshot })
    const statuses = new Map(run.status.stages.map((status) => [status.name, status]))
    const found = endingOf(run, statuses, now)
    expect(found?.reason).toBe(ending)
    if (found) expect(found.stopsJobs).toBe(ending !== "ExecutionTimeout")
  })
})

interface Row extends Omit<Situation, "graph"> {
  readonly state: string
  readonly stages: string
  readonly creates?: string
  readonly stops?: string
  readonly phase: string
}

function table(stages: Situation["graph"], rows: readonly Row[]) {
  it.each(rows)("$state", ({ stages: said, creates = "", stops = "", phase, state: _, ...situation }) => {
    const next = step(observed({ graph: stages, snapshot: failFast, ...situation }))
    expect({ stages: next.stages, creates: next.creates, stops: next.stops, phase: next.status.phase }).toEqual({
      stages: said,
      creates,
      stops,
      phase,
    })
  })
}

// a → b
// c → d
describe("failurePolicy: FailFast", () => {
  table("a → b, c → d", [
    {
      state: "a failed: c is stopped, and nothing new starts",
      recorded: "a Running, c Running",
      jobs: "a Failed, c Running",
      stages: "a Failed, b Skipped, c Cancelled, d Skipped",
      stops: "c",
      phase: "Failed",
    },
    {
      state: "a failed when c had ended well: c stays so",
      recorded: "a Running, c Running",
      jobs: "a Failed, c Complete",
      stages: "a Failed, b Skipped, c Succeeded, d Skipped",
      phase: "Failed",
    },
    {
      state: "c was stopped and nobody could write it down: it is Cancelled, not Failed",
      recorded: "a Failed, c Running",
      jobs: "c Stopped",
      stages: "a Failed, b Skipped, c Cancelled, d Skipped",
      phase: "Failed",
    },
    {
      state: "c is about to be stopped: it is not told again",
      recorded: "a Failed, c Running",
      jobs: "c Stopping",
      stages: "a Failed, b Skipped, c Cancelled, d Skipped",
      phase: "Failed",
    },
    {
      state: "cancelled as well: cancel wins",
      spec: { cancel: true },
      recorded: "a Failed, c Running",
      jobs: "c Running",
      stages: "a Failed, b Cancelled, c Cancelled, d Cancelled",
      stops: "c",
      phase: "Cancelled",
    },
    {
      state: "suspended as well: FailFast stops all the same",
      spec: { suspend: true },
      recorded: "a Failed, c Running",
      jobs: "c Running",
      stages: "a Failed, b Skipped, c Cancelled, d Skipped",
      stops: "c",
      phase: "Failed",
    },
    {
      state: "a was refused for good: that is a failure too",
      refusals: { a: { isFinal: true, reason: "JobRejected", message: "no" } },
      recorded: "c Running",
      jobs: "c Running",
      stages: "a Failed, b Skipped, c Cancelled, d Skipped",
      stops: "c",
      phase: "Failed",
    },
  ])

  it("says why each did not run", () => {
    const next = step(
      observed({ graph: "a → b, c", snapshot: failFast, recorded: "a Failed, c Running", jobs: "c Running" }),
    )
    const message = 'stage "a" failed, and the pipeline\'s failurePolicy is FailFast'
    expect(stageIn(next, "b")).toEqual({
      name: "b",
      phase: "Skipped",
      completionTime: now,
      reason: "FailFast",
      message,
    })
    expect(stageIn(next, "c")).toMatchObject({ phase: "Cancelled", startTime: created, reason: "FailFast", message })
  })

  // The same step finds that b cannot start, and that this ends the run for c and d, which come before it.
  it("ends the run when a stage fails that could not even start", () => {
    const stages = [...graph("c → d, a → b")].map((stage) =>
      stage.name === "b" ? { ...stage, when: "params.nope" } : stage,
    )
    const next = step(
      observed({ graph: stages, snapshot: failFast, recorded: "a Succeeded, c Running", jobs: "c Running" }),
    )
    expect({ stages: next.stages, creates: next.creates, stops: next.stops }).toEqual({
      stages: "c Cancelled, d Skipped, a Succeeded, b Failed",
      creates: "",
      stops: "c",
    })
    expect(stageIn(next, "d")).toMatchObject({ reason: "FailFast" })
    expect(stageIn(next, "b")).toMatchObject({ reason: "WhenInvalid" })
  })

  // One second is also how a Job is told to stop.
  it("takes a stage whose own timeout is one second for failed when it takes longer", () => {
    const seen = observed({
      graph: "a, b",
      stageSpecs: { task: { image: "busybox", timeout: "1s" } },
      snapshot: failFast,
      recorded: "a Running",
      jobs: "a Stopped",
    })
    expect(stageIn(step(seen), "a")).toMatchObject({ phase: "Failed", reason: "DeadlineExceeded" })
    expect(step(seen).status.phase).toBe("Failed")
  })
})

// a → b
// c
describe("onFailure: Ignore", () => {
  table(ignoring("a → b, c", "a"), [
    {
      state: "a failed: b runs, and nothing is stopped",
      recorded: "a Running, c Running",
      jobs: "a Failed, c Running",
      stages: "a Failed, b Waiting, c Running",
      creates: "b",
      phase: "Running",
    },
    {
      state: "a failed, the others succeeded: so has the run",
      recorded: "a Failed, b Succeeded, c Succeeded",
      stages: "a Failed, b Succeeded, c Succeeded",
      phase: "Succeeded",
    },
    {
      state: "c failed: FailFast all the same",
      recorded: "a Failed, b Running, c Running",
      jobs: "b Running, c Failed",
      stages: "a Failed, b Cancelled, c Failed",
      stops: "b",
      phase: "Failed",
    },
  ])

  it("keeps its reason on record", () => {
    const next = step(observed({ graph: ignoring("a", "a"), recorded: "a Running", jobs: "a Failed" }))
    expect(stageIn(next, "a")).toMatchObject({ phase: "Failed", reason: "BackoffLimitExceeded" })
    expect(next.status.phase).toBe("Succeeded")
  })
})
