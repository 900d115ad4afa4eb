import { HTTP } from "cloudevents"
import { describe, expect, it } from "vitest"
import { sourceEvent } from "../../src/cluster/local/source.ts"
import type { StoredObject } from "../../src/cluster/memory/store.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { targetOf } from "../../src/events/target.ts"
import { execution, executionOwner, job, jobStatus, meta, pipeline, pod, stage } from "../builders/objects.ts"

const stored = (apiVersion: string, kind: string, object: object) => ({ apiVersion, kind, ...object }) as StoredObject
const ours = "pipeline.peanut.dev/v1alpha1"
const run = execution()

describe("sourceEvent", () => {
  it("is what an ApiServerSource sends", () => {
    const object = stored(ours, "PeanutPipelineExecution", run)
    expect(sourceEvent({ type: "add", resource: resources.executions, object })).toMatchObject({
      specversion: "1.0",
      type: "dev.knative.apiserver.resource.add",
      subject: "/apis/pipeline.peanut.dev/v1alpha1/namespaces/team/peanutpipelineexecutions/run",
      datacontenttype: "application/json",
      apiversion: ours,
      kind: "PeanutPipelineExecution",
      name: "run",
      namespace: "team",
      data: object,
    })
  })

  it("names objects of the core group under /api", () => {
    const object = stored("v1", "Pod", { metadata: meta("p") })
    expect(sourceEvent({ type: "update", resource: resources.pods, object }).subject).toBe(
      "/api/v1/namespaces/team/pods/p",
    )
  })

  it("has an id of its own each time", () => {
    const change = {
      type: "add",
      resource: resources.pods,
      object: stored("v1", "Pod", { metadata: meta("p") }),
    } as const
    expect(sourceEvent(change).id).not.toBe(sourceEvent(change).id)
  })

  const complete = { ...job(run, "a"), status: jobStatus("Complete") }
  it.each([
    {
      kind: "execution",
      resource: resources.executions,
      object: stored(ours, "PeanutPipelineExecution", run),
      tag: "Execution",
    },
    {
      kind: "pipeline",
      resource: resources.pipelines,
      object: stored(ours, "PeanutPipeline", pipeline("a")),
      tag: "Pipeline",
    },
    { kind: "stage", resource: resources.stages, object: stored(ours, "PeanutStage", stage("task")), tag: "Stage" },
    { kind: "Job", resource: resources.jobs, object: stored("batch/v1", "Job", complete), tag: "Execution" },
    {
      kind: "Pod",
      resource: resources.pods,
      object: stored("v1", "Pod", pod(complete, { phase: "Succeeded" })),
      tag: "Execution",
    },
  ])("is understood by targetOf: $kind", ({ resource, object, tag }) => {
    expect(targetOf(sourceEvent({ type: "add", resource, object }))._tag).toBe(tag)
  })

  it("is understood after a journey over HTTP", () => {
    expect(complete.metadata.ownerReferences).toMatchObject([executionOwner(run.metadata)])
    const event = sourceEvent({ type: "update", resource: resources.jobs, object: stored("batch/v1", "Job", complete) })
    for (const message of [HTTP.binary(event), HTTP.structured(event)]) {
      const arrived = HTTP.toEvent<unknown>(message)
      expect(targetOf(Array.isArray(arrived) ? arrived[0]! : arrived)).toEqual(targetOf(event))
    }
  })
})
