// Every event, from whatever world, enters the controller here.

import type { CloudEventV1 } from "cloudevents"
import * as Effect from "effect/Effect"
import { laterVersion } from "../api/meta.ts"
import { type Target, targetOf } from "../events/target.ts"
import { counted } from "./counted.ts"
import { NotTaken } from "./not-taken.ts"
import { passTurn } from "./pass-turn.ts"
import { reconcile } from "./reconcile.ts"
import { resync } from "./resync.ts"
import { validate, validateUsers } from "./validate.ts"

/** Does all that follows from an event; when it succeeds, the work is done. `served` is the only namespace, if there is one. */
export const handle = (event: CloudEventV1<unknown>, served?: string) => {
  const target = within(served, targetOf(event))
  return follow(target, event.type).pipe(counted(target._tag))
}

/** A Peanut that serves one namespace takes no events about others, whoever sends them. */
function within(served: string | undefined, target: Target): Target {
  if (served === undefined || !("ref" in target) || target.ref.namespace === served) return target
  return { _tag: "Unknown", why: `this Peanut serves namespace "${served}" only` }
}

/** The events without those about the same as a later one: a batch must not cause more work than it has targets. */
export function distinctEvents(events: readonly CloudEventV1<unknown>[]): readonly CloudEventV1<unknown>[] {
  if (events.length < 2) return events
  const distinct = new Map<string, { readonly event: CloudEventV1<unknown>; readonly podVersion: string }>()
  for (const event of events) {
    const { podVersion = "0", about } = aboutOf(targetOf(event))
    const key = JSON.stringify(about)
    const other = distinct.get(key)
    // Of two about pods, what the later one tells must be seen, in whatever order they come.
    if (other === undefined || laterVersion(podVersion, other.podVersion) === podVersion) {
      distinct.set(key, { event, podVersion })
    }
  }
  return [...distinct.values()].map(({ event }) => event)
}

/** What tells two targets apart, and beside it the version of a pod. */
function aboutOf(target: Target): { readonly about: object; readonly podVersion?: string | undefined } {
  if (target._tag !== "Execution" || target.scope._tag === "AllJobs") return { about: target }
  const { podVersion, ...scope } = target.scope
  return { about: { ...target, scope }, podVersion }
}

const follow = Effect.fn("handle")(function* (target: Target, type: string) {
  switch (target._tag) {
    case "Execution":
      return yield* reconcile(target.ref, target.scope)
    case "Pipeline":
      return yield* validate(target.ref)
    case "Stage":
      return yield* validateUsers(target.ref)
    case "Turn":
      return yield* passTurn(target.ref)
    case "Resync":
      return yield* resync()
    case "None":
      return yield* Effect.logDebug("dropped", { type, why: target.why })
    case "Unknown":
      return yield* new NotTaken({ message: target.why })
  }
})
