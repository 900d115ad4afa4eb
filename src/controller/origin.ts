// Where a starting event comes from. Anybody can name any source, so an event in the name of a schedule is trusted with
// nothing: it starts what the pipeline says of that schedule, or nothing.

import * as Effect from "effect/Effect"
import { group } from "../api/meta.ts"
import type { Pipeline, PipelineSchedule } from "../api/pipeline.ts"
import { Cluster } from "../cluster.ts"
import type { StartingEvent } from "../resources/execution.ts"
import { pingSourceName } from "../resources/ping-source.ts"
import { findPingSource, sortSchedules } from "./schedules.ts"

export type Origin =
  /** The PingSource of a schedule that may start something now. */
  | { readonly _tag: "Schedule"; readonly schedule: PipelineSchedule; readonly pingSource: string }
  /** The PingSource of a schedule that starts nothing: it is suspended, wrong, or no longer there. */
  | { readonly _tag: "Held"; readonly why: string }
  /** Anybody. */
  | { readonly _tag: "Event" }

/** The origin of an event for this pipeline. A PingSource that a schedule left behind is deleted. */
export const originOf = Effect.fn("originOf")(function* (pipeline: Pipeline, { type, source }: StartingEvent) {
  const { metadata, spec } = pipeline
  const { namespace } = metadata
  const [, from, name = ""] = /^\/apis\/v1\/namespaces\/([^/]+)\/pingsources\/([a-z0-9.-]+)$/.exec(source) ?? []
  if (type !== "dev.knative.sources.ping" || from !== namespace) return anybody
  const isOf = (schedule: PipelineSchedule) => pingSourceName(metadata, schedule.name) === name
  const schedule = sortSchedules(pipeline).sound.find(isOf)
  if (schedule !== undefined) return { _tag: "Schedule", schedule, pingSource: name } satisfies Origin
  const isOurs = yield* removeLeftover(pipeline, name)
  const unsound = spec.schedules?.find(isOf)
  if (unsound !== undefined) {
    const isSuspended = spec.suspend ? `pipeline "${metadata.name}"` : unsound.suspend && `schedule "${unsound.name}"`
    return held(isSuspended ? `${isSuspended} is suspended` : `schedule "${unsound.name}" has mistakes`)
  }
  return isOurs ? held("the schedule that sent it is no longer there") : anybody
})

const anybody: Origin = { _tag: "Event" }
const held = (why: string): Origin => ({ _tag: "Held", why })

/**
 * Deletes a PingSource that this pipeline owns and has no use for: removed and created at the same time by two replicas,
 * the creation of the slower one may win, and nothing else would ever look for it. Whether it is of a schedule of any
 * pipeline.
 */
const removeLeftover = Effect.fn("removeLeftover")(function* ({ metadata }: Pipeline, name: string) {
  const found = yield* findPingSource({ namespace: metadata.namespace, name }).pipe(
    Effect.catchTags({ Malformed: () => Effect.undefined, Refused: () => Effect.undefined }),
  )
  const owner = found?.metadata.ownerReferences.find(({ controller }) => controller)
  const isOfSchedule = owner?.kind === "PeanutPipeline" && owner.apiVersion.startsWith(`${group}/`)
  if (found === undefined || !isOfSchedule) return false
  if (owner.uid === metadata.uid) {
    const cluster = yield* Cluster
    yield* cluster.deletePingSource(found).pipe(Effect.catchTag("Refused", () => Effect.void))
  }
  return true
})
