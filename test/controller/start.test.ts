// Executions that events start: once for an event, and with a clear answer where nothing can be started.

import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { resources } from "../../src/cluster/object-api.ts"
import { start } from "../../src/controller/start.ts"
import { executionName, type StartingEvent } from "../../src/resources/execution.ts"
import { namespace } from "../builders/objects.ts"
import { World } from "./world.ts"

const event: StartingEvent = { id: "42", source: "/git/push", type: "com.example.push" }

function arrange(stages = "a → b"): World {
  const world = new World()
  world.stage()
  world.pipeline(stages)
  world.openToEvents()
  return world
}

const starting = (world: World, name = "web", given = event) => world.perform(start({ namespace, name }, given))
const refusal = (world: World, name = "web") => world.perform(Effect.flip(start({ namespace, name }, event)))
const executions = (world: World) => world.store.list(resources.executions)
const events = (world: World) => world.store.list(resources.events)

describe("an event for a pipeline", () => {
  it("starts an execution, which runs when the event is answered", async () => {
    const world = arrange()
    await starting(world)
    const [execution, ...others] = executions(world)
    expect(others).toEqual([])
    expect(execution).toMatchObject({
      metadata: {
        name: expect.stringMatching(/^web-[0-9a-z]{13}$/),
        annotations: {
          "pipeline.peanut.dev/event-id": "42",
          "pipeline.peanut.dev/event-source": "/git/push",
          "pipeline.peanut.dev/event-type": "com.example.push",
        },
      },
      spec: { pipelineName: "web" },
      status: { phase: "Running" },
    })
  })

  it("starts one execution however often it comes, and another for another id or source", async () => {
    const world = arrange()
    for (let i = 0; i < 10; i++) await starting(world)
    expect(executions(world)).toHaveLength(1)
    await starting(world, "web", { ...event, id: "43" })
    await starting(world, "web", { ...event, source: "/git/tag" })
    expect(executions(world)).toHaveLength(3)
  })

  it.each([
    [
      "is suspended",
      (world: World) =>
        void world.store.patch(resources.pipelines, { namespace, name: "web" }, { spec: { suspend: true } }),
      "web",
      'pipeline "web" is suspended',
    ],
    [
      "is invalid",
      (world: World) => {
        world.pipeline("a → b, b → a", "ring")
        world.openToEvents("ring")
      },
      "ring",
      "a → b → a",
    ],
  ])("is refused where the pipeline %s, and tells who looks at the pipeline", async (_, change, name, message) => {
    const world = arrange()
    change(world)
    expect(await refusal(world, name)).toMatchObject({ _tag: "NotTaken", message: expect.stringContaining(message) })
    expect(executions(world)).toEqual([])
    expect(events(world)).toMatchObject([
      {
        involvedObject: { kind: "PeanutPipeline", name },
        type: "Warning",
        reason: "NotStarted",
        message: expect.stringContaining(message),
      },
    ])
  })
})

describe("an event that nobody asked for is refused, and leaves no trace:", () => {
  const remove = { spec: { events: null } }
  const cases: Record<
    string,
    { readonly change: (world: World) => void; readonly name?: string; readonly says: string }
  > = {
    "the pipeline is not there": {
      change: () => {},
      name: "wbe",
      says: 'there is no PeanutPipeline "wbe" in namespace "team"',
    },
    "the pipeline has no events": {
      change: (world) => void world.store.patch(resources.pipelines, { namespace, name: "web" }, remove),
      says: 'pipeline "web" starts by no event',
    },
    "the pipeline has an empty list of events": {
      change: (world) =>
        void world.store.patch(resources.pipelines, { namespace, name: "web" }, { spec: { events: [] } }),
      says: 'pipeline "web" starts by no event',
    },
    "the pipeline has no events, and is suspended and wrong": {
      change: (world) => {
        world.pipeline("a → b, b → a", "ring")
        world.store.patch(resources.pipelines, { namespace, name: "ring" }, { spec: { suspend: true } })
      },
      name: "ring",
      says: 'pipeline "ring" starts by no event',
    },
    "the pipeline is none": {
      change: (world) =>
        void world.store.patch(resources.pipelines, { namespace, name: "web" }, { spec: { stages: "none" } }),
      says: "stages",
    },
    "the pipeline has an entry with a field that this version does not know": {
      change: (world) =>
        void world.store.patch(
          resources.pipelines,
          { namespace, name: "web" },
          { spec: { events: [{ when: "false" }] } },
        ),
      says: "must be {}",
    },
  }

  it.each(Object.entries(cases))("%s", async (_, { change, name = "web", says }) => {
    const world = arrange()
    change(world)
    const before = world.changes.length
    for (const data of [undefined, { params: { env: "prod" } }, { params: "none" }]) {
      const refused = await world.perform(Effect.flip(start({ namespace, name }, { ...event, data })))
      expect(refused).toMatchObject({ _tag: "NotTaken", message: expect.stringContaining(says) })
    }
    expect(world.changes).toHaveLength(before)
    // Whoever may not start it must not make the controller read more than the pipeline.
    const calls = world.calls.map(({ verb, resource }) => `${verb} ${resource.plural}`)
    expect(calls).toEqual(["get peanutpipelines", "get peanutpipelines", "get peanutpipelines"])
  })
})

describe("another event of the same source and id", () => {
  const refusedAs = (world: World, given: StartingEvent) =>
    world.perform(Effect.flip(start({ namespace, name: "web" }, given)))

  it.each<[string, Partial<StartingEvent>]>([
    ["type", { type: "com.example.tag" }],
    ["data", { data: { ref: "other" } }],
    ["parameters", { data: { params: { env: "prod" } } }],
  ])("with another $0 starts nothing, changes no run, and is told once", async (_, other) => {
    const world = arrange()
    world.store.patch(
      resources.pipelines,
      { namespace, name: "web" },
      { spec: { params: [{ name: "env", default: "test" }], concurrencyPolicy: "Replace" } },
    )
    await starting(world)
    const before = executions(world)
    const told = events(world).length
    for (let i = 0; i < 3; i++) {
      const refused = await refusedAs(world, { ...event, ...other })
      expect(refused).toMatchObject({ _tag: "NotTaken", message: expect.stringContaining("another event") })
    }
    expect(executions(world)).toEqual(before)
    const more = events(world).slice(told)
    expect(more).toMatchObject([{ involvedObject: { kind: "PeanutPipeline", name: "web" }, reason: "NotStarted" }])
    await starting(world)
    expect(executions(world)).toEqual(before)
  })

  it("is an execution that somebody made by hand", async () => {
    const world = arrange()
    world.execution(executionName("web", event))
    expect(await refusedAs(world, event)).toMatchObject({ message: expect.stringContaining("created it by hand") })
    expect(executions(world)).toMatchObject([{ metadata: { name: executionName("web", event) } }])
    expect(executions(world)[0]).not.toHaveProperty("status")
  })

  it("comes again later where the first one is deleted just then", async () => {
    const world = arrange()
    await starting(world)
    world.before = ({ verb, resource }) =>
      Effect.sync(() => {
        if (verb !== "get" || resource !== resources.executions) return
        world.before = () => Effect.void
        world.store.delete(resources.executions, { namespace, name: executionName("web", event) })
      })
    expect(await refusedAs(world, event)).toMatchObject({ _tag: "Unavailable" })
    await starting(world)
    expect(executions(world)).toHaveLength(1)
  })
})

describe("the parameters in an event's data", () => {
  const declared = [{ name: "env" }, { name: "size", default: "s" }]

  function withParams(): World {
    const world = arrange()
    world.store.patch(resources.pipelines, { namespace, name: "web" }, { spec: { params: declared } })
    return world
  }

  it("become those of the execution, and of its snapshot", async () => {
    const world = withParams()
    await starting(world, "web", { ...event, data: { params: { env: "$(params.size)" }, ref: "main" } })
    expect(executions(world)).toMatchObject([
      {
        spec: { params: [{ name: "env", value: "$(params.size)" }] },
        status: { phase: "Running", snapshot: { params: { env: "$(params.size)", size: "s" } } },
      },
    ])
  })

  it("may be left out where there are none to give", async () => {
    const world = arrange()
    await starting(world, "web", { ...event, data: { ref: "main" } })
    expect(executions(world)[0]?.spec).toEqual({ pipelineName: "web" })
  })

  it.each<[string, unknown, string]>([
    ["are missing", undefined, 'the event gives no value for param "env" of pipeline "web", which has no default'],
    [
      "are unknown",
      { env: "a", sise: "l" },
      'the event gives param "sise", which pipeline "web" does not declare; did you mean "size"?',
    ],
    ["are no object", ["env"], "must be an object"],
    ["are no strings", { env: 1 }, 'param "env" in the event\'s data must be a string; quote it'],
  ])("start nothing where they %s, and tell who looks at the pipeline", async (_, params, message) => {
    const world = withParams()
    const given = { ...event, data: { params } }
    const refused = await world.perform(Effect.flip(start({ namespace, name: "web" }, given)))
    expect(refused).toMatchObject({ _tag: "NotTaken", message: expect.stringContaining(message) })
    expect(executions(world)).toEqual([])
    expect(events(world)).toMatchObject([{ reason: "NotStarted", message: expect.stringContaining(message) }])
  })
})

describe("a sender who sends one wrong event after the other", () => {
  it("makes one Kubernetes Event", async () => {
    const world = arrange()
    for (let i = 0; i < 20; i++) {
      const wrong = { ...event, id: String(i), data: { params: { [`p${i}`]: "x" } } }
      await world.perform(Effect.flip(start({ namespace, name: "web" }, wrong)))
    }
    expect(events(world)).toHaveLength(1)
  })
})

describe("a run", () => {
  it("tells its story in Kubernetes Events, each once", async () => {
    const world = arrange("a → b, c")
    world.execution()
    await world.deliver()
    world.finish("a Failed, c Complete")
    await world.deliver()
    await world.resync()
    const story = events(world).map((event) => (event as unknown as { reason: string }).reason)
    expect(story.toSorted()).toEqual(["Failed", "StageFailed", "StageSkipped", "Started"])
  })
})
