import { describe, expect, it } from "vitest"
import { resources } from "../../src/cluster/object-api.ts"
import { graph } from "../builders/graph.ts"
import { namespace } from "../builders/objects.ts"
import { World } from "./world.ts"

describe("validate", () => {
  it("shows mistakes when a pipeline is applied, and that they are gone when it is edited", async () => {
    const world = new World()
    world.stage()
    world.pipeline("a → b → a")
    await world.deliver()
    expect(world.validity()).toMatchObject({ type: "Valid", status: "False", reason: "Invalid" })
    world.store.patch(resources.pipelines, { namespace, name: "web" }, { spec: { stages: graph("a → b") } })
    await world.deliver()
    expect(world.validity()).toMatchObject({ status: "True", message: "2 stages" })
  })

  it("looks again at the pipelines of a stage that comes or goes", async () => {
    const world = new World()
    world.pipeline("a → b")
    world.pipeline(graph("a", "other"), "unconcerned")
    await world.deliver()
    expect(world.validity()?.message).toContain("there is no PeanutStage of that name")
    world.stage()
    await world.deliver()
    expect([world.validity()?.status, world.validity("unconcerned")?.status]).toEqual(["True", "False"])
    world.store.delete(resources.stages, { namespace, name: "task" })
    await world.deliver()
    expect(world.validity()).toMatchObject({ status: "False" })
  })

  it("looks again at a pipeline that has the stage at its end only", async () => {
    const world = new World()
    world.stage()
    world.pipeline("a")
    const atEnd = [{ name: "Clean up", type: "cleaner" }]
    world.store.patch(resources.pipelines, { namespace, name: "web" }, { spec: { finally: atEnd } })
    await world.deliver()
    expect(world.validity()?.message).toContain('"cleaner"')
    world.stage("cleaner")
    await world.deliver()
    expect(world.validity()?.status).toBe("True")
  })

  it("writes once, however often it is told", async () => {
    const world = new World()
    world.stage()
    world.pipeline("a")
    const events = world.events()
    for (const event of [...events, ...events, ...events]) await world.handle(event)
    expect(world.changes.filter(({ type }) => type === "update")).toHaveLength(1)
  })

  it("lets a pipeline be that is gone", async () => {
    const world = new World()
    world.pipeline("a")
    const events = world.events()
    world.store.delete(resources.pipelines, { namespace, name: "web" })
    for (const event of events) await world.handle(event)
    expect(world.changes).toHaveLength(2)
  })
})
