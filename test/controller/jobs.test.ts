// Jobs and pods that contradict each other, vanish, or are not what they look like.

import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { resources, Unavailable } from "../../src/cluster/object-api.ts"
import { namespace, ownerOf, trackingFinalizer } from "../builders/objects.ts"
import { arrange, type World } from "./world.ts"

/** What has happened is told by events, or all of them are lost and the resync finds it. */
const ways = [
  { told: "by events", tell: (world: World) => world.deliver() },
  { told: "by a resync", tell: (world: World) => world.resync() },
] as const

describe.each(ways)("told $told, a stage whose pod and Job disagree", ({ tell }) => {
  it("has succeeded with its pod, and stays so when the Job fails by its deadline in that second", async () => {
    const world = arrange("a → b")
    await tell(world)
    world.succeedPod("a")
    await tell(world)
    expect(world.state()).toBe("Running: a Succeeded, b Running")
    world.finish("a Failed")
    await tell(world)
    expect(world.state()).toBe("Running: a Succeeded, b Running")
    world.finish("b Complete")
    await tell(world)
    expect(world.state()).toBe("Succeeded: a Succeeded, b Succeeded")
    expect(world.creations()).toEqual({ a: 1, b: 1 })
  })

  it("has failed when both are seen at once: the Job has the last word", async () => {
    const world = arrange("a → b")
    await tell(world)
    world.succeedPod("a")
    world.finish("a Failed")
    await tell(world)
    expect(world.state()).toBe("Failed: a Failed, b Skipped")
  })

  it.each([
    { what: "a Job that is about to fail", state: "FailureTarget", finalizers: [trackingFinalizer] },
    { what: "a pod that the Job controller has let go", state: "Running", finalizers: [] },
    { what: "a pod that is held by another finalizer", state: "Running", finalizers: ["example.com/keep"] },
  ] as const)("waits for the Job's word on $what", async ({ state, finalizers }) => {
    const world = arrange("a → b")
    await tell(world)
    world.finishStage("a", state)
    world.succeedPod("a", { finalizers: [...finalizers] })
    await tell(world)
    expect(world.state()).toBe("Running: a Running, b Waiting")
    world.finish("a Failed")
    await tell(world)
    expect(world.state()).toBe("Failed: a Failed, b Skipped")
  })

  it("is not moved by a succeeded pod of another Job, or of none, that bears our labels", async () => {
    const world = arrange("a → b")
    await tell(world)
    const { name, labels, annotations } = world.jobOf("a").metadata
    world.create(resources.jobs, "stray", { backoffLimit: 0 }, { labels, annotations })
    const stray = world.store.get(resources.jobs, { namespace, name: "stray" }).metadata
    const owners = {
      stray: [ownerOf("batch/v1", "Job", stray)],
      former: [ownerOf("batch/v1", "Job", { name, uid: "former" })],
      none: [],
      // It names our Job, but is not controlled by it.
      mere: [{ ...ownerOf("batch/v1", "Job", world.jobOf("a").metadata), controller: false }],
    }
    for (const [pod, ownerReferences] of Object.entries(owners)) {
      world.store.create(resources.pods, namespace, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: pod, labels, annotations, ownerReferences, finalizers: [trackingFinalizer] },
        status: { phase: "Succeeded" },
      })
    }
    await tell(world)
    expect(world.state()).toBe("Running: a Running, b Waiting")
  })
})

describe.each(ways)("told $told, a Job that is removed", ({ tell }) => {
  const remove = (world: World, stage: string) => world.store.delete(resources.jobs, world.jobOf(stage).metadata)

  it("by its TTL before anybody saw it succeed fails its stage, as nobody can know how it ended", async () => {
    const world = arrange("a → b, c")
    await tell(world)
    world.finish("a Complete")
    world.events()
    remove(world, "a")
    await tell(world)
    expect(world.stageStatus("a")).toMatchObject({ phase: "Failed", reason: "JobDeleted" })
    expect(world.state()).toBe("Running: a Failed, b Skipped, c Running")
    expect(world.creations()).toEqual({ a: 1, c: 1 })
  })

  it("after its pod was seen to succeed has done its work", async () => {
    const world = arrange("a → b")
    await tell(world)
    world.succeedPod("a")
    await tell(world)
    remove(world, "a")
    await tell(world)
    world.finish("b Complete")
    await tell(world)
    expect(world.state()).toBe("Succeeded: a Succeeded, b Succeeded")
  })

  it.each(["a Complete", "a Failed"])("after its end was seen (%s) changes nothing", async (jobs) => {
    const world = arrange("a, b")
    await tell(world)
    world.finish(jobs)
    await tell(world)
    const before = world.run()
    remove(world, "a")
    await tell(world)
    expect(world.run()).toEqual(before)
  })
})

describe("a Job under other marks", () => {
  it("that lost labels and annotations still counts: it is found by its name, and known by its owner", async () => {
    const world = arrange("a → b")
    await world.deliver()
    const { metadata } = world.jobOf("a")
    const gone = Object.fromEntries(Object.keys(metadata.labels ?? {}).map((label) => [label, null]))
    world.finish("a Complete")
    world.store.patch(resources.jobs, metadata, { metadata: { labels: gone, annotations: null } })
    await world.resync()
    expect(world.state()).toBe("Running: a Succeeded, b Running")
  })

  it("that was given another stage's or execution's marks is still the Job of its own stage", async () => {
    const world = arrange("a → b, c")
    world.execution("other")
    await world.deliver()
    const { labels, annotations } = world.jobOf("a", "other").metadata
    world.store.patch(resources.jobs, world.jobOf("c").metadata, { metadata: { labels, annotations } })
    world.finishStage("a", "Complete", "other")
    await world.deliver()
    await world.resync()
    expect([world.state(), world.state("other")]).toEqual([
      "Running: a Running, b Waiting, c Running",
      "Running: a Succeeded, b Running, c Running",
    ])
  })
})

describe("a stage whose outputs another needs", () => {
  const needy = () =>
    arrange([
      { name: "a", type: "task" },
      { name: "b", type: "task", dependsOn: ["a"], when: "stages['a'].outputs.k == 'yes'" },
    ])
  const succeedWithOutput = (world: World) => {
    world.succeedPod("a")
    const { name } = world.jobOf("a").metadata
    const containerStatuses = [{ name: "stage", state: { terminated: { exitCode: 0, message: "k=yes\n" } } }]
    const status = { phase: "Succeeded", containerStatuses }
    world.store.patch(resources.pods, { namespace, name: `${name}-pod` }, { status }, "status")
  }

  it.each(ways)("fails when its pod is gone before anybody read them, told $told", async ({ tell }) => {
    const world = needy()
    await tell(world)
    succeedWithOutput(world)
    const pod = { namespace, name: `${world.jobOf("a").metadata.name}-pod` }
    world.store.delete(resources.pods, pod)
    world.finish("a Complete")
    await tell(world)
    expect(world.state()).toBe("Failed: a Failed, b Skipped")
    expect(world.stageStatus("a")).toMatchObject({ reason: "OutputsLost" })
  })

  it("keeps them when the Job turns out to have been created, and to have ended, since the pods were read", async () => {
    const world = needy()
    const event = world.events().find(({ subject }) => subject?.endsWith("/run"))!
    world.before = ({ verb, resource }) => {
      if (verb !== "create" || resource !== resources.jobs) return Effect.void
      // Another replica creates the Job, and dies before it has written a status.
      world.before = ({ verb, resource }) =>
        verb === "patch" && resource === resources.executions
          ? Effect.fail(new Unavailable({ message: "gone" }))
          : Effect.void
      return Effect.promise(async () => {
        expect(await world.refusal(event)).toMatchObject({ _tag: "Unavailable" })
        world.before = () => Effect.void
        succeedWithOutput(world)
        world.finish("a Complete")
      })
    }
    await world.resync()
    await world.resync()
    expect(world.stageStatus("a")).toMatchObject({ phase: "Succeeded", outputs: { k: "yes" } })
    expect(world.state()).toBe("Running: a Succeeded, b Running")
  })
})
