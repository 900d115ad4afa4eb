// A run on a laptop is the controller's own work: its handlers get what Knative's ApiServerSource would send them.

import type { CloudEventV1 } from "cloudevents"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { describe, expect, it } from "vitest"
import { apiVersion } from "../../src/api/meta.ts"
import { deliverChanges } from "../../src/cluster/local/delivery.ts"
import { LocalJobs, layerLocal } from "../../src/cluster/local.ts"
import type { Change } from "../../src/cluster/memory/store.ts"
import { makeStore } from "../../src/cluster/memory.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { handle } from "../../src/controller/handle.ts"
import { graph } from "../builders/graph.ts"

type Event = CloudEventV1<unknown>

describe("a local run", () => {
  it("is driven by one CloudEvent for each change of an object, in the order of its kind", async () => {
    const store = makeStore()
    const changes: Change[] = []
    store.onChange((change) => changes.push(change))
    const runtime = ManagedRuntime.make(
      Layer.mergeAll(
        layerLocal(store, "process", () => {}),
        Logger.layer([]),
      ),
    )
    const jobs = await runtime.runPromise(LocalJobs)
    const events: Event[] = []
    const errors: unknown[] = []
    const deliver = (event: Event) => {
      events.push(event)
      return runtime.runPromise(handle(event))
    }
    const delivery = deliverChanges(store, deliver, (error) => errors.push(error))
    const create = (resource: (typeof resources)["stages" | "pipelines" | "executions"], name: string, spec: object) =>
      store.create(resource, "default", { apiVersion, kind: resource.kind, metadata: { name }, spec })
    create(resources.stages, "task", { image: "busybox", command: ["true"] })
    create(resources.pipelines, "web", { stages: graph("a → b") })
    create(resources.executions, "run", { pipelineName: "web" })
    const phase = () =>
      (store.get(resources.executions, { namespace: "default", name: "run" }).status as { phase?: string })?.phase
    await expect.poll(phase, { timeout: 10_000, interval: 10 }).toBe("Succeeded")
    await runtime.runPromise(jobs.idle)
    await delivery.idle()
    await runtime.dispose()

    expect(errors).toEqual([])
    const told = (kind: string, all: readonly { kind: string; said: string }[]) =>
      all.flatMap((it) => (it.kind === kind ? [it.said] : []))
    const said = (type: string, { kind, metadata }: Change["object"]) => ({
      kind,
      said: `${type} ${metadata.name} ${metadata.resourceVersion}`,
    })
    const ofChanges = changes.map(({ type, object }) => said(`dev.knative.apiserver.resource.${type}`, object))
    const ofEvents = events.map(({ type, data }) => said(type, data as Change["object"]))
    const kinds = [...new Set(ofChanges.map(({ kind }) => kind))]
    expect(kinds).toEqual(
      expect.arrayContaining(["PeanutStage", "PeanutPipeline", "PeanutPipelineExecution", "Job", "Pod"]),
    )
    for (const kind of kinds) expect(told(kind, ofEvents)).toEqual(told(kind, ofChanges))
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
    const job = events.find(({ kind, type }) => kind === "Job" && type === "dev.knative.apiserver.resource.add")!
    expect(job).toMatchObject({
      specversion: "1.0",
      datacontenttype: "application/json",
      namespace: "default",
      apiversion: "batch/v1",
    })
    expect(job.subject).toMatch(/^\/apis\/batch\/v1\/namespaces\/default\/jobs\/run-a-/)
    // Two Jobs, each created and then Complete.
    expect(told("Job", ofEvents).length).toBe(4)
  })

  it("does nothing without events", async () => {
    const store = makeStore()
    const runtime = ManagedRuntime.make(layerLocal(store, "process", () => {}))
    await runtime.runPromise(LocalJobs)
    store.create(resources.executions, "default", {
      apiVersion,
      kind: "PeanutPipelineExecution",
      metadata: { name: "run" },
      spec: { pipelineName: "web" },
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(store.get(resources.executions, { namespace: "default", name: "run" }).status).toBeUndefined()
    await runtime.dispose()
  })
})

describe("deliverChanges", () => {
  const put = (
    store: ReturnType<typeof makeStore>,
    resource: (typeof resources)["stages" | "pipelines"],
    name: string,
  ) => store.create(resource, "default", { apiVersion, kind: resource.kind, metadata: { name }, spec: {} })

  it("gives the events of a kind one after the other, and those of different kinds beside each other", async () => {
    const store = makeStore()
    const open = new Map<string, () => void>()
    const names: string[] = []
    const deliver = ({ name }: Event) => {
      names.push(name as string)
      return new Promise<void>((resolve) => open.set(name as string, resolve))
    }
    const delivery = deliverChanges(store, deliver, () => {})
    put(store, resources.stages, "s1")
    put(store, resources.stages, "s2")
    put(store, resources.pipelines, "p1")
    await expect.poll(() => names).toEqual(["s1", "p1"])
    open.get("s1")!()
    await expect.poll(() => names).toEqual(["s1", "p1", "s2"])
    open.get("p1")!()
    open.get("s2")!()
    await delivery.idle()
  })

  it("tells of an event that could not be delivered, and goes on with the next", async () => {
    const store = makeStore()
    const names: string[] = []
    const errors: unknown[] = []
    const deliver = async ({ name }: Event) => {
      names.push(name as string)
      if (name === "s1") throw new Error("no")
    }
    const delivery = deliverChanges(store, deliver, (error) => errors.push(error))
    put(store, resources.stages, "s1")
    put(store, resources.stages, "s2")
    await delivery.idle()
    expect([names, errors]).toEqual([["s1", "s2"], [new Error("no")]])
  })
})
