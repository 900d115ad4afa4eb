// Events that come again, in another order, long after what they tell of, about somebody else of that name, or that lie.
// Each body is as old as the event; the API server is always fresh.

import type { CloudEventV1 } from "cloudevents"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { resources } from "../../src/cluster/object-api.ts"
import { handle } from "../../src/controller/handle.ts"
import { jobStatus, namespace, ownerOf } from "../builders/objects.ts"
import { stories } from "./stories.ts"
import { expectSame, handleRound, pictureOf, tellUndisturbed } from "./telling.ts"
import { arrange, resyncEvent, type World } from "./world.ts"

type Events = readonly CloudEventV1<unknown>[]

describe.each(stories)("$name", (story) => {
  it("is the same when all events so far come again after each round, backwards, and at its end write nothing", async () => {
    const expected = await tellUndisturbed(story)
    const world = story.arrange()
    const seen: CloudEventV1<unknown>[] = []
    for (const [index, happen] of story.rounds.entries()) {
      happen(world)
      await handleRound(world, story, index, seen)
      const before = world.changes.length
      for (const event of [...seen.toReversed(), ...seen, resyncEvent]) await world.handle(event)
      expectSame(`round ${index}`, pictureOf(world), expected[index])
      expect({ round: index, written: world.changes.length - before }).toEqual({ round: index, written: 0 })
    }
    expect(seen.length).toBeGreaterThan(0)
  })

  it("is the same when each round's events come backwards, those of the round before among them", async () => {
    const expected = await tellUndisturbed(story)
    const world = story.arrange()
    let old: Events = []
    for (const [index, happen] of story.rounds.entries()) {
      happen(world)
      if (index === 0 && story.begin !== undefined) await world.perform(story.begin())
      let fresh = world.events()
      const first = fresh
      while (fresh.length > 0) {
        for (const event of [...fresh.toReversed(), ...old]) await world.handle(event)
        fresh = world.events()
      }
      old = first
      expectSame(`round ${index}`, pictureOf(world), expected[index])
    }
  })
})

describe("a run under a name that was used before", () => {
  /** A run that was deleted in its middle, with every event that it ever had; then another of the same name. */
  async function renamed() {
    const world = arrange("a → b")
    const old: CloudEventV1<unknown>[] = []
    const deliver = async () => {
      for (let events = world.events(); events.length > 0; events = world.events()) {
        old.push(...events)
        for (const event of events) await world.handle(event)
      }
    }
    await deliver()
    world.succeedPod("a")
    await deliver()
    world.finish("a Complete, b Complete")
    old.push(...world.events())
    const job = world.jobOf("a")
    world.store.delete(resources.executions, { namespace, name: "run" })
    old.push(...world.events())
    world.execution()
    return { world, old, job }
  }

  it("goes its own way, whatever events of the other come at any time", async () => {
    const { world, old } = await renamed()
    for (const [happen, state] of [
      [() => {}, "Running: a Running, b Waiting"],
      [() => world.finish("a Complete"), "Running: a Succeeded, b Running"],
      [() => world.finish("b Failed"), "Failed: a Succeeded, b Failed"],
    ] as const) {
      happen()
      for (const event of old) await world.handle(event)
      await world.deliver()
      expect(world.state()).toBe(state)
    }
    expect(world.creations()).toEqual({ a: 2, b: 2 })
  })

  it("takes neither Jobs nor pods of the other for its own while these linger, nor stops them", async () => {
    const { world, old, job } = await renamed()
    await world.deliver()
    const { uid: _, ...metadata } = job.metadata
    const lingering = { ...job, metadata }
    world.store.create(resources.jobs, namespace, lingering)
    const other = { namespace, name: metadata.name }
    world.store.create(resources.pods, namespace, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "lingering",
        labels: metadata.labels,
        annotations: metadata.annotations,
        ownerReferences: [ownerOf("batch/v1", "Job", world.store.get(resources.jobs, other).metadata)],
        finalizers: ["batch.kubernetes.io/job-tracking"],
      },
      status: { phase: "Succeeded" },
    })
    world.store.patch(resources.jobs, other, { status: jobStatus("Running") }, "status")
    for (const event of old) await world.handle(event)
    await world.deliver()
    await world.resync()
    expect(world.state()).toBe("Running: a Running, b Waiting")
    expect(world.store.get(resources.jobs, other).spec).toEqual(job.spec)
  })

  it("that was refused stays so, though a Job of the other runs on and the pipeline is there now", async () => {
    const { world, job } = await renamed()
    world.store.delete(resources.pipelines, { namespace, name: "web" })
    await world.deliver()
    expect(world.condition()).toMatchObject({ status: "False", reason: "PipelineNotFound" })
    const { uid: _, ...metadata } = job.metadata
    world.store.create(resources.jobs, namespace, { ...job, metadata, status: {} })
    world.pipeline("a → b")
    await world.resync()
    expect(world.condition()).toMatchObject({ status: "False", reason: "PipelineNotFound" })
  })
})

describe("an event that lies", () => {
  const lie = (world: World, body: object): CloudEventV1<unknown> => {
    const [event] = world.events()
    return { ...event!, data: body } as CloudEventV1<unknown>
  }

  it("says that a Job is complete: nothing changes, the API server knows better", async () => {
    const world = arrange("a → b")
    await world.deliver()
    const job = world.jobOf("a")
    world.touch()
    await world.handle(lie(world, { ...job, status: jobStatus("Complete") }))
    expect([world.state(), world.jobs()]).toEqual(["Running: a Running, b Waiting", "a"])
  })

  it("says that an execution wants to be cancelled: it goes on", async () => {
    const world = arrange("a → b")
    await world.deliver()
    world.touch()
    const run = world.run()
    await world.handle(
      lie(world, {
        apiVersion: "pipeline.peanut.dev/v1alpha1",
        kind: "PeanutPipelineExecution",
        metadata: { ...run.metadata, generation: 9 },
        spec: { ...run.spec, cancel: true },
      }),
    )
    expect(world.state()).toBe("Running: a Running, b Waiting")
  })

  it("is about a namespace that this Peanut does not serve: it is refused without a call", async () => {
    const world = arrange("a")
    const events = world.events()
    expect(events.length).toBeGreaterThan(0)
    for (const event of events) {
      const error = await world.perform(Effect.flip(handle(event, "another")))
      expect(error).toMatchObject({ _tag: "NotTaken", message: 'this Peanut serves namespace "another" only' })
    }
    expect(world.calls).toEqual([])
  })
})
