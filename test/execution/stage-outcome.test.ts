import { describe, expect, it } from "vitest"
import type { Job, Pod } from "../../src/api/job.ts"
import { stageOutcome } from "../../src/execution/stage-outcome.ts"
import { ended, execution, type JobState, job, now, type PodOptions, pod, waitingFor } from "../builders/objects.ts"

const run = execution()
const jobIn = (state: JobState, spec: Partial<Job["spec"]> = {}) => job(run, "a", state, { spec })
const podOf = (options: PodOptions) => pod(jobIn("Running"), options)
const succeeded = podOf({ phase: "Succeeded", status: ended(0, { finishedAt: "2026-01-01T00:00:30Z" }) })
const outcome = (job: Job, ...pods: Pod[]) => stageOutcome(job, pods)

describe("stageOutcome, by the Job", () => {
  it.each([
    { state: "Running", phase: "Running" },
    { state: "FailureTarget", phase: "Running" },
    { state: "SuccessCriteriaMet", phase: "Running" },
    { state: "Complete", phase: "Succeeded" },
    { state: "Failed", phase: "Failed" },
    { state: "Suspended", phase: "Running" },
  ] as const)("a Job that is $state and shows no pod: $phase", ({ state, phase }) => {
    expect(outcome(jobIn(state)).phase).toBe(phase)
  })

  it("takes no notice of a condition that is not True", () => {
    const { metadata, spec, status } = jobIn("Complete")
    const conditions = status!.conditions!.map((condition) => ({ ...condition, status: "False" }))
    expect(outcome({ metadata, spec, status: { conditions } }).phase).toBe("Running")
  })

  it("runs while the Job has no status", () => {
    const { metadata, spec } = jobIn("Running")
    expect(outcome({ metadata, spec })).toEqual({ phase: "Running" })
    expect(outcome({ metadata, spec, status: { conditions: null } })).toEqual({ phase: "Running" })
  })

  it("completes when the Job says, not when the pod ended", () => {
    expect(outcome(jobIn("Complete"), succeeded)).toEqual({ phase: "Succeeded", completionTime: now })
  })

  it("falls back on the condition's time for a Job without completionTime", () => {
    const { metadata, spec, status } = jobIn("Complete")
    expect(outcome({ metadata, spec, status: { conditions: status!.conditions } })).toEqual({
      phase: "Succeeded",
      completionTime: now,
      outputs: "lost",
    })
  })

  it.each([
    ["shows no pod", []],
    ["shows only one that failed", [podOf({ phase: "Failed", status: ended(1) })]],
  ])("has lost its outputs when it is Complete and %s", (_, pods) => {
    expect(outcome(jobIn("Complete"), ...pods)).toMatchObject({ phase: "Succeeded", outputs: "lost" })
  })

  it("has lost none when its pod wrote none, or when nobody could tell its pods apart", () => {
    expect(outcome(jobIn("Complete"), succeeded)).not.toHaveProperty("outputs")
    expect(outcome(jobIn("Complete", { completions: 3 }))).not.toHaveProperty("outputs")
  })

  it("says that a Job is suspended", () => {
    expect(outcome(jobIn("Suspended"))).toEqual({ phase: "Running", message: "the Job is suspended" })
  })
})

// A Job of a single pod can only end Complete once the API shows its pod Succeeded under the tracking finalizer.
describe("stageOutcome, by a pod before its Job", () => {
  it("succeeded with its single pod, at the time at which its last container ended", () => {
    expect(outcome(jobIn("Running"), succeeded)).toEqual({ phase: "Succeeded", completionTime: "2026-01-01T00:00:30Z" })
    expect(outcome(jobIn("SuccessCriteriaMet"), succeeded).phase).toBe("Succeeded")
  })

  it("takes the latest of several containers' ends", () => {
    const at = (finishedAt: string) => ({ name: finishedAt, state: { terminated: { exitCode: 0, finishedAt } } })
    const containerStatuses = [at("2026-01-01T00:00:31Z"), at("2026-01-01T00:00:35Z"), at("2026-01-01T00:00:33Z")]
    expect(outcome(jobIn("Running"), podOf({ phase: "Succeeded", status: { containerStatuses } }))).toEqual({
      phase: "Succeeded",
      completionTime: "2026-01-01T00:00:35Z",
    })
  })

  it.each([
    { state: "nothing of containers", status: {} },
    { state: "a container without a state", status: { containerStatuses: [{ name: "stage" }] } },
    { state: "a container that nobody saw end", status: { containerStatuses: [{ name: "stage", state: {} }] } },
    { state: "an end without a time", status: ended(0) },
  ])("has no time of its own where the pod says $state", ({ status }) => {
    expect(outcome(jobIn("Running"), podOf({ phase: "Succeeded", status }))).toStrictEqual({ phase: "Succeeded" })
  })

  it("takes the time of the containers that say when they ended", () => {
    const { containerStatuses } = succeeded.status!
    const status = { containerStatuses: [{ name: "proxy" }, ...containerStatuses!] }
    expect(outcome(jobIn("Running"), podOf({ phase: "Succeeded", status }))).toMatchObject({
      completionTime: "2026-01-01T00:00:30Z",
    })
  })

  it.each([
    { state: "the pod bears no tracking finalizer", pod: podOf({ phase: "Succeeded", metadata: { finalizers: [] } }) },
    {
      state: "the pod bears only another's finalizer",
      pod: podOf({ phase: "Succeeded", metadata: { finalizers: ["x/y"] } }),
    },
    { state: "the pod has no status", pod: { metadata: succeeded.metadata } },
    { state: "the pod runs", pod: podOf({ phase: "Running" }) },
    { state: "the pod failed and may be tried again", pod: podOf({ phase: "Failed", status: ended(1) }) },
  ])("runs on while $state", ({ pod }) => {
    expect(outcome(jobIn("Running"), pod)).toEqual({ phase: "Running" })
  })

  it.each([
    { state: "is about to fail", job: jobIn("FailureTarget") },
    { state: "wants 3 completions", job: jobIn("Running", { completions: 3 }) },
    { state: "runs 2 pods at once", job: jobIn("Running", { parallelism: 2 }) },
    { state: "wants 1 completion of 2 pods at once", job: jobIn("Running", { completions: 1, parallelism: 2 }) },
    { state: "has a success policy", job: jobIn("Running", { successPolicy: { rules: [] } }) },
    { state: "has no pods by its own wish", job: jobIn("Running", { parallelism: 0 }) },
  ])("waits for the Job that $state, though a pod succeeded", ({ job }) => {
    expect(outcome(job, succeeded).phase).toBe("Running")
  })

  it("succeeds by the pod of a Job that says 1 completion and 1 at once", () => {
    expect(outcome(jobIn("Running", { completions: 1, parallelism: 1 }), succeeded).phase).toBe("Succeeded")
  })

  it("succeeds by the second pod after the first one failed", () => {
    expect(outcome(jobIn("Running"), podOf({ phase: "Failed", status: ended(1) }), succeeded).phase).toBe("Succeeded")
  })

  it("failed when the Job says so, whatever its pod says", () => {
    expect(outcome(jobIn("Failed"), succeeded).phase).toBe("Failed")
  })
})

describe("stageOutcome, what it wrote", () => {
  const end = (name: string, message: string) => ({ name, state: { terminated: { exitCode: 0, message } } })
  const wrote = (...containerStatuses: object[]) =>
    podOf({ phase: "Succeeded", status: { containerStatuses: containerStatuses as never } })
  const text = "k=v"

  it("is the message of the stage's own container, not a helper's", () => {
    const pod = wrote(end("proxy", "k=other"), end("stage", text))
    expect(outcome(jobIn("Complete"), pod)).toMatchObject({ outputs: { text } })
    expect(outcome(jobIn("Running"), pod)).toMatchObject({ outputs: { text } })
  })

  it("is nothing where another container alone says something", () => {
    expect(outcome(jobIn("Complete"), wrote(end("proxy", text)))).not.toHaveProperty("outputs")
    expect(outcome(jobIn("Complete"), wrote({ name: "stage" }))).not.toHaveProperty("outputs")
  })

  it("comes from the pod that succeeded, not from one that failed before it", () => {
    const { metadata, status } = wrote(end("stage", "k=other"))
    const pods = [{ metadata }, { metadata, status: { ...status, phase: "Failed" } }, wrote(end("stage", text))]
    expect(outcome(jobIn("Complete"), ...pods)).toMatchObject({ outputs: { text } })
  })
})

describe("stageOutcome, why it failed", () => {
  const said = "Job has reached the specified backoff limit"
  const failure = (...pods: Pod[]) => outcome(jobIn("Failed"), ...pods)

  it("gives the Job's reason, message and time", () => {
    expect(failure()).toEqual({ phase: "Failed", reason: "BackoffLimitExceeded", message: said, completionTime: now })
  })

  it.each([
    { state: "an exit code", status: ended(3, { reason: "Error" }), says: `exit code 3 (${said})` },
    { state: "out of memory", status: ended(137, { reason: "OOMKilled" }), says: `OOMKilled, exit code 137 (${said})` },
    {
      state: "an evicted pod",
      status: { reason: "Evicted", message: "low on memory" },
      says: `low on memory (${said})`,
    },
    { state: "a reason alone", status: { reason: "NodeLost" }, says: `NodeLost (${said})` },
    { state: "nothing known", status: {}, says: said },
    {
      state: "a pod that was lost before its container had a state",
      status: { reason: "NodeLost", containerStatuses: [{ name: "stage" }] },
      says: `NodeLost (${said})`,
    },
    {
      state: "the pod's deadline",
      status: { ...ended(0), reason: "DeadlineExceeded" },
      says: `DeadlineExceeded (${said})`,
    },
  ])("tells $state", ({ status, says }) => {
    expect(failure(podOf({ phase: "Failed", status }))).toMatchObject({ message: says })
  })

  it("tells the exit code of the stage's own container, not a helper's", () => {
    const end = (name: string, exitCode: number) => ({ name, state: { terminated: { exitCode } } })
    const containerStatuses = [end("proxy", 1), end("stage", 42)]
    expect(failure(podOf({ phase: "Failed", status: { containerStatuses } }))).toMatchObject({
      message: `exit code 42 (${said})`,
    })
  })

  it("tells how the latest failed pod ended", () => {
    const at = (creationTimestamp: string, code: number) =>
      podOf({ phase: "Failed", metadata: { creationTimestamp }, status: ended(code) })
    const pods = [at("2026-01-01T00:00:10Z", 1), at("2026-01-01T00:00:30Z", 3), at("2026-01-01T00:00:20Z", 2)]
    expect(failure(...pods)).toMatchObject({ message: `exit code 3 (${said})` })
  })

  it("tells nothing of pods that did not fail, or of which nothing is known", () => {
    expect(failure(podOf({ phase: "Running", status: ended(9) }))).toMatchObject({ message: said })
    expect(failure({ metadata: succeeded.metadata })).toMatchObject({ message: said })
  })

  // A time that is not known must not stand in for the one at which the end was seen.
  it.each([
    { unset: "absent", condition: { type: "Failed", status: "True" } },
    {
      unset: "null",
      condition: { type: "Failed", status: "True", reason: null, message: null, lastTransitionTime: null },
    },
  ])("has words for a Job that gives no reason, and no time ($unset)", ({ condition }) => {
    const { metadata, spec } = jobIn("Running")
    expect(outcome({ metadata, spec, status: { conditions: [condition] } })).toStrictEqual({
      phase: "Failed",
      reason: "JobFailed",
      message: "the Job failed",
    })
  })
})

describe("stageOutcome, why it does not start", () => {
  it("says what keeps its pod", () => {
    const stuck = podOf({ phase: "Pending", status: waitingFor("ImagePullBackOff", "no such image") })
    expect(outcome(jobIn("Running"), stuck)).toEqual({
      phase: "Running",
      message: "ImagePullBackOff: no such image",
    })
  })

  it("says what keeps one of several pods", () => {
    const stuck = podOf({ phase: "Pending", status: waitingFor("ImagePullBackOff") })
    expect(outcome(jobIn("Running", { parallelism: 2 }), podOf({ phase: "Running" }), stuck)).toEqual({
      phase: "Running",
      message: "ImagePullBackOff",
    })
  })

  it("says nothing more once the pod runs", () => {
    expect(outcome(jobIn("Running"), podOf({ phase: "Running" }))).toEqual({ phase: "Running" })
  })
})
