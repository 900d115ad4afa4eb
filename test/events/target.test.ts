import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { eventTypes, type Target, targetOf } from "../../src/events/target.ts"
import { runningStages, thisJob } from "../../src/execution/scope.ts"
import { jobStatus, trackingFinalizer } from "../builders/objects.ts"

const key = "pipeline.peanut.dev/execution"
const ref = { namespace: "team", name: "run" }

type Json = Record<string, unknown>
type Change = "add" | "update" | "delete"
const target = (change: Change, data: unknown): Target => targetOf({ type: eventTypes[change], data })

/** An object as the adapter sends it, with what every object of the API server carries. */
function object(apiVersion: string, kind: string, name: string, metadata: Json, rest: Json = {}): Json {
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace: "team",
      uid: "2b1e8b0e-6c8e-4a3e-9f43-6f2d6e3b8a11",
      resourceVersion: "4711",
      creationTimestamp: "2026-01-01T00:00:00Z",
      managedFields: [{ manager: "kubectl", operation: "Apply", fieldsV1: { "f:spec": {} } }],
      ...metadata,
    },
    ...rest,
  }
}

const ours = "pipeline.peanut.dev/v1alpha1"
const execution = (generation: number, status?: Json) =>
  object(
    ours,
    "PeanutPipelineExecution",
    "run",
    { generation },
    { spec: { pipelineName: "web" }, ...(status && { status }) },
  )
const pipeline = (generation: number, status?: Json) =>
  object(ours, "PeanutPipeline", "web", { generation }, { spec: { stages: [] }, ...(status && { status }) })

const executionOwner = { apiVersion: ours, kind: "PeanutPipelineExecution", name: "run", uid: "u1", controller: true }
const jobOwner = { apiVersion: "batch/v1", kind: "Job", name: "run-a-1", uid: "u2", controller: true }
const job = (status: Json, metadata: Json = {}) =>
  object(
    "batch/v1",
    "Job",
    "run-a-1",
    { generation: 1, ownerReferences: [executionOwner], ...metadata },
    { spec: { backoffLimit: 0 }, status },
  )
const pod = (status: Json | undefined, metadata: Json = {}) =>
  object(
    "v1",
    "Pod",
    "run-a-1-x7k2p",
    {
      annotations: { [key]: "run" },
      labels: { [key]: "run" },
      ownerReferences: [jobOwner],
      finalizers: [trackingFinalizer],
      ...metadata,
    },
    { spec: { containers: [] }, ...(status && { status }) },
  )

const startedAfter = (seconds: number) => ({
  phase: "Running",
  containerStatuses: [{ name: "stage", state: { running: { startedAt: `2026-01-01T00:00:0${seconds}Z` } } }],
})
const waitingFor = (reason: string) => ({
  phase: "Pending",
  containerStatuses: [{ name: "stage", state: { waiting: { reason, message: "why" } } }],
})

describe("targetOf, what matters", () => {
  it.each<{ event: string; change: Change; data: Json; is: Target }>([
    {
      event: "a new execution",
      change: "add",
      data: execution(1),
      is: { _tag: "Execution", ref, scope: runningStages },
    },
    {
      event: "an execution of the past, when the adapter starts",
      change: "add",
      data: execution(1, { phase: "Running" }),
      is: { _tag: "Execution", ref, scope: runningStages },
    },
    {
      event: "an execution whose spec changed",
      change: "update",
      data: execution(2, { observedGeneration: 1 }),
      is: { _tag: "Execution", ref, scope: runningStages },
    },
    {
      event: "a new pipeline",
      change: "add",
      data: pipeline(1),
      is: { _tag: "Pipeline", ref: { namespace: "team", name: "web" } },
    },
    {
      event: "a pipeline whose spec changed",
      change: "update",
      data: pipeline(2, { observedGeneration: 1 }),
      is: { _tag: "Pipeline", ref: { namespace: "team", name: "web" } },
    },
    {
      event: "a new stage",
      change: "add",
      data: object(ours, "PeanutStage", "task", {}),
      is: { _tag: "Stage", ref: { namespace: "team", name: "task" } },
    },
    {
      event: "a deleted stage",
      change: "delete",
      data: object(ours, "PeanutStage", "task", {}),
      is: { _tag: "Stage", ref: { namespace: "team", name: "task" } },
    },
    {
      event: "a complete Job",
      change: "update",
      data: job({ ...jobStatus("Complete") }),
      is: { _tag: "Execution", ref, scope: thisJob("run-a-1") },
    },
    {
      event: "a failed Job",
      change: "update",
      data: job({ ...jobStatus("Failed") }),
      is: { _tag: "Execution", ref, scope: thisJob("run-a-1") },
    },
    {
      event: "a complete Job, when the adapter starts",
      change: "add",
      data: job({ ...jobStatus("Complete") }),
      is: { _tag: "Execution", ref, scope: thisJob("run-a-1") },
    },
    {
      event: "a deleted Job that ran",
      change: "delete",
      data: job({ active: 1 }),
      is: { _tag: "Execution", ref, scope: thisJob("run-a-1") },
    },
    {
      event: "a Job that lost its labels",
      change: "update",
      data: job({ ...jobStatus("Complete") }, { labels: {} }),
      is: { _tag: "Execution", ref, scope: thisJob("run-a-1") },
    },
    {
      event: "a pod that succeeded",
      change: "update",
      data: pod({ phase: "Succeeded" }),
      is: { _tag: "Execution", ref, scope: thisJob("run-a-1", "4711") },
    },
    {
      event: "a pod that failed",
      change: "update",
      data: pod({ phase: "Failed" }),
      is: { _tag: "Execution", ref, scope: thisJob("run-a-1", "4711") },
    },
    {
      event: "a pod whose image cannot be pulled",
      change: "update",
      data: pod(waitingFor("ErrImagePull")),
      is: { _tag: "Execution", ref, scope: thisJob("run-a-1", "4711") },
    },
    {
      event: "a pod that took long to start",
      change: "update",
      data: pod(startedAfter(3)),
      is: { _tag: "Execution", ref, scope: thisJob("run-a-1", "4711") },
    },
    {
      event: "a pod of an execution whose name no label can hold",
      change: "update",
      data: pod({ phase: "Succeeded" }, { annotations: { [key]: "x".repeat(253) }, labels: { [key]: "x" } }),
      is: {
        _tag: "Execution",
        ref: { namespace: "team", name: "x".repeat(253) },
        scope: thisJob("run-a-1", "4711"),
      },
    },
    {
      event: "a pod that lost its annotation",
      change: "update",
      data: pod({ phase: "Succeeded" }, { annotations: {} }),
      is: { _tag: "Execution", ref, scope: thisJob("run-a-1", "4711") },
    },
  ])("$event", ({ change, data, is }) => {
    expect(target(change, data)).toEqual(is)
  })

  it("a ping is a resync, whatever it carries", () => {
    for (const data of [undefined, null, "", {}, { apiVersion: 1 }]) {
      expect(targetOf({ type: "dev.knative.sources.ping", data })).toEqual({ _tag: "Resync" })
    }
  })
})

describe("targetOf, what is dropped without a call", () => {
  it.each<{ event: string; change: Change; data: Json; why: RegExp }>([
    {
      event: "our own write of an execution's status",
      change: "update",
      data: execution(2, { observedGeneration: 2, phase: "Running" }),
      why: /seen before/,
    },
    {
      event: "an execution that ended, when the adapter starts",
      change: "add",
      data: execution(1, { observedGeneration: 1, phase: "Succeeded" }),
      why: /seen before/,
    },
    { event: "a deleted execution", change: "delete", data: execution(1), why: /gone/ },
    {
      event: "our own write of a pipeline's status",
      change: "update",
      data: pipeline(1, { observedGeneration: 1 }),
      why: /seen before/,
    },
    { event: "a deleted pipeline", change: "delete", data: pipeline(1), why: /gone/ },
    {
      event: "an edited stage",
      change: "update",
      data: object(ours, "PeanutStage", "task", {}),
      why: /when a run begins/,
    },
    { event: "a new Job", change: "add", data: job({}), why: /not ended/ },
    { event: "a Job that runs", change: "update", data: job({ active: 1 }), why: /not ended/ },
    { event: "a Job about to fail", change: "update", data: job({ ...jobStatus("FailureTarget") }), why: /not ended/ },
    {
      event: "a Job about to complete",
      change: "update",
      data: job({ ...jobStatus("SuccessCriteriaMet") }),
      why: /not ended/,
    },
    {
      event: "a Job of nobody",
      change: "update",
      data: job({ ...jobStatus("Complete") }, { ownerReferences: undefined }),
      why: /not belong/,
    },
    {
      event: "a CronJob's Job under our labels",
      change: "update",
      data: job(
        { ...jobStatus("Complete") },
        { labels: { [key]: "run" }, ownerReferences: [{ ...executionOwner, apiVersion: "batch/v1", kind: "CronJob" }] },
      ),
      why: /not belong/,
    },
    {
      event: "a Job of a kind of our name in another group",
      change: "update",
      data: job(
        { ...jobStatus("Complete") },
        { ownerReferences: [{ ...executionOwner, apiVersion: "pipeline.peanut.dev.evil/v1" }] },
      ),
      why: /not belong/,
    },
    {
      event: "a Job that an execution owns but does not control",
      change: "update",
      data: job({ ...jobStatus("Complete") }, { ownerReferences: [{ ...executionOwner, controller: false }] }),
      why: /not belong/,
    },
    { event: "a new pod", change: "add", data: pod({ phase: "Pending" }), why: /neither ended/ },
    { event: "a pod without a status", change: "add", data: pod(undefined), why: /neither ended/ },
    {
      event: "a pod whose containers are being created",
      change: "update",
      data: pod(waitingFor("ContainerCreating")),
      why: /neither ended/,
    },
    { event: "a pod that started at once", change: "update", data: pod(startedAfter(2)), why: /neither ended/ },
    { event: "a pod of an unreachable node", change: "update", data: pod({ phase: "Unknown" }), why: /neither ended/ },
    {
      event: "a pod that succeeded, once the Job controller has counted it",
      change: "update",
      data: pod({ phase: "Succeeded" }, { finalizers: [] }),
      why: /neither ended/,
    },
    { event: "a deleted pod", change: "delete", data: pod({ phase: "Running" }), why: /deleted pods/ },
    {
      event: "a pod of nobody",
      change: "update",
      data: pod({ phase: "Succeeded" }, { annotations: {}, labels: { app: "web" } }),
      why: /not belong/,
    },
  ])("$event", ({ change, data, why }) => {
    expect(target(change, data)).toEqual({ _tag: "None", why: expect.stringMatching(why) })
  })
})

describe("targetOf, what is not taken", () => {
  it.each([
    { event: "another type", type: "com.github.push", data: execution(1) },
    { event: "no type", type: "", data: execution(1) },
    { event: "the adapter's Reference mode", type: "dev.knative.apiserver.ref.add", data: execution(1) },
    { event: "another kind", type: eventTypes.add, data: object("v1", "ConfigMap", "c", {}) },
    {
      event: "a kind of ours in another group",
      type: eventTypes.add,
      data: object("example.com/v1", "PeanutPipeline", "web", {}),
    },
    { event: "an Argo-like Job", type: eventTypes.add, data: object("batch.example.com/v1", "Job", "j", {}) },
    { event: "no name", type: eventTypes.add, data: object(ours, "PeanutPipeline", "", {}) },
    {
      event: "no namespace",
      type: eventTypes.add,
      data: object(ours, "PeanutPipeline", "web", { namespace: undefined }),
    },
  ])("$event", ({ type, data }) => {
    expect(targetOf({ type, data })._tag).toBe("Unknown")
  })
})

describe("targetOf, hostile bodies", () => {
  it.each<unknown>([
    undefined,
    null,
    "",
    "{}",
    42,
    true,
    [],
    [[[]]],
    {},
    { apiVersion: null, kind: null, metadata: null },
    { apiVersion: ["v1"], kind: {}, metadata: [] },
    { apiVersion: "v1", kind: "Pod" },
    { apiVersion: "v1", kind: "Pod", metadata: { name: {}, namespace: [] } },
    JSON.parse('{"__proto__": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": "y"}}}'),
    Buffer.from("peanut"),
    object("v1", "Pod", "p", { labels: "x" }),
    object("v1", "Pod", "p", { labels: { [key]: 7 } }),
    object("batch/v1", "Job", "j", { ownerReferences: [null] }),
    object("batch/v1", "Job", "j", { ownerReferences: { 0: executionOwner } }),
    object("", "", "x", {}),
    object("__proto__", "constructor", "x", {}),
  ])("is not taken: %j", (data) => {
    expect(target("update", data)._tag).toBe("Unknown")
  })

  it("looks at the API server when the body of our own object cannot be read", () => {
    expect(target("update", pod({ phase: ["?"] }))).toMatchObject({ _tag: "Execution", ref })
    expect(target("update", job({ conditions: "?" }))).toMatchObject({ _tag: "Execution", ref })
  })

  it("does not overflow on a body nested 100,000 deep", () => {
    let deep: unknown = {}
    for (let level = 0; level < 100_000; level++) deep = { deep }
    expect(target("update", object("v1", "Pod", "p", { deep }))._tag).toBe("None")
    expect(target("update", pod({ phase: "Succeeded", deep }))._tag).toBe("Execution")
    expect(target("update", deep)._tag).toBe("Unknown")
  })

  it("pollutes no prototype", () => {
    const data = JSON.parse(
      `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"n","labels":{"__proto__":"x"},"__proto__":{"polluted":true}},"__proto__":{"polluted":true}}`,
    )
    target("update", data)
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  // Whoever may create a pod chooses its annotations; the name goes into the path of an API call.
  it.each(["", "..", "a/b", "../../../secrets/token", "x".repeat(300)])(
    "drops a pod whose execution cannot be one's name: %s",
    (name) => {
      expect(target("update", pod({ phase: "Succeeded" }, { annotations: { [key]: name } }))._tag).toBe("None")
    },
  )

  it("never throws, whatever comes", () => {
    const anyMetadata = fc.record(
      {
        name: fc.oneof(fc.string(), fc.anything()),
        namespace: fc.oneof(fc.string(), fc.anything()),
        annotations: fc.oneof(fc.constant({ [key]: "run" }), fc.anything()),
        ownerReferences: fc.oneof(fc.constant([executionOwner]), fc.anything()),
      },
      { requiredKeys: [] },
    )
    const anyObject = fc.record(
      {
        apiVersion: fc.oneof(fc.constantFrom(ours, "v1", "batch/v1"), fc.anything()),
        kind: fc.oneof(
          fc.constantFrom("Job", "Pod", "PeanutStage", "PeanutPipeline", "PeanutPipelineExecution"),
          fc.anything(),
        ),
        metadata: fc.oneof(anyMetadata, fc.anything()),
        spec: fc.anything(),
        status: fc.anything({ key: fc.constantFrom("phase", "conditions", "containerStatuses", "type") }),
      },
      { requiredKeys: [] },
    )
    const tags = ["Execution", "Pipeline", "Stage", "Resync", "None", "Unknown"]
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(eventTypes)), fc.oneof(anyObject, fc.anything()), (type, data) =>
        tags.includes(targetOf({ type, data })._tag),
      ),
      { numRuns: 500 },
    )
  })
})
