// Who started an execution, and who may: with tokens whoever may create executions, and the PingSource of a schedule.

import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { pipeline } from "../../src/api/pipeline.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { Refused } from "../../src/cluster.ts"
import { start } from "../../src/controller/start.ts"
import type { Sender } from "../../src/controller/starter.ts"
import { pingSourceName, schedulePingSource } from "../../src/resources/ping-source.ts"
import { graph } from "../builders/graph.ts"
import { namespace } from "../builders/objects.ts"
import { World } from "./world.ts"

const ref = { namespace, name: "web" }
const hourly = { name: "hourly", cron: "@hourly" }
const daily = { name: "daily", cron: "@daily" }
const push = { id: "42", source: "/git/push", type: "com.example.push" }
const account = (name: string, ns = namespace) => `system:serviceaccount:${ns}:${name}`

/** A pipeline that any event may start, with two schedules whose PingSources have an account. */
function arrange(): World {
  const world = new World()
  world.stage()
  world.create(resources.pipelines, "web", { stages: graph("a"), schedules: [hourly, daily], events: [{}] })
  for (const schedule of [hourly, daily]) {
    const made = schedulePingSource(read(world), schedule, { name: "peanut", namespace: "peanut-system" })
    world.store.create(resources.pingSources, namespace, made)
    const status = { auth: { serviceAccountName: `${schedule.name}-oidc` } }
    world.store.patch(resources.pingSources, { namespace, name: made.metadata.name }, { status }, "status")
  }
  return world
}

const read = (world: World) => pipeline.parse(world.store.get(resources.pipelines, ref))
const tick = (world: World, schedule = "hourly") => {
  const name = pingSourceName(read(world).metadata, schedule)
  return { id: "1", source: `/apis/v1/namespaces/${namespace}/pingsources/${name}`, type: "dev.knative.sources.ping" }
}
const starters = (world: World) =>
  world.store.list(resources.executions).map(({ metadata }) => metadata.annotations?.["pipeline.peanut.dev/started-by"])

describe("who started an execution", () => {
  const jane: Sender = { username: "jane", mayStart: true }
  it.each<[string, (world: World) => Parameters<typeof start>, string | undefined]>([
    ["nobody, by an event without a token", () => [ref, push], undefined],
    ["its schedule, without a token", (world) => [ref, tick(world)], "schedule/hourly"],
    ["whoever sent the event", () => [ref, push, jane], "jane"],
    [
      "its schedule, by the account of its PingSource",
      (world) => [ref, tick(world), { username: account("hourly-oidc"), mayStart: false }],
      "schedule/hourly",
    ],
    [
      "its schedule, also where that account may create executions",
      (world) => [ref, tick(world), { username: account("hourly-oidc"), mayStart: true }],
      "schedule/hourly",
    ],
    ["a person who sends what a schedule would", (world) => [ref, tick(world), jane], "jane"],
  ])("is %s", async (_, given, says) => {
    const world = arrange()
    await world.perform(start(...given(world)))
    expect(starters(world)).toEqual([says])
  })

  it("is not written again when the same event comes from another sender", async () => {
    const world = arrange()
    await world.perform(start(ref, push, jane))
    await world.perform(start(ref, push, { username: "joe", mayStart: true }))
    expect(starters(world)).toEqual(["jane"])
  })
})

describe("a sender who may not create executions starts nothing", () => {
  it.each<[string, (world: World) => ReturnType<typeof tick>, string, ((world: World) => void)?]>([
    ["by an event", () => push, "default"],
    ["by an event, with the account of a schedule", () => push, "hourly-oidc"],
    ["in the name of a schedule", tick, "default"],
    ["in the name of another schedule than its own", (world) => tick(world, "daily"), "hourly-oidc"],
    [
      "in the name of a schedule whose PingSource has no account",
      tick,
      "undefined",
      (world) => {
        const { name } = pingSourceOf(world)
        world.store.patch(resources.pingSources, { namespace, name }, { status: null }, "status")
      },
    ],
    [
      "in the name of a schedule whose PingSource is gone",
      tick,
      "hourly-oidc",
      (world) => void world.store.delete(resources.pingSources, pingSourceOf(world)),
    ],
    [
      "in the name of a schedule whose PingSource belongs to somebody else",
      tick,
      "hourly-oidc",
      (world) => {
        const { name } = pingSourceOf(world)
        world.store.patch(resources.pingSources, { namespace, name }, { metadata: { ownerReferences: [] } })
      },
    ],
  ])("%s", async (_, event, username, change) => {
    const world = arrange()
    change?.(world)
    const before = world.changes.length
    const sender = { username: account(username), mayStart: false }
    expect(await world.perform(Effect.flip(start(ref, event(world), sender)))).toMatchObject({ _tag: "NotAllowed" })
    expect(world.changes).toHaveLength(before)
  })

  it("in the name of a schedule with the account of another namespace", async () => {
    const world = arrange()
    const sender = { username: account("hourly-oidc", "other"), mayStart: false }
    expect(await world.perform(Effect.flip(start(ref, tick(world), sender)))).toMatchObject({ _tag: "NotAllowed" })
  })

  it("while PingSources cannot be read, which another try may cure", async () => {
    const world = arrange()
    world.before = ({ resource }) =>
      resource === resources.pingSources
        ? Effect.fail(
            new Refused({ status: 403, reason: "Forbidden", causes: [], said: "no right", message: "no right" }),
          )
        : Effect.void
    const sender = { username: account("hourly-oidc"), mayStart: false }
    expect(await world.perform(Effect.flip(start(ref, tick(world), sender)))).toMatchObject({ _tag: "Unavailable" })
  })
})

const pingSourceOf = (world: World) => ({ namespace, name: pingSourceName(read(world).metadata, "hourly") })
