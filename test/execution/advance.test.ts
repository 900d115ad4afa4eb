import { describe, expect, it } from "vitest"
import { jobName } from "../../src/resources/job-name.ts"
import { created, earlier, ended, execution, job, now, pod, waitingFor } from "../builders/objects.ts"
import { observed, type Situation, stageIn, step } from "../builders/observed.ts"

interface Row extends Omit<Situation, "graph"> {
  readonly state: string
  readonly stages: string
  readonly creates?: string
  readonly stops?: string
}

/** Runs a step from every state of a table. */
function table(graph: string, rows: readonly Row[]) {
  it.each(rows)("$state", ({ stages, creates = "", stops = "", ...situation }) => {
    const next = step(observed({ graph, ...situation }))
    expect({ stages: next.stages, creates: next.creates, stops: next.stops }).toEqual({ stages, creates, stops })
  })
}

const quota = { isFinal: false, reason: "JobForbidden", message: "exceeded quota" }
const denied = { isFinal: true, reason: "JobRejected", message: "image is not allowed" }

// a → b → c
describe("advance, in a row", () => {
  table("a → b → c", [
    { state: "starts the first stage", stages: "a Waiting, b Waiting, c Waiting", creates: "a" },
    { state: "a has its Job", jobs: "a Running", stages: "a Running, b Waiting, c Waiting" },
    {
      state: "a runs on",
      recorded: "a Running",
      jobs: "a Running",
      stages: "a Running, b Waiting, c Waiting",
    },
    {
      state: "a is complete: hands off to b",
      recorded: "a Running",
      jobs: "a Complete",
      stages: "a Succeeded, b Waiting, c Waiting",
      creates: "b",
    },
    {
      state: "the pod of a succeeded: hands off to b before the Job says so",
      recorded: "a Running",
      pods: { a: { phase: "Succeeded" } },
      stages: "a Succeeded, b Waiting, c Waiting",
      creates: "b",
    },
    {
      state: "a and b ended unseen: catches up with both",
      jobs: "a Complete, b Complete",
      stages: "a Succeeded, b Succeeded, c Waiting",
      creates: "c",
    },
    {
      state: "b has a Job, and the end of a is only now seen",
      recorded: "a Running",
      jobs: "a Complete, b Running",
      stages: "a Succeeded, b Running, c Waiting",
    },
    {
      state: "a failed: skips the whole row below it",
      recorded: "a Running",
      jobs: "a Failed",
      stages: "a Failed, b Skipped, c Skipped",
    },
    {
      state: "all are complete",
      recorded: "a Succeeded, b Succeeded, c Running",
      jobs: "c Complete",
      stages: "a Succeeded, b Succeeded, c Succeeded",
    },
  ])
})

//     ┌─ b ─┐
// a ──┤     ├── d
//     └─ c ─┘
describe("advance, in a diamond", () => {
  table("a → b → d, a → c → d", [
    {
      state: "a succeeded: starts both branches",
      recorded: "a Succeeded",
      stages: "a Succeeded, b Waiting, d Waiting, c Waiting",
      creates: "b, c",
    },
    {
      state: "b succeeded, c running: d waits",
      recorded: "a Succeeded, b Running, c Running",
      jobs: "b Complete, c Running",
      stages: "a Succeeded, b Succeeded, d Waiting, c Running",
    },
    {
      state: "b and c succeeded: starts d once",
      recorded: "a Succeeded, b Succeeded, c Running",
      jobs: "b Complete, c Complete",
      stages: "a Succeeded, b Succeeded, d Waiting, c Succeeded",
      creates: "d",
    },
    {
      state: "b failed, c running: d is skipped at once, c runs on",
      recorded: "a Succeeded, b Running, c Running",
      jobs: "b Failed, c Running",
      stages: "a Succeeded, b Failed, d Skipped, c Running",
    },
    {
      state: "b failed, c succeeded later: d stays skipped",
      recorded: "a Succeeded, b Failed, c Running, d Skipped",
      jobs: "c Complete",
      stages: "a Succeeded, b Failed, d Skipped, c Succeeded",
    },
  ])
})

// a → b → c
// d → e
describe("advance, in two branches", () => {
  it("skips the stages below a failed one and runs the other branch", () => {
    const next = step(
      observed({ graph: "a → b → c, d → e", recorded: "a Running, d Running", jobs: "a Failed, d Complete" }),
    )
    expect(next.stages).toBe("a Failed, b Skipped, c Skipped, d Succeeded, e Waiting")
    expect(next.creates).toBe("e")
    expect(next.status.phase).toBe("Running")
  })

  it("says of each skipped stage which parent kept it from running", () => {
    const next = step(observed({ graph: "a → b → c", recorded: "a Running", jobs: "a Failed" }))
    expect(stageIn(next, "b")).toEqual({
      name: "b",
      phase: "Skipped",
      completionTime: now,
      reason: "ParentFailed",
      message: 'stage "a" failed',
    })
    expect(stageIn(next, "c")).toMatchObject({ reason: "ParentFailed", message: 'stage "b" was skipped' })
  })
})

describe("advance, what is recorded of a stage", () => {
  it("starts when its Job was created, under the Job's name", () => {
    const seen = observed({ graph: "a", jobs: "a Running" })
    expect(stageIn(step(seen), "a")).toEqual({
      name: "a",
      phase: "Running",
      jobName: jobName(seen.execution.metadata, "a"),
      startTime: created,
    })
  })

  it("keeps its first start", () => {
    const recorded = new Map([["a", { phase: "Running", jobName: "x", startTime: earlier } as const]])
    expect(stageIn(step(observed({ graph: "a", recorded, jobs: "a Running" })), "a")).toMatchObject({
      startTime: earlier,
    })
  })

  it("ends when its Job says, not when this is seen", () => {
    const next = step(observed({ graph: "a", jobs: "a Complete" }), "2030-01-01T00:00:00Z")
    expect(stageIn(next, "a")).toMatchObject({ completionTime: now })
  })

  it("ends when it is seen, where nobody says when", () => {
    const next = step(observed({ graph: "a", pods: { a: { phase: "Succeeded" } } }))
    expect(stageIn(next, "a")).toMatchObject({ phase: "Succeeded", completionTime: now })
  })

  it("says why its pod cannot start, and stops saying so when it does", () => {
    const stuck = { phase: "Pending", status: waitingFor("ErrImagePull", "not found") }
    const first = step(observed({ graph: "a", pods: { a: stuck } }))
    expect(stageIn(first, "a")).toMatchObject({ phase: "Running", message: "ErrImagePull: not found" })
    const recorded = new Map([["a", stageIn(first, "a")!]])
    const second = step(observed({ graph: "a", recorded, pods: { a: { phase: "Running" } } }))
    expect(stageIn(second, "a")).not.toHaveProperty("message")
  })

  it("fails with the Job's reason and the exit code", () => {
    const seen = observed({ graph: "a", jobs: "a Failed", pods: { a: { phase: "Failed", status: ended(3) } } })
    expect(stageIn(step(seen), "a")).toMatchObject({
      phase: "Failed",
      reason: "BackoffLimitExceeded",
      message: "exit code 3 (Job has reached the specified backoff limit)",
    })
  })

  it("looks only at the pods of its own Job", () => {
    const seen = observed({ graph: "a, b", jobs: "a Running, b Running" })
    const [a, b] = [...seen.jobs.values()]
    const pods = new Map([[b!.metadata.uid, [pod(b!, { phase: "Succeeded" })]]])
    expect(step({ ...seen, pods }).stages).toBe("a Running, b Succeeded")
    expect(step({ ...seen, pods: new Map([[a!.metadata.uid, pods.get(b!.metadata.uid)!]]) }).stages).toContain(
      "a Succeeded",
    )
  })

  it.each([
    { length: 300, message: "x".repeat(300), kept: "x".repeat(300) },
    { length: 301, message: "x".repeat(301), kept: `${"x".repeat(299)}…` },
    { length: 5000, message: "x".repeat(5000), kept: `${"x".repeat(299)}…` },
    // The API server would write half of a character in another way, and the status would look new at every look.
    { length: "302, cut in a character", message: `${"x".repeat(298)}🥜🥜`, kept: `${"x".repeat(298)}\uFFFD…` },
  ])("keeps at most 300 characters of a message (of $length)", ({ message, kept }) => {
    const refusals = { a: { isFinal: true, reason: "JobRejected", message } }
    expect(stageIn(step(observed({ graph: "a", refusals })), "a")).toMatchObject({
      name: "a",
      phase: "Failed",
      reason: "JobRejected",
      message: kept,
    })
  })

  // What differs from what the API server gives back looks like news, and would be written again and again.
  it.each<{ state: string } & Omit<Situation, "graph">>([
    { state: "nothing started" },
    { state: "stages run", jobs: "a Running" },
    { state: "stages were skipped", jobs: "a Failed" },
    { state: "stages were cancelled before they started", spec: { cancel: true } },
    { state: "a Job was deleted", recorded: "a Running" },
    { state: "Jobs were refused", refusals: { a: quota, c: denied } },
    { state: "all ended", recorded: "a Succeeded, b Succeeded, c Succeeded" },
  ])("reads back as it was written: $state", ({ state: _, ...situation }) => {
    const { status } = step(observed({ graph: "a → b, c", ...situation }))
    expect(JSON.parse(JSON.stringify(status))).toStrictEqual(status)
  })

  it("knows no Job but the one of the computed name", () => {
    const seen = observed({ graph: "a" })
    const stray = job(seen.execution, "a", "Complete", { metadata: { name: "stray" } })
    const next = step({ ...seen, jobs: new Map([["stray", stray]]) })
    expect({ stages: next.stages, creates: next.creates }).toEqual({ stages: "a Waiting", creates: "a" })
  })
})

describe("advance, terminal is final", () => {
  table("a → b", [
    {
      state: "a succeeded by its pod, then its Job failed by a deadline: a stays Succeeded",
      recorded: "a Succeeded",
      jobs: "a Failed",
      stages: "a Succeeded, b Waiting",
      creates: "b",
    },
    {
      state: "a succeeded and its Job was deleted: the outcome stays and b starts",
      recorded: "a Succeeded",
      stages: "a Succeeded, b Waiting",
      creates: "b",
    },
    {
      state: "a failed, then its Job reads complete: a stays Failed",
      recorded: "a Failed, b Skipped",
      jobs: "a Complete",
      stages: "a Failed, b Skipped",
    },
    {
      state: "b was skipped, then got a Job from a replica that read late: b stays Skipped, and the Job is stopped",
      recorded: "a Failed, b Skipped",
      jobs: "b Running",
      stages: "a Failed, b Skipped",
      stops: "b",
    },
    { state: "both were cancelled", recorded: "a Cancelled, b Cancelled", stages: "a Cancelled, b Cancelled" },
    {
      state: "the Job of a was deleted while it ran: a failed, b is skipped, and no Job comes again",
      recorded: "a Running",
      stages: "a Failed, b Skipped",
    },
  ])

  it("says that a Job was deleted, with its name", () => {
    const seen = observed({ graph: "a", recorded: "a Running" })
    expect(stageIn(step(seen), "a")).toEqual({
      name: "a",
      phase: "Failed",
      jobName: jobName(seen.execution.metadata, "a"),
      startTime: created,
      completionTime: now,
      reason: "JobDeleted",
      message: `its Job ${jobName(seen.execution.metadata, "a")} was deleted before it ended`,
    })
  })

  it.each(["a Succeeded", "a Failed", "a Cancelled"])("changes nothing of an ended run (%s)", (recorded) => {
    const seen = observed({ graph: "a", recorded })
    expect(step(seen, "2030-01-01T00:00:00Z").status).toEqual({ ...seen.execution.status })
  })

  it("does not take up an ended run again when suspend or cancel come late", () => {
    const seen = observed({ graph: "a", recorded: "a Succeeded", spec: { cancel: true, suspend: true } })
    expect(step(seen).status).toMatchObject({
      phase: "Succeeded",
      conditions: [{ status: "True", reason: "Succeeded" }],
    })
  })
})

// a → c
// b → d
describe("advance, cancelled", () => {
  const spec = { cancel: true }
  const graph = "a → c, b → d"
  table(graph, [
    {
      state: "before anything started: creates nothing",
      spec,
      stages: "a Cancelled, c Cancelled, b Cancelled, d Cancelled",
    },
    {
      state: "a and b running: both are stopped, what waits never starts",
      spec,
      recorded: "a Running, b Running",
      jobs: "a Running, b Running",
      stages: "a Cancelled, c Cancelled, b Cancelled, d Cancelled",
      stops: "a, b",
    },
    {
      state: "a succeeded before: it keeps its outcome, c never starts",
      spec,
      recorded: "a Succeeded, b Running",
      jobs: "a Complete, b Running",
      stages: "a Succeeded, c Cancelled, b Cancelled, d Cancelled",
      stops: "b",
    },
    {
      state: "the pod of b succeeded before this was seen: it counts",
      spec,
      recorded: "a Succeeded, b Running",
      pods: { b: { phase: "Succeeded" } },
      stages: "a Succeeded, c Cancelled, b Succeeded, d Cancelled",
    },
    {
      state: "b failed before this was seen: it counts",
      spec,
      recorded: "a Succeeded, b Running",
      jobs: "b Failed",
      stages: "a Succeeded, c Cancelled, b Failed, d Cancelled",
    },
    {
      state: "a Job that a late replica created for a cancelled stage: is stopped",
      spec,
      recorded: "a Succeeded, c Cancelled, b Cancelled, d Cancelled",
      jobs: "c Running",
      stages: "a Succeeded, c Cancelled, b Cancelled, d Cancelled",
      stops: "c",
    },
    {
      state: "the Jobs have ended: nothing is stopped twice",
      spec,
      recorded: "a Cancelled, c Cancelled, b Cancelled, d Cancelled",
      jobs: "a Failed, b Complete",
      stages: "a Cancelled, c Cancelled, b Cancelled, d Cancelled",
    },
  ])

  // Whoever stopped it died before it could write so; the next look finds the Job ended by the deadline.
  it.each([
    { says: "DeadlineExceeded", deadline: 1, stages: "a Cancelled" },
    { says: "BackoffLimitExceeded", deadline: 1, stages: "a Failed" },
    { says: "DeadlineExceeded", deadline: 60, stages: "a Failed" },
  ])("a Job with deadline $deadline that failed with $says: $stages", ({ says, deadline, stages }) => {
    const seen = observed({ graph: "a", recorded: "a Running", spec })
    const made = job(seen.execution, "a", "Failed", { spec: { activeDeadlineSeconds: deadline } })
    const conditions = made.status!.conditions!.map((condition) => ({ ...condition, reason: says }))
    const failed = { ...made, status: { ...made.status, conditions } }
    expect(step({ ...seen, jobs: new Map([[failed.metadata.name, failed]]) }).stages).toBe(stages)
  })

  it("does not stop again a Job that was told to", () => {
    const seen = observed({ graph: "a", recorded: "a Cancelled", spec })
    const stopping = job(seen.execution, "a", "Running", { spec: { activeDeadlineSeconds: 1 } })
    expect(step({ ...seen, jobs: new Map([[stopping.metadata.name, stopping]]) }).stops).toBe("")
  })

  it("records the Job of a stage that was cancelled while it ran", () => {
    const seen = observed({ graph: "a", jobs: "a Running", spec })
    expect(stageIn(step(seen), "a")).toEqual({
      name: "a",
      phase: "Cancelled",
      jobName: jobName(seen.execution.metadata, "a"),
      startTime: created,
      completionTime: now,
      reason: "Cancelled",
      message: "the execution was cancelled",
    })
  })

  it("is Succeeded when the last stage ended well before the cancellation was seen", () => {
    const next = step(observed({ graph: "a", recorded: "a Running", jobs: "a Complete", spec }))
    expect(next.status.phase).toBe("Succeeded")
  })

  it("wins over suspend", () => {
    const next = step(
      observed({ graph: "a", recorded: "a Running", jobs: "a Running", spec: { cancel: true, suspend: true } }),
    )
    expect(next.status.phase).toBe("Cancelled")
    expect(next.stops).toBe("a")
  })

  it("wins over a Job that was deleted meanwhile", () => {
    expect(step(observed({ graph: "a", recorded: "a Running", spec })).stages).toBe("a Cancelled")
  })
})

// a → b
describe("advance, suspended", () => {
  const spec = { suspend: true }
  table("a → b", [
    { state: "before anything started: creates nothing", spec, stages: "a Waiting, b Waiting" },
    { state: "a running: a runs on", spec, recorded: "a Running", jobs: "a Running", stages: "a Running, b Waiting" },
    {
      state: "a is complete: b is held",
      spec,
      recorded: "a Running",
      jobs: "a Complete",
      stages: "a Succeeded, b Waiting",
    },
    {
      state: "a failed: b is skipped all the same",
      spec,
      recorded: "a Running",
      jobs: "a Failed",
      stages: "a Failed, b Skipped",
    },
    { state: "resumed: b starts", recorded: "a Succeeded", stages: "a Succeeded, b Waiting", creates: "b" },
  ])

  it("says which stages it holds, and that the run is suspended", () => {
    const next = step(observed({ graph: "a → b", spec }))
    expect(stageIn(next, "a")).toEqual({ name: "a", phase: "Waiting", reason: "Suspended" })
    expect(stageIn(next, "b")).toEqual({ name: "b", phase: "Waiting" })
    expect(next.status.conditions).toMatchObject([{ status: "Unknown", reason: "Suspended" }])
  })

  it("no longer says so once resumed", () => {
    const recorded = new Map([["a", { phase: "Waiting", reason: "Suspended" } as const]])
    const next = step(observed({ graph: "a", recorded }))
    expect(stageIn(next, "a")).toEqual({ name: "a", phase: "Waiting" })
    expect(next.status.conditions).toMatchObject([{ status: "Unknown", reason: "Pending" }])
  })
})

// a → b
// c
describe("advance, with Jobs that the API server would not create", () => {
  table("a → b, c", [
    {
      state: "a was refused for good: it failed and b is skipped",
      refusals: { a: denied },
      stages: "a Failed, b Skipped, c Waiting",
      creates: "c",
    },
    {
      state: "a was refused as things stand: it waits and is not tried again in this step",
      refusals: { a: quota },
      stages: "a Waiting, b Waiting, c Waiting",
      creates: "c",
    },
    { state: "the refusal is gone: a is tried again", stages: "a Waiting, b Waiting, c Waiting", creates: "a, c" },
    {
      state: "a has its Job after all: the refusal counts for nothing",
      jobs: "a Running",
      refusals: { a: denied },
      stages: "a Running, b Waiting, c Waiting",
      creates: "c",
    },
    {
      state: "cancelled meanwhile: a is Cancelled, not Failed",
      spec: { cancel: true },
      refusals: { a: denied },
      stages: "a Cancelled, b Cancelled, c Cancelled",
    },
  ])

  it("says why a stage failed or waits", () => {
    const next = step(observed({ graph: "a, b", refusals: { a: denied, b: quota } }))
    expect(stageIn(next, "a")).toMatchObject({ phase: "Failed", reason: denied.reason, message: denied.message })
    expect(stageIn(next, "b")).toEqual({ name: "b", phase: "Waiting", reason: quota.reason, message: quota.message })
  })

  it("stops saying so when the Job could be created", () => {
    const recorded = new Map([["a", { phase: "Waiting", reason: quota.reason, message: quota.message } as const]])
    const running = stageIn(step(observed({ graph: "a", recorded, jobs: "a Running" })), "a")
    expect(running).not.toHaveProperty("reason")
    expect(running).not.toHaveProperty("message")
  })
})

describe("advance, the Jobs it creates", () => {
  it("come from the snapshot's specs, each of its own type", () => {
    const graph = [
      { name: "a", type: "one" },
      { name: "b", type: "two" },
    ]
    const next = step(observed({ graph, stageSpecs: { one: { image: "img1" }, two: { image: "img2" } } }))
    expect(next.create.map((job) => job.spec.template.spec.containers[0]?.image)).toEqual(["img1", "img2"])
  })

  it("are owned by the execution", () => {
    const { uid, name } = execution().metadata
    expect(step(observed({ graph: "a" })).create[0]?.metadata.ownerReferences).toMatchObject([
      { name, uid, controller: true },
    ])
  })

  it("are for every stage that is ready, in the order of the graph", () => {
    expect(step(observed({ graph: "c, a, b" })).creates).toBe("c, a, b")
  })

  it("are for stages of any name", () => {
    const graph = [
      { name: "__proto__", type: "task" },
      { name: "Fifth Stage 🥜", type: "task", dependsOn: ["__proto__"] },
    ]
    expect(step(observed({ graph })).creates).toBe("__proto__")
    expect(step(observed({ graph, recorded: new Map([["__proto__", "Succeeded"]]) })).creates).toBe("Fifth Stage 🥜")
  })
})

describe("advance, what the pipeline's entry says of a Job", () => {
  const spec = { image: "busybox", retries: 3, timeout: "10s" }
  const limits = (entry: { retries?: number; timeout?: string }) => {
    const graph = [{ name: "a", type: "task", ...entry }]
    const { backoffLimit, activeDeadlineSeconds } = step(observed({ graph, stageSpecs: { task: spec } })).create[0]!
      .spec
    return { backoffLimit, activeDeadlineSeconds }
  }

  it.each([
    { entry: {}, backoffLimit: 3, activeDeadlineSeconds: 10 },
    { entry: { retries: 0 }, backoffLimit: 0, activeDeadlineSeconds: 10 },
    { entry: { timeout: "1h" }, backoffLimit: 3, activeDeadlineSeconds: 3600 },
    { entry: { retries: 5, timeout: "1s" }, backoffLimit: 5, activeDeadlineSeconds: 1 },
  ])("wins over what its PeanutStage says: $entry", ({ entry, ...expected }) => {
    expect(limits(entry)).toEqual(expected)
  })
})
