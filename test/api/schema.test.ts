import { describe, expect, it } from "vitest"
import { parseAllDocuments } from "yaml"
import { execution, executionSpec, isFinished, isStageFinished } from "../../src/api/execution.ts"
import { isJobFinished, job, pod } from "../../src/api/job.ts"
import { controllerUid, objectMeta, objectName } from "../../src/api/meta.ts"
import { pipelineSpec } from "../../src/api/pipeline.ts"
import { stageSpec } from "../../src/api/stage.ts"
import { stageJob } from "../../src/resources/job.ts"
import { type JobState, jobFrom, execution as newExecution } from "../builders/objects.ts"

const sample = `
kind: PeanutStage
spec: { image: busybox, command: ["sleep"], args: ["10"] }
---
kind: PeanutStage
spec: { image: busybox, command: ["sleep"], args: ["15"] }
---
kind: PeanutPipeline
spec:
  stages:
    - { name: "First Stage", type: stage-sample }
    - { name: "Second Stage", type: stage-sample-two }
    - { name: "Third Stage", type: stage-sample, dependsOn: ["Second Stage"] }
    - { name: "Fourth Stage", type: stage-sample, dependsOn: ["Second Stage"] }
    - { name: "Fifth Stage", type: stage-sample-two, dependsOn: ["Third Stage", "Fourth Stage"] }
---
kind: PeanutPipelineExecution
spec: { pipelineName: pipeline-sample }
`
const specs = { PeanutStage: stageSpec, PeanutPipeline: pipelineSpec, PeanutPipelineExecution: executionSpec }

describe("the schemas", () => {
  it("take the sample of the original operator unchanged", () => {
    for (const document of parseAllDocuments(sample)) {
      const { kind, spec } = document.toJS() as { kind: keyof typeof specs; spec: unknown }
      expect(specs[kind].parse(spec)).toEqual(spec)
    }
  })

  it.each([
    { what: "no image text", spec: { image: 7 } },
    { what: "an empty image", spec: { image: "" } },
    { what: "a command that is not a list", spec: { image: "x", command: "sleep 10" } },
    { what: "a timeout without unit", spec: { image: "x", timeout: "10" } },
    { what: "negative retries", spec: { image: "x", retries: -1 } },
    { what: "half a retry", spec: { image: "x", retries: 0.5 } },
    { what: "a variable without name", spec: { image: "x", env: [{ value: "1" }] } },
    {
      what: "a container without name",
      spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: "x" }] } } } } },
    },
    { what: "a deadline of 0 s", spec: { image: "x", jobTemplate: { spec: { activeDeadlineSeconds: 0 } } } },
    { what: "a label that is not text", spec: { image: "x", jobTemplate: { metadata: { labels: { a: 1 } } } } },
  ])("a stage with $what is refused", ({ spec }) => {
    expect(stageSpec.safeParse(spec).success).toBe(false)
  })

  it.each([
    { what: "no stages", spec: { stages: [] } },
    {
      what: "1,001 stages",
      spec: { stages: Array.from({ length: 1001 }, (_, i) => ({ name: `s${i}`, type: "task" })) },
    },
    { what: "a stage without name", spec: { stages: [{ type: "task" }] } },
    { what: "a stage with an empty name", spec: { stages: [{ name: "", type: "task" }] } },
    { what: "a stage with a name of 254 characters", spec: { stages: [{ name: "x".repeat(254), type: "task" }] } },
    { what: "a type that cannot be the name of an object", spec: { stages: [{ name: "a", type: "My Stage" }] } },
    { what: "dependsOn that is not a list", spec: { stages: [{ name: "a", type: "task", dependsOn: "b" }] } },
  ])("a pipeline with $what is refused", ({ spec }) => {
    expect(pipelineSpec.safeParse(spec).success).toBe(false)
  })

  it("a pipeline may have 1,000 stages of any names", () => {
    const stages = Array.from({ length: 1000 }, (_, i) => ({ name: `__proto__ 🥜 ${i}`, type: "task" }))
    expect(pipelineSpec.parse({ stages }).stages).toHaveLength(1000)
  })

  it.each([{}, { pipelineName: "" }, { pipelineName: "../secrets" }, { pipelineName: "web", cancel: "yes" }])(
    "an execution of %j is refused",
    (spec) => {
      expect(executionSpec.safeParse(spec).success).toBe(false)
    },
  )

  it("an execution whose status says what no status can is refused", () => {
    const { metadata, spec } = newExecution()
    expect(execution.safeParse({ metadata, spec, status: { phase: "Exploded" } }).success).toBe(false)
    expect(execution.safeParse({ metadata, spec, status: { stages: [{ name: "a", phase: "Lost" }] } }).success).toBe(
      false,
    )
  })
})

describe("objectName", () => {
  it.each(["a", "a-b", "a.b", "1", "x".repeat(253)])("%s is one", (name) => {
    expect(objectName.safeParse(name).success).toBe(true)
  })
  it.each(["", "A", "a_b", "-a", "a-", "a..b", ".", "..", "a/b", "a b", "a\n", "x".repeat(254), "ä"])(
    "%j is none",
    (name) => {
      expect(objectName.safeParse(name).success).toBe(false)
    },
  )
})

describe("what is read of the API server's objects", () => {
  it("defaults what the API server leaves out of metadata", () => {
    const { metadata } = newExecution()
    const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata
    expect(objectMeta.parse({ name, namespace, uid, resourceVersion, creationTimestamp })).toEqual({
      ...metadata,
      generation: 0,
    })
  })

  it("finds the controller among owners, and no mere owner", () => {
    const owner = (uid: string, controller?: boolean, apiVersion = "pipeline.peanut.dev/v1alpha1", kind = "X") => ({
      apiVersion,
      kind,
      name: "x",
      uid,
      ...(controller !== undefined && { controller }),
    })
    expect(controllerUid({ ownerReferences: [owner("a"), owner("b", false), owner("c", true)] })).toBe("c")
    expect(controllerUid({ ownerReferences: [owner("a"), owner("b", false)] })).toBeUndefined()
    expect(controllerUid({ ownerReferences: [owner("a", true, "batch/v1", "Job")] })).toBe("a")
    for (const [apiVersion, kind] of [
      ["batch/v1", "CronJob"],
      ["v1", "ConfigMap"],
      ["example.com/v1", "PeanutPipelineExecution"],
      ["pipeline.peanut.dev.example.com/v1", "PeanutPipelineExecution"],
    ]) {
      expect(controllerUid({ ownerReferences: [owner("a", true, apiVersion, kind)] })).toBeUndefined()
    }
  })

  it("takes a Job and a pod with nulls where Kubernetes may write them", () => {
    const { metadata } = newExecution()
    const nulls = { completions: null, parallelism: null, activeDeadlineSeconds: null }
    const condition = { type: "Failed", status: "True", reason: null, message: null, lastTransitionTime: null }
    for (const status of [null, { conditions: null, completionTime: null }, { conditions: [condition] }]) {
      expect(job.safeParse({ metadata, spec: nulls, status }).error).toBeUndefined()
    }
    const lists = { conditions: null, containerStatuses: null, initContainerStatuses: null }
    const states = [
      null,
      { waiting: null, running: null, terminated: null },
      { waiting: { reason: null, message: null } },
    ]
    const containerStatuses = states.map((state) => ({ name: "stage", state }))
    for (const status of [null, { phase: null, reason: null, message: null, ...lists }, { containerStatuses }]) {
      expect(pod.safeParse({ metadata, status }).error).toBeUndefined()
    }
  })
})

describe("what is final", () => {
  it.each([
    ["Pending", false],
    ["Running", false],
    ["Succeeded", true],
    ["Failed", true],
    ["Cancelled", true],
  ] as const)("an execution that is %s: %s", (phase, is) => {
    expect(isFinished({ status: { phase } })).toBe(is)
  })

  it("not an execution without a status", () => {
    expect([isFinished({}), isFinished({ status: {} })]).toEqual([false, false])
  })

  it.each([
    ["Waiting", false],
    ["Running", false],
    ["Succeeded", true],
    ["Failed", true],
    ["Skipped", true],
    ["Cancelled", true],
  ] as const)("a stage that is %s: %s", (phase, is) => {
    expect(isStageFinished(phase)).toBe(is)
  })

  it.each<[JobState, boolean]>([
    ["Running", false],
    ["Suspended", false],
    ["FailureTarget", false],
    ["SuccessCriteriaMet", false],
    ["Complete", true],
    ["Failed", true],
  ])("a Job that is %s: %s", (state, is) => {
    expect(isJobFinished(jobFrom(stageJob(newExecution(), "a", { image: "busybox" }), state))).toBe(is)
  })
})
