import { describe, expect, it } from "vitest"
import type { StageStatus } from "../../src/api/execution.ts"
import type { PipelineStage } from "../../src/api/pipeline.ts"
import { combinationAt, countCombinations, describeCombination } from "../../src/execution/matrix.ts"
import { combinationKey } from "../../src/resources/labels.ts"
import { graph } from "../builders/graph.ts"
import { created, now, waitingFor } from "../builders/objects.ts"
import { observed, type Situation, stageIn, step } from "../builders/observed.ts"

const three = [{ name: "os", values: ["linux", "mac", "win"] }]
const four = [
  { name: "os", values: ["linux", "mac"] },
  { name: "arch", values: ["arm", "x86"] },
]

describe("combinations", () => {
  it("are counted", () => {
    expect(countCombinations(undefined)).toBe(1)
    expect(countCombinations(three)).toBe(3)
    expect(countCombinations(four)).toBe(4)
    expect(countCombinations([{ name: "n", values: Array.from({ length: 256 }, String) }])).toBe(256)
  })

  it("come in the order in which one writes loops, the last dimension innermost", () => {
    expect([0, 1, 2, 3].map((index) => describeCombination(four, index))).toEqual([
      "os=linux, arch=arm",
      "os=linux, arch=x86",
      "os=mac, arch=arm",
      "os=mac, arch=x86",
    ])
    expect(combinationAt(undefined, 0)).toEqual({})
  })

  it("have parameters of any name, those that every object has included", () => {
    const matrix = ["__proto__", "constructor"].map((name) => ({ name, values: ["1", "2"] }))
    expect(describeCombination(matrix, 1)).toBe("__proto__=1, constructor=2")
    expect(Object.entries(combinationAt(matrix, 2))).toEqual([
      ["__proto__", "2"],
      ["constructor", "1"],
    ])
  })

  it("are all different", () => {
    const dimensions = ["a", "b", "c"].map((name) => ({ name, values: ["1", "2", "3", "4"] }))
    const all = Array.from({ length: 64 }, (_, index) => describeCombination(dimensions, index))
    expect(new Set(all).size).toBe(64)
  })
})

/** m → z, with a matrix of three for m. */
const stages = (more: Partial<PipelineStage> = {}): PipelineStage[] =>
  graph("m → z").map((stage) => (stage.name === "m" ? { ...stage, matrix: three, ...more } : stage))

const gone = { isFinal: true, reason: "JobRejected", message: "no" }
const quota = { isFinal: false, reason: "JobForbidden", message: "exceeded quota" }

interface Row extends Omit<Situation, "graph"> {
  readonly state: string
  readonly stage?: Partial<PipelineStage>
  readonly says: string
  readonly creates?: string
  readonly stops?: string
}

/** What a step says of both stages: `m Running:SRW, z Waiting`. */
function told(situation: Situation) {
  const next = step(observed(situation))
  const says = next.status
    .stages!.map(({ name, phase, reason, combinations }) => {
      const why = phase === "Succeeded" || phase === "Running" || reason === undefined ? "" : `/${reason}`
      return `${name} ${phase}${why}${combinations === undefined ? "" : `:${combinations}`}`
    })
    .join(", ")
  const creates = next.create.map(({ metadata }) => metadata.annotations?.[combinationKey] ?? "z").join(" ")
  const stops = next.stop.map(({ metadata }) => metadata.name).length
  return { says, creates, stops: stops === 0 ? "" : String(stops) }
}

describe("a stage with a matrix", () => {
  it.each<Row>([
    { state: "starts all of them", says: "m Waiting, z Waiting", creates: "os=linux os=mac os=win" },
    {
      state: "one has its Job: the others follow",
      jobs: "m#1 Running",
      says: "m Running:WRW, z Waiting",
      creates: "os=linux os=win",
    },
    {
      state: "all run",
      recorded: "m Running:RRR",
      jobs: "m Running, m#1 Running, m#2 Running",
      says: "m Running:RRR, z Waiting",
    },
    {
      state: "one ended: the stage runs on",
      recorded: "m Running:RRR",
      jobs: "m Running, m#1 Complete, m#2 Running",
      says: "m Running:RSR, z Waiting",
    },
    {
      state: "all succeeded: z starts",
      recorded: "m Running:SSR",
      jobs: "m#2 Complete",
      says: "m Succeeded:SSS, z Waiting",
      creates: "z",
    },
    {
      state: "one failed: the others run on",
      recorded: "m Running:RRR",
      jobs: "m Failed, m#1 Running, m#2 Running",
      says: "m Running:FRR, z Waiting",
    },
    {
      state: "one failed, the others ended: the stage failed",
      recorded: "m Running:FRR",
      jobs: "m#1 Complete, m#2 Complete",
      says: "m Failed/BackoffLimitExceeded:FSS, z Skipped/ParentFailed",
    },
    {
      state: "what ended is not looked at again",
      recorded: "m Running:FSR",
      jobs: "m Complete, m#1 Failed, m#2 Running",
      says: "m Running:FSR, z Waiting",
    },
    {
      state: "the Job of one was deleted: that one failed",
      recorded: "m Running:SRS",
      says: "m Failed/JobDeleted:SFS, z Skipped/ParentFailed",
    },
    {
      state: "taken over from another run: the rest runs",
      recorded: "m Waiting:SWS",
      says: "m Waiting:SWS, z Waiting",
      creates: "os=mac",
    },
    {
      state: "the rest of a run that was taken over ended",
      recorded: "m Running:SRS",
      jobs: "m#1 Complete",
      says: "m Succeeded:SSS, z Waiting",
      creates: "z",
    },
    {
      state: "one was refused for good: it failed, the others run",
      refusals: { "m#1": gone },
      jobs: "m Running, m#2 Running",
      says: "m Running:RFR, z Waiting",
    },
    {
      state: "all were refused for good",
      refusals: { m: gone, "m#1": gone, "m#2": gone },
      says: "m Failed/JobRejected:FFF, z Skipped/ParentFailed",
    },
    {
      state: "one was refused as things stand: it waits",
      refusals: { "m#1": quota },
      jobs: "m Running, m#2 Running",
      says: "m Running:RWR, z Waiting",
    },
    {
      state: "the first was refused as things stand: nothing else is tried",
      refusals: { m: quota },
      says: "m Waiting/JobForbidden, z Waiting",
    },
    {
      state: "the refusal is gone",
      recorded: "m Running:RWR",
      jobs: "m Running, m#2 Running",
      says: "m Running:RWR, z Waiting",
      creates: "os=mac",
    },
    {
      state: "maxParallel of the stage",
      stage: { maxParallel: 2 },
      says: "m Waiting, z Waiting",
      creates: "os=linux os=mac",
    },
    {
      state: "maxParallel of the stage, one place is free",
      stage: { maxParallel: 2 },
      recorded: "m Running:RRW",
      jobs: "m Running, m#1 Complete",
      says: "m Running:RSW, z Waiting",
      creates: "os=win",
    },
    {
      state: "maxParallel of the stage, one was refused as things stand: the next is not tried",
      stage: { maxParallel: 1 },
      refusals: { m: quota },
      says: "m Waiting/JobForbidden, z Waiting",
    },
    { state: "suspended before it started", spec: { suspend: true }, says: "m Waiting/Suspended, z Waiting" },
    {
      state: "suspended in the middle: no more of them start",
      spec: { suspend: true },
      stage: { maxParallel: 1 },
      recorded: "m Running:RWW",
      jobs: "m Complete",
      says: "m Running:SWW, z Waiting",
    },
    {
      state: "nothing of it runs just now: it still has begun",
      recorded: "m Running:SWS",
      says: "m Running:SWS, z Waiting",
      creates: "os=mac",
    },
    {
      state: "cancelled after one had failed, whose Job is gone: it failed",
      spec: { cancel: true },
      recorded: "m Running:FRS",
      jobs: "m#1 Stopped",
      says: "m Failed/BackoffLimitExceeded:FCS, z Cancelled/Cancelled",
    },
    {
      state: "cancelled in the middle: what succeeded is kept for a rerun",
      spec: { cancel: true },
      recorded: "m Running:SRW",
      jobs: "m#1 Running",
      says: "m Cancelled/Cancelled:SCC, z Cancelled/Cancelled",
      stops: "1",
    },
    {
      state: "was stopped by a cancellation that nobody wrote down",
      spec: { cancel: true },
      recorded: "m Running:SRR",
      jobs: "m#1 Stopped, m#2 Stopped",
      says: "m Cancelled/Cancelled:SCC, z Cancelled/Cancelled",
    },
    {
      state: "cancelled when the last one had ended well",
      spec: { cancel: true },
      recorded: "m Running:SSR",
      jobs: "m#2 Complete",
      says: "m Succeeded:SSS, z Cancelled/Cancelled",
    },
    {
      state: "FailFast: one failed, so the others are stopped at once",
      snapshot: { failurePolicy: "FailFast" },
      recorded: "m Running:RRW",
      jobs: "m Failed, m#1 Running",
      says: "m Failed/BackoffLimitExceeded:FCC, z Skipped/FailFast",
      stops: "1",
    },
    {
      state: "FailFast, but its failure is ignored: the others run on",
      snapshot: { failurePolicy: "FailFast" },
      stage: { onFailure: "Ignore" },
      recorded: "m Running:RRR",
      jobs: "m Failed, m#1 Running, m#2 Running",
      says: "m Running:FRR, z Waiting",
    },
    {
      state: "out of time: what runs is left to its deadline, and no more start",
      snapshot: { timeout: "1s" },
      stage: { maxParallel: 1 },
      recorded: "m Running:SRW",
      jobs: "m#1 Running",
      says: "m Running:SRW, z Skipped/ExecutionTimeout",
    },
    {
      state: "out of time and nothing of it runs: what is left never starts",
      snapshot: { timeout: "1s" },
      stage: { maxParallel: 1 },
      recorded: "m Running:SRW",
      jobs: "m#1 Complete",
      says: "m Cancelled/ExecutionTimeout:SSC, z Skipped/ExecutionTimeout",
    },
    {
      state: "terminal is final",
      recorded: "m Failed:FSC, z Skipped",
      jobs: "m Complete, m#2 Complete",
      says: "m Failed/BackoffLimitExceeded:FSC, z Skipped/ParentFailed",
    },
    {
      state: "late Jobs of a stage that ended are stopped, but not one that is done",
      recorded: "m Cancelled:SCC, z Cancelled",
      jobs: "m Running, m#1 Running, m#2 Stopping",
      says: "m Cancelled/Cancelled:SCC, z Cancelled/Cancelled",
      stops: "1",
    },
  ])("$state", ({ state: _, stage, says, creates = "", stops = "", ...situation }) => {
    expect(told({ ...situation, graph: stages(stage) })).toEqual({ says, creates, stops })
  })

  it("keeps what the first failure said, though its Job is gone when the stage ends", () => {
    const first = step(
      observed({ graph: stages(), recorded: "m Running:RRR", jobs: "m Failed, m#1 Running, m#2 Running" }),
    )
    expect(stageIn(first, "m")).toEqual({
      name: "m",
      phase: "Running",
      startTime: created,
      combinations: "FRR",
      reason: "BackoffLimitExceeded",
      message: "os=linux: Job has reached the specified backoff limit",
    })
    const recorded = new Map([["m", stageIn(first, "m")!]])
    const last = step(observed({ graph: stages(), recorded, jobs: "m#1 Failed, m#2 Complete" }))
    expect(stageIn(last, "m")).toEqual({
      name: "m",
      phase: "Failed",
      startTime: created,
      completionTime: now,
      combinations: "FFS",
      reason: "BackoffLimitExceeded",
      message: "2 of 3 combinations failed; the first: os=linux: Job has reached the specified backoff limit",
    })
  })

  it("began with the first of its Jobs", () => {
    const seen = observed({ graph: stages(), jobs: "m#1 Running, m#2 Running" })
    const at = ["2026-01-01T00:00:09Z", "2026-01-01T00:00:05Z"]
    const jobs = new Map(
      [...seen.jobs].map(([name, job], index) => {
        const metadata = { ...job.metadata, creationTimestamp: at[index]! }
        return [name, { ...job, metadata }]
      }),
    )
    expect(stageIn(step({ ...seen, jobs }), "m")).toMatchObject({ phase: "Running", startTime: at[1] })
  })

  it("keeps when it began, also while nothing of it runs", () => {
    const next = step(observed({ graph: stages(), recorded: "m Running:SWS" }))
    expect(stageIn(next, "m")).toMatchObject({ phase: "Running", startTime: created, combinations: "SWS" })
  })

  it("never began where all of its Jobs were refused", () => {
    const refusals = { m: gone, "m#1": gone, "m#2": gone }
    const status = stageIn(step(observed({ graph: stages(), refusals })), "m")
    expect(status).toMatchObject({ phase: "Failed" })
    expect(status).not.toHaveProperty("startTime")
  })

  it("says why one of its pods cannot start, and nothing where all do", () => {
    const stuck = { phase: "Pending", status: waitingFor("ErrImagePull", "not found") }
    const seen = { graph: stages(), recorded: "m Running:RRR", jobs: "m Running, m#2 Running" }
    expect(stageIn(step(observed({ ...seen, pods: { "m#1": stuck } })), "m")?.message).toBe("ErrImagePull: not found")
    expect(stageIn(step(observed({ ...seen, pods: { "m#1": {} } })), "m")).not.toHaveProperty("message")
    const ended = { ...seen, jobs: "m Complete, m#1 Running, m#2 Running" }
    expect(stageIn(step(observed(ended)), "m")).not.toHaveProperty("message")
  })

  it.each<{ recorded: string; before: Partial<StageStatus>; jobs: string; reason: string; message: string }>([
    {
      recorded: "why it waited",
      before: { phase: "Waiting", reason: "MaxParallel", combinations: "SWW" },
      jobs: "m#1 Failed, m#2 Complete",
      reason: "BackoffLimitExceeded",
      message: "1 of 3 combinations failed; the first: os=mac: Job has reached the specified backoff limit",
    },
    {
      recorded: "nothing, though one had failed",
      before: { phase: "Running", combinations: "FRR" },
      jobs: "m#1 Failed, m#2 Complete",
      reason: "BackoffLimitExceeded",
      message: "2 of 3 combinations failed; the first: os=mac: Job has reached the specified backoff limit",
    },
    {
      recorded: "a reason alone",
      before: { phase: "Running", combinations: "FRR", reason: "OOMKilled" },
      jobs: "m#1 Failed, m#2 Complete",
      reason: "OOMKilled",
      message: "2 of 3 combinations failed; the first: ",
    },
  ])("tells the first failure where the status said $recorded", ({ before, jobs, reason, message }) => {
    const next = step(observed({ graph: stages(), recorded: new Map([["m", before]]), jobs }))
    expect(stageIn(next, "m")).toMatchObject({ phase: "Failed", reason, message })
  })

  it("gives each its values as parameters, over the defaults of the stage", () => {
    const spec = {
      image: "busybox",
      params: [{ name: "os" }, { name: "arch", default: "any" }],
      args: ["$(params.os)", "$(params.arch)"],
    }
    const next = step(observed({ graph: stages(), stageSpecs: { task: spec } }))
    expect(next.create.map(({ spec }) => spec.template.spec.containers[0]!.args)).toEqual([
      ["linux", "any"],
      ["mac", "any"],
      ["win", "any"],
    ])
  })

  it("has no outputs, as nobody could tell them apart", () => {
    const message = "key=value"
    const seen = observed({
      graph: stages(),
      recorded: "m Running:RRR",
      jobs: "m Complete, m#1 Complete, m#2 Complete",
    })
    const pods = new Map(
      [...seen.jobs.values()].map((job) => [
        job.metadata.uid,
        [
          {
            metadata: { ...job.metadata, finalizers: [] },
            status: {
              phase: "Succeeded",
              containerStatuses: [{ name: "stage", state: { terminated: { exitCode: 0, message } } }],
            },
          },
        ],
      ]),
    )
    expect(stageIn(step({ ...seen, pods }), "m")).not.toHaveProperty("outputs")
  })

  it("of 256 starts 256 Jobs of different names", () => {
    const matrix = ["a", "b"].map((name) => ({ name, values: Array.from({ length: 16 }, String) }))
    const next = step(observed({ graph: stages({ matrix }) }))
    expect(new Set(next.create.map(({ metadata }) => metadata.name)).size).toBe(256)
  })
})
