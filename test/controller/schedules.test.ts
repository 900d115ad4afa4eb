// The PingSources of a pipeline's schedules: there while they are wanted, gone after, nobody else's touched, and whatever
// prevents them told.

import type { CloudEventV1 } from "cloudevents"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { describe, expect, it } from "vitest"
import { type PipelineSchedule, type PipelineSpec, pipeline } from "../../src/api/pipeline.ts"
import { storeApi } from "../../src/cluster/memory/api.ts"
import { NotFound, type ObjectApi, resources } from "../../src/cluster/object-api.ts"
import { Cluster, makeCluster } from "../../src/cluster.ts"
import { resync } from "../../src/controller/resync.ts"
import { start } from "../../src/controller/start.ts"
import { validate } from "../../src/controller/validate.ts"
import { pingSourceName, schedulePingSource } from "../../src/resources/ping-source.ts"
import { ScheduleSink, type ScheduleSinkService } from "../../src/schedule-sink.ts"
import { graph } from "../builders/graph.ts"
import { namespace } from "../builders/objects.ts"
import { refused } from "../builders/refused.ts"
import { World } from "./world.ts"

const ref = { namespace, name: "web" }
const service = { name: "peanut", namespace: "peanut-system" }
const known: ScheduleSinkService = { _tag: "Known", service }

const nightly: PipelineSchedule = { name: "nightly", cron: "0 3 * * *", timeZone: "Europe/Berlin" }
const hourly: PipelineSchedule = { name: "hourly", cron: "@hourly", params: [{ name: "env", value: "test" }] }

function arrange(schedules: readonly PipelineSchedule[] = [nightly, hourly], spec: Partial<PipelineSpec> = {}): World {
  const world = new World()
  world.stage()
  const params = [{ name: "env", default: "none" }]
  world.create(resources.pipelines, "web", { stages: graph("a"), params, schedules, ...spec })
  world.calls.length = 0
  return world
}

const edit = (world: World, spec: object) => world.store.patch(resources.pipelines, ref, { spec })
const look = (world: World, sink: ScheduleSinkService = known) =>
  world.perform(validate(ref).pipe(Effect.provideService(ScheduleSink, sink)))

/** Looks at the pipeline through an API that is not quite the store's. */
const lookThrough = (world: World, api: Partial<ObjectApi>) =>
  Effect.runPromise(
    validate(ref).pipe(
      Effect.provideService(ScheduleSink, known),
      Effect.provideService(Cluster, makeCluster({ ...storeApi(world.store), ...api })),
      Effect.provide(Logger.layer([])),
    ),
  )

const read = (world: World) => pipeline.parse(world.store.get(resources.pipelines, ref))
const nameOf = (world: World, schedule: string) => pingSourceName(read(world).metadata, schedule)
const condition = (world: World) => read(world).status?.conditions?.find(({ type }) => type === "Scheduled")
const warnings = (world: World) =>
  (world.store.list(resources.events) as unknown as { type: string; reason: string; message: string }[]).filter(
    ({ reason }) => reason === "NotScheduled",
  )
const pingSources = (world: World) =>
  world.store.list(resources.pingSources) as unknown as readonly {
    metadata: { name: string; uid: string }
    spec: { schedule: string; timezone?: string; data: string }
  }[]
/** `nightly, hourly`: the schedules that have a PingSource. */
const scheduled = (world: World) =>
  (read(world).spec.schedules ?? [])
    .map(({ name }) => name)
    .filter((name) => pingSources(world).some(({ metadata }) => metadata.name === nameOf(world, name)))
    .join(", ")
const called = (world: World) => world.calls.splice(0).map(({ verb, resource }) => `${verb} ${resource.plural}`)
const ofPingSources = (world: World) => called(world).filter((call) => call.endsWith("pingsources"))

describe("the schedules of a pipeline", () => {
  it("have a PingSource each", async () => {
    const world = arrange()
    await look(world)
    expect(pingSources(world).map(({ spec: { schedule, timezone, data } }) => ({ schedule, timezone, data }))).toEqual([
      { schedule: "0 3 * * *", timezone: "Europe/Berlin", data: '{"params":{}}' },
      { schedule: "@hourly", timezone: undefined, data: '{"params":{"env":"test"}}' },
    ])
    expect(condition(world)).toMatchObject({ status: "True", reason: "Scheduled", message: "2 schedules" })
    expect(read(world).status?.schedules).toEqual(["nightly", "hourly"])
    expect(warnings(world)).toEqual([])
  })

  it("cost nothing where there are none", async () => {
    const world = arrange([])
    await look(world)
    await look(world)
    expect(ofPingSources(world)).toEqual([])
    expect(condition(world)).toBeUndefined()
  })

  it("are written once, and only read after that", async () => {
    const world = arrange()
    await look(world)
    called(world)
    const before = world.changes.length
    await look(world)
    expect(ofPingSources(world)).toEqual(["get pingsources", "get pingsources"])
    expect(world.changes).toHaveLength(before)
  })

  it("follow the pipeline when it is edited", async () => {
    const world = arrange()
    await look(world)
    const [, kept] = pingSources(world)
    edit(world, { schedules: [{ name: "nightly", cron: "0 4 * * *" }, hourly] })
    await look(world)
    const [changed, same] = pingSources(world)
    expect(changed?.spec).toMatchObject({ schedule: "0 4 * * *" })
    expect(changed?.spec).not.toHaveProperty("timezone")
    expect(same).toEqual(kept)
  })

  it("lose their PingSource when they are removed, and the pipeline is then as if it had none", async () => {
    const world = arrange()
    await look(world)
    edit(world, { schedules: [hourly] })
    await look(world)
    expect(scheduled(world)).toBe("hourly")
    expect(read(world).status?.schedules).toEqual(["hourly"])
    edit(world, { schedules: null })
    await look(world)
    expect(pingSources(world)).toEqual([])
    expect(read(world).status).not.toHaveProperty("schedules")
    expect(condition(world)).toBeUndefined()
    called(world)
    await look(world)
    expect(ofPingSources(world)).toEqual([])
  })

  it("have none while they, or the pipeline, are suspended", async () => {
    const world = arrange([nightly, { ...hourly, suspend: true }])
    await look(world)
    expect(scheduled(world)).toBe("nightly")
    edit(world, { suspend: true })
    await look(world)
    expect(pingSources(world)).toEqual([])
    edit(world, { suspend: null, schedules: [nightly, hourly] })
    await look(world)
    expect(scheduled(world)).toBe("nightly, hourly")
  })

  it("go with the pipeline, and come with one of the same name under other names", async () => {
    const world = arrange()
    await look(world)
    const before = pingSources(world).map(({ metadata }) => metadata.name)
    const { spec } = read(world)
    world.store.delete(resources.pipelines, ref)
    expect(pingSources(world)).toEqual([])
    world.create(resources.pipelines, "web", spec)
    await look(world)
    expect(pingSources(world).filter(({ metadata }) => before.includes(metadata.name))).toEqual([])
    expect(scheduled(world)).toBe("nightly, hourly")
  })

  it("are left alone while the pipeline is being deleted", async () => {
    const world = arrange()
    world.store.patch(resources.pipelines, ref, { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } })
    await look(world)
    expect(ofPingSources(world)).toEqual([])
  })

  it("come back with the resync when somebody deleted or changed their PingSource", async () => {
    const world = arrange()
    await look(world)
    const [first, second] = pingSources(world)
    world.store.delete(resources.pingSources, { namespace, name: first!.metadata.name })
    world.store.patch(
      resources.pingSources,
      { namespace, name: second!.metadata.name },
      { spec: { schedule: "* * * * *", timezone: "UTC", sink: { audience: "other" } } },
    )
    await world.perform(resync().pipe(Effect.provideService(ScheduleSink, known)))
    expect(scheduled(world)).toBe("nightly, hourly")
    const { spec } = schedulePingSource(read(world), hourly, service)
    expect(pingSources(world).find(({ metadata }) => metadata.name === nameOf(world, "hourly"))?.spec).toEqual(spec)
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    "survive a crash around call %i, of creating and of removing",
    async (nth) => {
      for (const when of ["before", "after"] as const) {
        const world = arrange()
        await crashing(world, when, nth)
        edit(world, { schedules: [hourly] })
        await crashing(world, when, nth)
        await look(world)
        expect({ scheduled: scheduled(world), all: pingSources(world).length }).toEqual({ scheduled: "hourly", all: 1 })
      }
    },
  )

  it("are looked at again when somebody writes between reading and writing", async () => {
    const world = arrange()
    const meanwhile = (verb: "create" | "patch", work: () => void) => {
      world.before = (call) => {
        if (call.verb === verb && call.resource === resources.pingSources) {
          world.before = () => Effect.void
          work()
        }
        return Effect.void
      }
    }
    meanwhile("create", () => {
      world.store.create(resources.pingSources, namespace, schedulePingSource(read(world), nightly, service))
    })
    await look(world)
    expect(condition(world)).toMatchObject({ status: "True" })
    expect(scheduled(world)).toBe("nightly, hourly")

    const name = nameOf(world, "nightly")
    edit(world, { schedules: [{ ...nightly, cron: "@weekly" }] })
    meanwhile("patch", () => {
      world.store.patch(resources.pingSources, { namespace, name }, { spec: { schedule: "* * * * *" } })
    })
    await look(world)
    expect(pingSources(world)).toMatchObject([{ metadata: { name }, spec: { schedule: "@weekly" } }])
  })

  it("wait for a PingSource that is being deleted: the event comes again", async () => {
    const world = arrange([nightly])
    await look(world)
    const name = nameOf(world, "nightly")
    const deletionTimestamp = "2026-01-01T00:00:00Z"
    world.store.patch(resources.pingSources, { namespace, name }, { metadata: { deletionTimestamp } })
    const failure = await world.perform(Effect.flip(validate(ref).pipe(Effect.provideService(ScheduleSink, known))))
    expect(failure).toMatchObject({ _tag: "Unavailable", message: expect.stringContaining("is being deleted") })
    world.store.delete(resources.pingSources, { namespace, name })
    await look(world)
    expect(scheduled(world)).toBe("nightly")
  })

  it("are the same whatever order two replicas take", async () => {
    const world = arrange()
    await Promise.allSettled([look(world), look(world), look(world)])
    await look(world)
    expect(scheduled(world)).toBe("nightly, hourly")
    expect(pingSources(world)).toHaveLength(2)
  })
})

/** Looks at the pipeline with a replica that dies before or after its nth call. */
async function crashing(world: World, when: "before" | "after", nth: number): Promise<void> {
  let calls = 0
  world[when] = () => (++calls === nth ? Effect.die("crash") : Effect.void)
  await look(world).catch(() => undefined)
  world.before = world.after = () => Effect.void
}

describe("a schedule that can start nothing is told in a condition and by one Event", () => {
  const told = (world: World, message: string, times = 1) => {
    expect(condition(world)).toMatchObject({ status: "False", reason: "NotScheduled" })
    expect(condition(world)?.message).toContain(message)
    expect(warnings(world)).toHaveLength(times)
    expect(warnings(world).at(-1)).toMatchObject({ type: "Warning", message: expect.stringContaining(message) })
    expect(world.validity()).toMatchObject({ type: "Valid" })
  }

  it("because Peanut is no Knative Service", async () => {
    const world = arrange()
    const sink = { _tag: "Unknown", why: "Peanut does not run as a Knative Service here" } as const
    await look(world, sink)
    called(world)
    for (let i = 0; i < 3; i++) await look(world, sink)
    expect(called(world).filter((call) => !/^(get|list) /.test(call))).toEqual([])
    told(world, 'schedule "nightly" starts nothing: Peanut does not run as a Knative Service here')
    expect(world.validity()?.status).toBe("True")
    expect(ofPingSources(world)).toEqual([])
  })

  it("which go when the schedule does", async () => {
    const world = arrange()
    await look(world, { _tag: "Unknown", why: "nobody knows where" })
    edit(world, { schedules: null })
    await look(world)
    expect(condition(world)).toBeUndefined()
    expect(world.validity()?.status).toBe("True")
  })

  it("because there is no such kind", async () => {
    const world = arrange([nightly])
    const missing = new NotFound({ message: "the server could not find the requested resource" })
    const real = storeApi(world.store)
    const api: Partial<ObjectApi> = {
      get: (resource, ref) => (resource === resources.pingSources ? Effect.fail(missing) : real.get(resource, ref)),
      create: (resource, namespace, object) =>
        resource === resources.pingSources ? Effect.fail(missing) : real.create(resource, namespace, object),
    }
    for (let i = 0; i < 3; i++) await lookThrough(world, api)
    told(world, "is Knative Eventing there?")
    await look(world)
    expect(condition(world)).toMatchObject({ status: "True", message: "1 schedule" })
  })

  it("because Knative or a missing right refuses it, and the others are made", async () => {
    const world = arrange()
    world.before = ({ verb, resource, name }) =>
      verb === "create" && resource === resources.pingSources && name === nameOf(world, "nightly")
        ? Effect.fail(refused(400, "admission webhook denied: spec.schedule"))
        : Effect.void
    for (let i = 0; i < 3; i++) await look(world)
    told(world, 'schedule "nightly" starts nothing: admission webhook denied: spec.schedule')
    expect(scheduled(world)).toBe("hourly")
  })

  it("because its name is taken by a PingSource of somebody else, which stays as it is", async () => {
    for (const ownerReferences of [
      undefined,
      [
        {
          apiVersion: "pipeline.peanut.dev/v1alpha1",
          kind: "PeanutPipeline",
          name: "web",
          uid: "other",
          controller: true,
        },
      ],
    ]) {
      const world = arrange([nightly])
      const { uid: _, ...rest } = { uid: "", name: nameOf(world, "nightly"), ownerReferences }
      world.store.create(resources.pingSources, namespace, {
        apiVersion: "sources.knative.dev/v1",
        kind: "PingSource",
        metadata: rest,
        spec: { schedule: "* * * * *" },
      })
      const before = pingSources(world)
      await look(world)
      told(
        world,
        `a PingSource named ${nameOf(world, "nightly")} exists that does not belong to this pipeline; delete it`,
      )
      edit(world, { schedules: null })
      await look(world)
      expect(pingSources(world)).toEqual(before)
    }
  })

  it("because when it starts is wrong; Valid says so, too, and one that it had is gone", async () => {
    const world = arrange()
    await look(world)
    edit(world, { schedules: [{ ...nightly, cron: "0 25 * * *" }, hourly] })
    await look(world)
    told(world, 'hour "25" must be')
    expect(world.validity()).toMatchObject({ status: "False", message: expect.stringContaining('hour "25" must be') })
    expect(scheduled(world)).toBe("hourly")
  })

  it("because it is not wanted but cannot be deleted, which is tried again", async () => {
    const world = arrange([nightly])
    await look(world)
    edit(world, { schedules: null })
    world.before = ({ verb, resource }) =>
      verb === "delete" && resource === resources.pingSources ? Effect.fail(refused(403, "no right")) : Effect.void
    await look(world)
    told(world, 'schedule "nightly" is not wanted, but its PingSource stays: no right')
    world.before = () => Effect.void
    await world.perform(resync().pipe(Effect.provideService(ScheduleSink, known)))
    expect(pingSources(world)).toEqual([])
    expect(condition(world)).toBeUndefined()
  })

  it("and again when what prevents it is another thing", async () => {
    const world = arrange([{ ...nightly, cron: "0 25 * * *" }])
    await look(world)
    edit(world, { schedules: [{ ...nightly, cron: "0 26 * * *" }] })
    await look(world)
    told(world, 'hour "26"', 2)
  })
})

describe("an event of a PingSource", () => {
  type Tick = Pick<CloudEventV1<unknown>, "id" | "source" | "type" | "data">
  const tick = (name: string, data: unknown = { params: { env: "test" } }, from = namespace): Tick => ({
    id: `tick of ${name}`,
    source: `/apis/v1/namespaces/${from}/pingsources/${name}`,
    type: "dev.knative.sources.ping",
    data,
  })
  const executions = (world: World) =>
    world.store.list(resources.executions) as unknown as readonly { spec: { params?: unknown } }[]
  const refused = (world: World, event: Tick) => world.perform(Effect.flip(start(ref, event)))

  it("starts an execution, and its PingSource is not read for it", async () => {
    const world = arrange()
    await look(world)
    called(world)
    await world.perform(start(ref, tick(nameOf(world, "hourly"))))
    expect(executions(world)).toMatchObject([{ spec: { params: [{ name: "env", value: "test" }] } }])
    expect(ofPingSources(world)).toEqual([])
  })

  it.each([
    ["others", { params: { env: "prod; rm -rf /" } }],
    ["unknown ones", { params: { evn: "prod" } }],
    ["none", undefined],
    ["no object", "params"],
  ])("has the parameters that the pipeline says, where its data has %s", async (_, data) => {
    const world = arrange()
    await world.perform(start(ref, tick(nameOf(world, "hourly"), data)))
    expect(executions(world)).toMatchObject([{ spec: { params: [{ name: "env", value: "test" }] } }])
    await world.perform(start(ref, tick(nameOf(world, "nightly"), data)))
    expect(executions(world)).toHaveLength(2)
    expect(executions(world).filter(({ spec }) => spec.params === undefined)).toHaveLength(1)
  })

  it.each<[string, object, string]>([
    ["its schedule is suspended", { schedules: [{ ...hourly, suspend: true }] }, 'schedule "hourly" is suspended'],
    ["its pipeline is suspended", { suspend: true }, 'pipeline "web" is suspended'],
    ["its schedule has mistakes", { schedules: [{ ...hourly, cron: "61 * * * *" }] }, 'schedule "hourly" has mistakes'],
  ])("starts nothing while %s, and its PingSource goes", async (_, spec, says) => {
    for (const events of [null, [{}]]) {
      const world = arrange([hourly])
      await look(world)
      edit(world, { ...spec, events })
      const changes = world.changes.length
      const refusal = await refused(world, tick(nameOf(world, "hourly")))
      expect(refusal).toMatchObject({ _tag: "NotTaken", message: expect.stringContaining(says) })
      expect(world.changes.slice(changes)).toMatchObject([{ resource: resources.pingSources, type: "delete" }])
      expect(pingSources(world)).toEqual([])
    }
  })

  it("that nobody made for a schedule starts nothing, unless events may start the pipeline", async () => {
    const world = arrange()
    const strange = ["gone", "by-hand", nameOf(world, "weekly"), `${nameOf(world, "hourly")}.x`]
    world.store.create(resources.pingSources, namespace, {
      apiVersion: "sources.knative.dev/v1",
      kind: "PingSource",
      metadata: { name: "by-hand" },
      spec: {},
    })
    const changes = world.changes.length
    const ticks = [...strange.map((name) => tick(name)), tick(nameOf(world, "hourly"), undefined, "other")]
    for (const event of [...ticks, { ...tick(nameOf(world, "hourly")), type: "com.example.push" }]) {
      expect(await refused(world, event)).toMatchObject({ message: expect.stringContaining("starts by no event") })
    }
    expect(world.changes).toHaveLength(changes)
    edit(world, { events: [{}] })
    await world.perform(start(ref, tick("gone")))
    await world.perform(start(ref, tick("by-hand")))
    expect(executions(world)).toHaveLength(2)
    expect(pingSources(world)).toHaveLength(1)
  })

  it("starts nothing when a slow replica made it of a schedule that is gone, and it goes then", async () => {
    const world = arrange([hourly])
    edit(world, { events: [{}] })
    const late = schedulePingSource(read(world), nightly, service)
    world.store.create(resources.pingSources, namespace, late)
    const refusal = await refused(world, tick(late.metadata.name))
    expect(refusal).toMatchObject({ _tag: "NotTaken", message: expect.stringContaining("no longer there") })
    expect(executions(world)).toEqual([])
    expect(pingSources(world)).toEqual([])
  })

  it("starts nothing for a pipeline that has the name of the one it was made for, which only its owner takes away", async () => {
    const world = arrange([hourly])
    edit(world, { events: [{}] })
    const { metadata } = read(world)
    const late = schedulePingSource({ metadata: { ...metadata, uid: "before" } }, hourly, service)
    world.store.create(resources.pingSources, namespace, late)
    await refused(world, tick(late.metadata.name))
    expect(executions(world)).toEqual([])
    expect(pingSources(world)).toHaveLength(1)
  })
})
