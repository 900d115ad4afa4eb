// Faults on the way from the API server to a replica.

import { apiVersion } from "../../../src/api/meta.ts"
import type { StoredObject } from "../../../src/cluster/memory/store.ts"
import { type Resource, resources } from "../../../src/cluster/object-api.ts"
import type { Fault } from "../faults.ts"
import { deliveryOf, type World } from "../world.ts"

export const eventFaults: readonly Fault[] = [
  {
    name: "duplicate",
    row: "duplicate",
    happen: (world, choices) => {
      const event = choices.of(world.events.length > 0 ? world.events : world.emitted)
      if (event === undefined) return undefined
      const times = 1 + choices.below(10)
      for (let time = 0; time < times; time++) world.events.push(event)
      return `sent ${times} times more: ${event.words}`
    },
  },
  {
    name: "lost",
    row: "lost",
    happen: (world, choices) => {
      const event = choices.of(world.events)
      if (event === undefined) return undefined
      world.events = world.events.filter((other) => other !== event)
      return `lost: ${event.words}`
    },
  },
  {
    name: "all lost",
    row: "lost",
    happen: (world) => {
      world.events = []
      return "all events on their way are lost"
    },
  },
  {
    name: "reordered",
    row: "reordered, late",
    happen: (world, choices) => {
      if (world.events.length < 2) return undefined
      const at = choices.below(world.events.length)
      world.events = choices.oneIn(2)
        ? world.events.toReversed()
        : [...world.events.slice(at), ...world.events.slice(0, at)]
      return "the events on their way change places"
    },
  },
  {
    name: "late, with a stale body",
    row: "reordered, late",
    happen: (world, choices) => {
      const event = choices.of(world.emitted)
      if (event === undefined) return undefined
      world.events.unshift(event)
      return `comes late: ${event.words}`
    },
  },
  {
    name: "adapter down, then restarted",
    row: "adapter down",
    happen: (world) => {
      world.weather.isAdapterDown = !world.weather.isAdapterDown
      world.events = []
      if (world.weather.isAdapterDown) return "the adapter is down"
      for (const resource of watched) for (const object of world.store.list(resource)) announce(world, resource, object)
      return "the adapter is up again, and tells of everything that there is"
    },
  },
  {
    name: "forged",
    row: "forged event",
    happen: (world, choices) => {
      const execution = choices.of(world.present)
      const replica = choices.of(world.replicas)!
      if (execution === undefined) return undefined
      const body = forgeries(execution.object as never)[choices.below(3)]!
      const event = { type: "dev.knative.apiserver.resource.update", data: body }
      const handling = world.deliver({ words: "a forged event", event: () => event as never, repeats: 0 }, replica)
      if (handling.calls.length > 0) world.violate("I7", `a forged event made Peanut call: ${JSON.stringify(body)}`)
      return "that event was forged"
    },
  },
]

const watched = [resources.stages, resources.pipelines, resources.executions, resources.jobs, resources.pods]

function announce(world: World, resource: Resource, object: StoredObject): void {
  world.events.push(deliveryOf({ type: "add", resource, object }))
}

/** The body of an event that nobody here may act on: of another namespace, of no object, of a strange kind. */
function forgeries(object: { readonly metadata: object }): readonly unknown[] {
  return [
    { ...object, metadata: { ...object.metadata, namespace: "other" } },
    { apiVersion, kind: "PeanutPipelineExecution", metadata: { name: "../../secrets", namespace: "team" } },
    { ...object, kind: "Secret", apiVersion: "v1" },
  ]
}
