import { describe, expect, it } from "vitest"
import { type StageSpec, stageSpec } from "../../src/api/stage.ts"
import { stageJob } from "../../src/resources/job.ts"
import { jobName } from "../../src/resources/job-name.ts"
import { isStopping, stopPatch } from "../../src/resources/stop.ts"
import { execution, job } from "../builders/objects.ts"

const run = execution()
const jobOf = (spec: StageSpec, stage = "First Stage") => stageJob(run, stage, stageSpec.parse(spec))
const podOf = (spec: StageSpec) => jobOf(spec).spec.template.spec
const containerOf = (spec: StageSpec) => podOf(spec).containers[0]

const execLabels = {
  "pipeline.peanut.dev/execution": "run",
  "pipeline.peanut.dev/stage": "first-stage",
  "app.kubernetes.io/managed-by": "peanut",
  "pipeline.peanut.dev/shard": "1",
}
/** What every stage's container is told beside what its author says. */
const output = { name: "PEANUT_OUTPUT", value: "/dev/termination-log" }
const execAnnotations = { "pipeline.peanut.dev/execution": "run", "pipeline.peanut.dev/stage": "First Stage" }

describe("stageJob", () => {
  it("makes the whole Job of the sample's stage", () => {
    expect(jobOf({ image: "busybox", command: ["sleep"], args: ["10"] })).toEqual({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        name: jobName(run.metadata, "First Stage"),
        namespace: "team",
        labels: execLabels,
        annotations: execAnnotations,
        ownerReferences: [
          {
            apiVersion: "pipeline.peanut.dev/v1alpha1",
            kind: "PeanutPipelineExecution",
            name: "run",
            uid: "uid-of-run",
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: {
        backoffLimit: 0,
        podFailurePolicy: {
          rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
        },
        template: {
          metadata: { labels: execLabels, annotations: execAnnotations },
          spec: {
            restartPolicy: "Never",
            containers: [{ name: "stage", image: "busybox", command: ["sleep"], args: ["10"], env: [output] }],
          },
        },
      },
    })
  })

  it("is the same Job every time", () => {
    const spec = { image: "busybox", jobTemplate: { metadata: { labels: { team: "web" } } } }
    expect(JSON.stringify(jobOf(spec))).toBe(JSON.stringify(jobOf(spec)))
  })

  it("leaves the stage's spec as it was", () => {
    const spec = Object.freeze({
      image: "busybox",
      jobTemplate: Object.freeze({ spec: Object.freeze({ suspend: true }) }),
    })
    expect(() => stageJob(run, "a", spec)).not.toThrow()
  })

  it("says the whole name of an execution in the annotation, what fits in the label", () => {
    const name = "x".repeat(253)
    const { labels, annotations } = stageJob(execution({}, { name }), "a", { image: "busybox" }).metadata
    expect(annotations?.["pipeline.peanut.dev/execution"]).toBe(name)
    expect(labels?.["pipeline.peanut.dev/execution"]).toHaveLength(63)
  })
})

describe("stageJob, limits", () => {
  it.each<{ state: string; spec: StageSpec; limit: number }>([
    { state: "nothing said", spec: {}, limit: 0 },
    { state: "retries", spec: { retries: 3 }, limit: 3 },
    { state: "the template's backoffLimit", spec: { jobTemplate: { spec: { backoffLimit: 5 } } }, limit: 5 },
    { state: "both", spec: { retries: 3, jobTemplate: { spec: { backoffLimit: 5 } } }, limit: 3 },
    {
      state: "no retries over the template's limit",
      spec: { retries: 0, jobTemplate: { spec: { backoffLimit: 5 } } },
      limit: 0,
    },
  ])("backoffLimit with $state: $limit", ({ spec, limit }) => {
    expect(jobOf({ image: "busybox", ...spec }).spec.backoffLimit).toBe(limit)
  })

  // Kubernetes defaults backoffLimit to the largest integer beside backoffLimitPerIndex; 0 ends the Job with the
  // first pod that fails, and no index is ever tried again.
  it("does not let backoffLimit undo backoffLimitPerIndex", () => {
    const spec = { completionMode: "Indexed" as const, completions: 3, backoffLimitPerIndex: 2 }
    expect(jobOf({ image: "busybox", jobTemplate: { spec } }).spec.backoffLimit).toBe(2_147_483_647)
  })

  it.each<{ state: string; spec: StageSpec; seconds: number | undefined }>([
    { state: "nothing said", spec: {}, seconds: undefined },
    { state: "a timeout", spec: { timeout: "1h30m" }, seconds: 5400 },
    { state: "the template's deadline", spec: { jobTemplate: { spec: { activeDeadlineSeconds: 7 } } }, seconds: 7 },
    { state: "both", spec: { timeout: "90s", jobTemplate: { spec: { activeDeadlineSeconds: 7 } } }, seconds: 90 },
  ])("activeDeadlineSeconds with $state: $seconds", ({ spec, seconds }) => {
    const made = jobOf({ image: "busybox", ...spec }).spec
    expect(made.activeDeadlineSeconds).toBe(seconds)
    if (seconds === undefined) expect(made).not.toHaveProperty("activeDeadlineSeconds")
  })
})

describe("stageJob, the stage's container", () => {
  it("says all that the short forms say, and nothing that they do not", () => {
    const short = {
      image: "busybox",
      command: ["sh"],
      args: ["-c", "true"],
      env: [
        { name: "A", value: "1" },
        { name: "B", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
      ],
      envFrom: [{ configMapRef: { name: "c" } }],
      resources: { requests: { cpu: "500m" }, limits: { memory: "1Gi", "nvidia.com/gpu": 1 } },
    }
    expect(containerOf(short)).toEqual({ name: "stage", ...short, env: [...short.env, output] })
    expect(Object.keys(containerOf({ image: "busybox" })!).toSorted()).toEqual(["env", "image", "name"])
  })

  it("takes the rest from the template's container of that name; the short form wins", () => {
    const containers = [{ name: "stage", image: "old", command: ["old"], workingDir: "/src" }]
    expect(containerOf({ image: "new", jobTemplate: { spec: { template: { spec: { containers } } } } })).toEqual({
      name: "stage",
      image: "new",
      command: ["old"],
      workingDir: "/src",
      env: [output],
    })
  })

  it("comes first, before its helpers in their order", () => {
    const containers = [{ name: "proxy" }, { name: "stage", image: "busybox" }, { name: "logs" }]
    const pod = podOf({ jobTemplate: { spec: { template: { spec: { containers } } } } })
    expect(pod.containers.map((container) => container.name)).toEqual(["stage", "proxy", "logs"])
  })

  it("is added to helpers when the template has none of that name", () => {
    const pod = podOf({
      image: "busybox",
      jobTemplate: { spec: { template: { spec: { containers: [{ name: "proxy" }] } } } },
    })
    expect(pod.containers).toEqual([{ name: "stage", image: "busybox", env: [output] }, { name: "proxy" }])
  })
})

describe("stageJob, where a stage writes its outputs", () => {
  const inTemplate = (container: object): StageSpec => ({
    image: "busybox",
    jobTemplate: { spec: { template: { spec: { containers: [{ name: "stage", ...container }] } } } },
  })
  const env = (spec: StageSpec) => containerOf(spec)?.env

  it.each<{ state: string; spec: StageSpec; expected: object[] }>([
    { state: "nothing said", spec: { image: "busybox" }, expected: [output] },
    { state: "an env of its own", spec: { image: "busybox", env: [{ name: "A" }] }, expected: [{ name: "A" }, output] },
    { state: "an env in the template", spec: inTemplate({ env: [{ name: "A" }] }), expected: [{ name: "A" }, output] },
    {
      state: "both: the short form wins",
      spec: { ...inTemplate({ env: [{ name: "A" }] }), env: [{ name: "B" }] },
      expected: [{ name: "B" }, output],
    },
    {
      state: "another path of the termination message",
      spec: inTemplate({ terminationMessagePath: "/out" }),
      expected: [{ name: "PEANUT_OUTPUT", value: "/out" }],
    },
    {
      state: "the variable set by the author",
      spec: { image: "busybox", env: [{ name: "PEANUT_OUTPUT", value: "/mine" }] },
      expected: [{ name: "PEANUT_OUTPUT", value: "/mine" }],
    },
  ])("is in its environment: $state", ({ spec, expected }) => {
    expect(env(spec)).toEqual(expected)
  })

  it("is told to no other container", () => {
    const spec = { template: { spec: { containers: [{ name: "proxy" }] } } }
    expect(podOf({ image: "busybox", jobTemplate: { spec } }).containers[1]).toEqual({ name: "proxy" })
  })
})

describe("stageJob, disrupted pods", () => {
  const ignore = { rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }] }
  const own = { rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [42] } }] }

  it.each<{ state: string; spec: NonNullable<NonNullable<StageSpec["jobTemplate"]>["spec"]>; policy: unknown }>([
    { state: "nothing said: they cost no retry", spec: {}, policy: ignore },
    {
      state: "restartPolicy Never: the same",
      spec: { template: { spec: { restartPolicy: "Never" } } },
      policy: ignore,
    },
    {
      state: "restartPolicy OnFailure: Kubernetes would refuse it",
      spec: { template: { spec: { restartPolicy: "OnFailure" } } },
      policy: undefined,
    },
    { state: "the author's own policy wins", spec: { podFailurePolicy: own }, policy: own },
  ])("$state", ({ spec, policy }) => {
    const made = jobOf({ image: "busybox", jobTemplate: { spec } }).spec
    expect(made.podFailurePolicy).toEqual(policy)
    if (policy === undefined) expect(made).not.toHaveProperty("podFailurePolicy")
  })
})

describe("stageJob, of a run and a matrix", () => {
  it("takes the deadline that it is given instead of the stage's own", () => {
    const made = stageJob(run, "a", { image: "busybox", timeout: "90s" }, { deadlineSeconds: 30 })
    expect(made.spec.activeDeadlineSeconds).toBe(30)
  })

  it("has another name for each combination, and says which it is for", () => {
    const jobs = [0, 1].map((index) => stageJob(run, "a", { image: "b" }, { index, combination: `os=${index}` }))
    expect(new Set(jobs.map(({ metadata }) => metadata.name)).size).toBe(2)
    expect(jobs[1]!.metadata.annotations).toMatchObject({ "pipeline.peanut.dev/combination": "os=1" })
    expect(jobs[1]!.spec.template.metadata.annotations).toMatchObject({ "pipeline.peanut.dev/combination": "os=1" })
    expect(jobOf({ image: "b" }).metadata.annotations).not.toHaveProperty("pipeline.peanut.dev/combination")
  })
})

describe("stageJob, the template", () => {
  it("keeps what the template says of Job and pod", () => {
    const spec = {
      parallelism: 2,
      completions: 4,
      ttlSecondsAfterFinished: 60,
      podFailurePolicy: { rules: [] },
      template: { spec: { serviceAccountName: "robot", initContainers: [{ name: "init" }], volumes: [{ name: "v" }] } },
    }
    const made = jobOf({ image: "busybox", jobTemplate: { spec } })
    expect(made.spec).toMatchObject({
      parallelism: 2,
      completions: 4,
      ttlSecondsAfterFinished: 60,
      podFailurePolicy: { rules: [] },
    })
    expect(made.spec.template.spec).toMatchObject(spec.template.spec)
  })

  it("never restarts a container unless the template says so", () => {
    expect(podOf({ image: "busybox" }).restartPolicy).toBe("Never")
    const template = { spec: { restartPolicy: "OnFailure" } }
    expect(podOf({ image: "busybox", jobTemplate: { spec: { template } } }).restartPolicy).toBe("OnFailure")
  })

  it("keeps the template's labels and annotations under ours, on the Job and on its pods", () => {
    const theirs = {
      labels: { team: "web", "pipeline.peanut.dev/execution": "another" },
      annotations: { note: "hi", "pipeline.peanut.dev/stage": "another" },
    }
    const made = jobOf({
      image: "busybox",
      jobTemplate: { metadata: theirs, spec: { template: { metadata: theirs } } },
    })
    const both = { labels: { team: "web", ...execLabels }, annotations: { note: "hi", ...execAnnotations } }
    expect(made.metadata).toMatchObject(both)
    expect(made.spec.template.metadata).toEqual(both)
  })

  it("gives the Job's own labels to the Job alone", () => {
    const made = jobOf({ image: "busybox", jobTemplate: { metadata: { labels: { team: "web" } } } })
    expect(made.spec.template.metadata.labels).toEqual(execLabels)
  })
})

describe("stopPatch", () => {
  it("moves the deadline of a Job into the past, which isStopping then knows", () => {
    expect(isStopping(job(run, "a"))).toBe(false)
    expect(isStopping(job(run, "a", "Running", { spec: { activeDeadlineSeconds: 60 } }))).toBe(false)
    expect(isStopping(job(run, "a", "Running", { spec: stopPatch.spec }))).toBe(true)
  })
})
