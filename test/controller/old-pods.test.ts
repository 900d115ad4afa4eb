// How old the pods may be that a look is shown: as old as the news of them, which an API server can tell at once. Where a
// Job has ended, or something else than a pod may have changed, they must be as they are.

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { apiVersion } from "../../src/api/meta.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { distinctEvents } from "../../src/controller/handle.ts"
import { Lanes, makeLanes } from "../../src/controller/lanes.ts"
import { namespace } from "../builders/objects.ts"
import { arrange, type World } from "./world.ts"

/** How old the pods may be that were listed since the last time; "now" for those of now. */
function askedFor(world: World): readonly string[] {
  const lists = world.calls.splice(0).filter(({ verb, resource }) => verb === "list" && resource === resources.pods)
  return lists.map(({ selection }) => selection?.notOlderThan ?? "now")
}

async function running(stages: string): Promise<World> {
  const world = arrange(stages)
  await world.deliver()
  world.calls.length = 0
  return world
}

/** The event of a pod of the stage's Job that failed; whether there will be another, only the Job can say. */
function failPod(world: World, stage: string) {
  world.succeedPod(stage)
  const name = `${world.jobOf(stage).metadata.name}-pod`
  world.store.patch(resources.pods, { namespace, name }, { status: { phase: "Failed" } }, "status")
  return world.events().at(-1)!
}

const versionOf = (world: World, stage: string) => {
  const { name } = world.jobOf(stage).metadata
  return world.store.get(resources.pods, { namespace, name: `${name}-pod` }).metadata.resourceVersion
}

describe("pods", () => {
  it("may be as old as the pod of the event", async () => {
    const world = await running("a → b")
    world.succeedPod("a")
    await world.handle(world.events()[0]!)
    expect(askedFor(world)).toEqual([versionOf(world, "a")])
    expect(world.state()).toBe("Running: a Succeeded, b Running")
  })

  it("are of now beside a Job that has ended", async () => {
    const world = await running("a → b")
    world.succeedPod("a")
    const [news] = world.events()
    world.finish("a Complete")
    await world.handle(news!)
    expect(askedFor(world)).toEqual(["now"])
  })

  it("are of now where a Job, or nobody knows what, has changed", async () => {
    const world = await running("a → b")
    world.finish("a Complete")
    await world.handle(world.events()[0]!)
    expect(askedFor(world)).toEqual(["now"])
    await world.resync()
    expect(askedFor(world)).toEqual(["now"])
  })

  it("are of now once another writer came first", async () => {
    const world = await running("a → b")
    world.succeedPod("a")
    const version = versionOf(world, "a")
    let isTouched = false
    world.before = (call) => {
      if (call.verb === "patch" && !isTouched) {
        isTouched = true
        world.touch()
      }
      return Effect.void
    }
    await world.handle(world.events()[0]!)
    expect(askedFor(world)).toEqual([version, "now"])
    expect(world.state()).toBe("Running: a Succeeded, b Running")
  })

  it("are as new as the latest event of several that become one look; of now, if one of them is of no pod", async () => {
    const world = await running("a, b, c")
    world.process = Context.make(Lanes, makeLanes()) as Context.Context<never>
    world.before = () => Effect.sleep("1 millis")
    const [a, c, b] = ["a", "c", "b"].map((stage) => failPod(world, stage))
    await world.handleAtOnce([a!, c!, b!])
    expect(askedFor(world)).toEqual([versionOf(world, "a"), versionOf(world, "b")])
    const suspended = { ...world.run(), apiVersion, kind: "PeanutPipelineExecution", status: undefined }
    await world.handleAtOnce([a!, c!, { ...b!, data: suspended }])
    expect(askedFor(world)).toEqual([versionOf(world, "a"), "now"])
  })

  it("of a batch are as new as its latest event, in whatever order they come", async () => {
    const world = await running("a → b")
    world.succeedPod("a")
    const [event] = world.events()
    const of = (resourceVersion: string) => {
      const pod = event!.data as { readonly metadata: object }
      return { ...event!, data: { ...pod, metadata: { ...pod.metadata, resourceVersion } } }
    }
    const [ninth, tenth, other] = [of("9"), of("10"), of("none")]
    for (const batch of [
      [ninth, tenth, other],
      [tenth, other, ninth],
    ]) {
      expect(distinctEvents(batch)).toEqual([tenth])
    }
  })
})
