// Stories of runs in which nothing fails but stages.

import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { resources } from "../../src/cluster/object-api.ts"
import { namespace } from "../builders/objects.ts"
import { arrange, resyncEvent, World } from "./world.ts"

const sampleStages = [
  { name: "First Stage", type: "stage-sample" },
  { name: "Second Stage", type: "stage-sample-two" },
  { name: "Third Stage", type: "stage-sample", dependsOn: ["Second Stage"] },
  { name: "Fourth Stage", type: "stage-sample", dependsOn: ["Second Stage"] },
  { name: "Fifth Stage", type: "stage-sample-two", dependsOn: ["Third Stage", "Fourth Stage"] },
]

describe("a run", () => {
  // First
  //
  //          ┌─ Third ──┐
  // Second ──┤          ├── Fifth
  //          └─ Fourth ─┘
  it("of the sample goes through, stage by stage", async () => {
    const world = new World()
    world.stage("stage-sample", { image: "busybox", command: ["sleep"], args: ["10"] })
    world.stage("stage-sample-two", { image: "busybox", command: ["sleep"], args: ["15"] })
    world.pipeline(sampleStages)
    world.execution()
    await world.deliver()
    expect(world.jobs()).toBe("First Stage, Second Stage")
    expect(world.run().status).toMatchObject({ phase: "Running", summary: "0/5 succeeded, 2 running" })
    expect(world.validity()).toMatchObject({ type: "Valid", status: "True", message: "5 stages" })

    world.finishStage("Second Stage")
    await world.deliver()
    expect(world.jobs()).toBe("First Stage, Second Stage, Third Stage, Fourth Stage")

    world.finishStage("Third Stage")
    world.finishStage("First Stage")
    await world.deliver()
    expect(world.run().status?.summary).toBe("3/5 succeeded, 1 running")

    world.finishStage("Fourth Stage")
    await world.deliver()
    world.finishStage("Fifth Stage")
    await world.deliver()
    expect(world.run().status).toMatchObject({
      phase: "Succeeded",
      summary: "5/5 succeeded",
      conditions: [{ type: "Succeeded", status: "True", reason: "Succeeded", message: "5/5 succeeded" }],
      observedGeneration: 1,
    })
    expect(Object.values(world.creations())).toEqual([1, 1, 1, 1, 1])
  })

  it("of several pipelines at once keeps each to itself", async () => {
    const world = arrange("a → b")
    world.execution("twin")
    await world.deliver()
    world.finish("a Complete", "twin")
    await world.deliver()
    expect([world.state("run"), world.state("twin")]).toEqual([
      "Running: a Running, b Waiting",
      "Running: a Succeeded, b Running",
    ])
  })

  it("hands off when the pod succeeded, before its Job is complete", async () => {
    const world = arrange("a → b")
    await world.deliver()
    const { metadata } = world.jobOf("a")
    const { name, uid, labels, annotations } = metadata
    const owner = { apiVersion: "batch/v1", kind: "Job", name, uid, controller: true }
    const finalizers = ["batch.kubernetes.io/job-tracking"]
    world.store.create(resources.pods, namespace, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `${name}-1`, labels, annotations, ownerReferences: [owner], finalizers },
      spec: {},
      status: { phase: "Succeeded" },
    })
    await world.deliver()
    expect(world.state()).toBe("Running: a Succeeded, b Running")
  })

  it("fails when a stage fails, and runs the other branch to its end", async () => {
    const world = arrange("a → b, c → d")
    await world.deliver()
    world.finish("a Failed")
    await world.deliver()
    world.finish("c Complete")
    await world.deliver()
    expect(world.state()).toBe("Running: a Failed, b Skipped, c Succeeded, d Running")
    world.finish("d Complete")
    await world.deliver()
    expect(world.state()).toBe("Failed: a Failed, b Skipped, c Succeeded, d Succeeded")
    expect(world.condition()?.message).toContain('stage "a" failed: Job has reached the specified backoff limit')
  })

  it("of a pipeline that is not there fails at once and says so", async () => {
    const world = new World()
    world.execution()
    await world.deliver()
    expect(world.condition()).toMatchObject({ status: "False", reason: "PipelineNotFound" })
    expect(world.state()).toBe("Failed: ")
  })

  it("of an invalid pipeline fails at once with the message that the pipeline shows", async () => {
    const world = arrange("a → b → a")
    await world.deliver()
    expect(world.condition()).toMatchObject({ status: "False", reason: "PipelineInvalid" })
    expect(world.condition()?.message).toBe(world.validity()?.message)
    expect(world.jobs()).toBe("")
  })

  it("is not changed by edits in its middle: the snapshot decides", async () => {
    const world = arrange("a → b")
    await world.deliver()
    const web = { namespace, name: "web" }
    const task = { namespace, name: "task" }
    world.store.patch(resources.pipelines, web, { spec: { stages: [{ name: "evil", type: "task" }] } })
    world.store.patch(resources.stages, task, { spec: { image: "evil" } })
    world.finish("a Complete")
    await world.deliver()
    world.store.delete(resources.pipelines, web)
    world.store.delete(resources.stages, task)
    world.finish("b Complete")
    await world.deliver()
    expect(world.state()).toBe("Succeeded: a Succeeded, b Succeeded")
    expect(JSON.stringify(world.store.list(resources.jobs))).not.toContain("evil")
  })

  it("is held by suspend, and goes on when resumed", async () => {
    const world = arrange("a → b")
    await world.deliver()
    world.edit({ suspend: true })
    await world.deliver()
    world.finish("a Complete")
    await world.deliver()
    expect(world.state()).toBe("Running: a Succeeded, b Waiting")
    expect(world.condition()).toMatchObject({ status: "Unknown", reason: "Suspended" })
    world.edit({ suspend: false })
    await world.deliver()
    expect(world.state()).toBe("Running: a Succeeded, b Running")
  })

  it("is ended by cancel: its Jobs are stopped and stay, nothing new starts", async () => {
    const world = arrange("a → b, c")
    await world.deliver()
    world.finish("c Complete")
    await world.deliver()
    world.edit({ cancel: true })
    await world.deliver()
    expect(world.state()).toBe("Cancelled: a Cancelled, b Cancelled, c Succeeded")
    expect(world.jobOf("a").spec).toMatchObject({ activeDeadlineSeconds: 1 })
    expect(world.jobOf("c").spec).not.toHaveProperty("activeDeadlineSeconds")
    world.finish("a Failed")
    await world.deliver()
    expect(world.state()).toBe("Cancelled: a Cancelled, b Cancelled, c Succeeded")
  })

  it("that is cancelled stops a Job that a late replica creates all the same", async () => {
    const world = arrange("a → b")
    await world.deliver()
    world.finish("a Complete")
    const [event] = world.events()
    let isFirst = true
    world.before = ({ verb }) => {
      if (verb !== "create" || !isFirst) return Effect.void
      isFirst = false
      // Just before the replica creates Job b, another one ends the run.
      return Effect.promise(async () => {
        world.edit({ cancel: true })
        await world.deliver()
        expect(world.state()).toBe("Cancelled: a Succeeded, b Cancelled")
      })
    }
    await world.handle(event!)
    expect(world.state()).toBe("Cancelled: a Succeeded, b Cancelled")
    expect(world.jobOf("b").spec).toMatchObject({ activeDeadlineSeconds: 1 })
  })

  it("fails a stage whose Job was deleted while it ran", async () => {
    const world = arrange("a → b")
    await world.deliver()
    world.store.delete(resources.jobs, world.jobOf("a").metadata)
    await world.deliver()
    expect(world.state()).toBe("Failed: a Failed, b Skipped")
    expect(world.stageStatus("a")).toMatchObject({ reason: "JobDeleted" })
    expect(world.creations()).toEqual({ a: 1 })
  })

  it("keeps an outcome when the Job is cleaned up after it", async () => {
    const world = arrange("a → b")
    await world.deliver()
    world.finish("a Complete")
    await world.deliver()
    world.store.delete(resources.jobs, world.jobOf("a").metadata)
    await world.deliver()
    world.finish("b Complete")
    await world.deliver()
    expect(world.state()).toBe("Succeeded: a Succeeded, b Succeeded")
  })

  it("that is deleted creates nothing, whatever events come late", async () => {
    const world = arrange("a → b")
    const early = world.events()
    for (const event of early) await world.handle(event)
    world.finish("a Complete")
    const late = world.events()
    world.store.delete(resources.executions, { namespace, name: "run" })
    await world.deliver()
    for (const event of [...early, ...late, resyncEvent]) await world.handle(event)
    expect([world.jobs(), world.creations()]).toEqual(["", { a: 1 }])
  })

  it("that is going away creates nothing", async () => {
    const world = new World()
    world.stage()
    world.pipeline("a")
    world.create(resources.executions, "run", { pipelineName: "web" }, { deletionTimestamp: "2026-01-01T00:00:00Z" })
    await world.deliver()
    world.calls.length = 0
    await world.resync()
    expect([world.jobs(), world.run().status]).toEqual(["", undefined])
    expect(world.calls.map(({ verb }) => verb)).toEqual(["list", "list", "list", "list", "list"])
  })

  it("of a name that was used before starts anew, under other Jobs", async () => {
    const world = arrange("a")
    await world.deliver()
    const first = world.jobOf("a").metadata
    world.finish("a Complete")
    const old = world.events()
    world.store.delete(resources.executions, { namespace, name: "run" })
    world.execution()
    await world.deliver()
    for (const event of old) await world.handle(event)
    expect(world.state()).toBe("Running: a Running")
    expect(world.jobOf("a").metadata.name).not.toBe(first.name)
  })
})

describe("the controller, quiet (I6, I8)", () => {
  it("writes nothing for any event that comes ten times, at any time", async () => {
    const world = arrange("a → b, c")
    const seen = []
    for (const happening of [
      () => {},
      () => world.finish("a Complete"),
      () => world.finish("b Failed"),
      () => world.finish("c Complete"),
    ]) {
      happening()
      for (let events = world.events(); events.length > 0; events = world.events()) {
        seen.push(...events)
        for (const event of events) await world.handle(event)
      }
      const before = world.changes.length
      world.calls.length = 0
      for (const event of [...seen, resyncEvent]) {
        for (let time = 0; time < 10; time++) await world.handle(event)
      }
      expect(world.changes.length).toBe(before)
      expect(world.calls.filter(({ verb }) => verb === "create" || verb === "patch")).toEqual([])
    }
    expect(world.state()).toBe("Failed: a Succeeded, b Failed, c Succeeded")
  })

  it("makes no call for an event that cannot matter", async () => {
    const world = arrange("a")
    await world.deliver()
    world.calls.length = 0
    world.touch()
    const { metadata } = world.jobOf("a")
    world.store.patch(resources.jobs, metadata, { status: { active: 1 } }, "status")
    world.store.delete(resources.pipelines, { namespace, name: "web" })
    await world.deliver()
    expect(world.calls).toEqual([])
  })

  it("makes one call for an event of a run that has ended, or of a stage that has", async () => {
    const world = arrange("a → b")
    await world.deliver()
    world.finish("a Complete")
    const [event] = world.events()
    await world.handle(event!)
    for (const finish of [() => {}, () => world.finish("b Complete")]) {
      finish()
      await world.deliver()
      world.calls.length = 0
      await world.handle(event!)
      expect(world.calls.map(({ verb, resource }) => `${verb} ${resource.plural}`)).toEqual([
        "get peanutpipelineexecutions",
      ])
    }
  })

  it("makes five calls to hand off, however many stages there are", async () => {
    const world = arrange(
      Array.from({ length: 300 }, (_, i) => ({ name: `s${i}`, type: "task", dependsOn: i ? [`s${i - 1}`] : [] })),
    )
    await world.deliver()
    world.calls.length = 0
    world.finish("s0 Complete")
    await world.deliver()
    expect(world.calls.map(({ verb, resource }) => `${verb} ${resource.plural}`)).toEqual([
      "get peanutpipelineexecutions",
      "get jobs",
      "list pods",
      "create jobs",
      "patch peanutpipelineexecutions",
    ])
  })

  it.each([
    { many: 4, start: ["get", "get", "get", "get"], end: ["get", "get", "get", "get"] },
    { many: 5, start: ["list"], end: ["list"] },
  ])("reads up to four stages and Jobs by name, and lists more: $many", async ({ many, start, end }) => {
    const names = Array.from({ length: many }, (_, i) => `s${i}`)
    const world = arrange(names.map((name) => ({ name, type: name })))
    for (const name of names) world.stage(name)
    const verbs = (plural: string) => world.calls.filter((call) => call.resource.plural === plural)
    await world.handle(world.events().find(({ subject }) => subject?.endsWith("/run"))!)
    expect(verbs("peanutstages").map(({ verb }) => verb)).toEqual(start)
    world.calls.length = 0
    world.succeedPod("s0")
    await world.handle(world.events().at(-1)!)
    expect(verbs("jobs").map(({ verb }) => verb)).toEqual(end)
    expect(world.stageStatus("s0")?.phase).toBe("Succeeded")
  })

  it("does not take events that are none of its own", async () => {
    const world = new World()
    const event = { type: "com.github.push", data: {} } as Parameters<World["handle"]>[0]
    expect(await world.refusal(event)).toMatchObject({
      _tag: "NotTaken",
      message: expect.stringContaining("com.github.push"),
    })
    expect(world.calls).toEqual([])
  })
})
