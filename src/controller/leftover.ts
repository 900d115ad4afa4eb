// The PingSource that a schedule left behind: removed and created at the same time by two replicas, the creation of the
// slower one may win, and nothing else would ever look for it.

import * as Effect from "effect/Effect"
import { group } from "../api/meta.ts"
import type { Pipeline } from "../api/pipeline.ts"
import { Cluster } from "../cluster.ts"
import type { StartingEvent } from "../resources/execution.ts"
import { pingSourceName } from "../resources/ping-source.ts"
import { findPingSource, sortSchedules } from "./schedules.ts"

/**
 * Whether an event comes from a PingSource of a schedule that the pipeline no longer has: one that a slow replica made
 * of an older pipeline. It goes, and what it sent starts nothing.
 */
export const isLeftover = Effect.fn("isLeftover")(function* (pipeline: Pipeline, { type, source }: StartingEvent) {
  const { namespace, uid } = pipeline.metadata
  const [, from, name = ""] = /^\/apis\/v1\/namespaces\/([^/]+)\/pingsources\/([a-z0-9.-]+)$/.exec(source) ?? []
  if (type !== "dev.knative.sources.ping" || from !== namespace) return false
  if (sortSchedules(pipeline).sound.some((schedule) => pingSourceName(pipeline.metadata, schedule.name) === name))
    return false
  const found = yield* findPingSource({ namespace, name }).pipe(
    Effect.catchTags({ Malformed: () => Effect.undefined, Refused: () => Effect.undefined }),
  )
  const owner = found?.metadata.ownerReferences.find(({ controller }) => controller)
  const isOfSchedule = owner?.kind === "PeanutPipeline" && owner.apiVersion.startsWith(`${group}/`)
  if (found === undefined || !isOfSchedule) return false
  if (owner.uid === uid) {
    const cluster = yield* Cluster
    yield* cluster.deletePingSource(found).pipe(Effect.catchTag("Refused", () => Effect.void))
  }
  return true
})
