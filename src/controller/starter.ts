// Who starts an execution, and whether they may. It is kept with the execution.

import * as Effect from "effect/Effect"
import { controllerUid } from "../api/meta.ts"
import type { Pipeline } from "../api/pipeline.ts"
import { refusedByApi } from "./api-answers.ts"
import { NotAllowed } from "./not-taken.ts"
import type { Origin } from "./origin.ts"
import { findPingSource } from "./schedules.ts"

/** Who sent a starting event, by its token. */
export interface Sender {
  readonly username: string
  /** Whether it could create executions in the namespace itself. */
  readonly mayStart: boolean
}

/**
 * The name of who starts an execution: of the schedule, or of the sender; none where tokens are not asked for. The account
 * that Knative gives to the PingSource of a schedule needs no right: it can start the run of that schedule, and nothing else.
 */
export const starterOf = Effect.fn("starterOf")(function* (
  pipeline: Pipeline,
  origin: Origin,
  sender: Sender | undefined,
) {
  const schedule = origin._tag === "Schedule" ? `schedule/${origin.schedule.name}` : undefined
  if (sender === undefined) return schedule
  if (origin._tag === "Schedule" && (yield* isAccountOf(pipeline, origin.pingSource, sender))) return schedule
  if (sender.mayStart) return sender.username
  return yield* new NotAllowed({ message: notAllowed(sender.username, pipeline.metadata.namespace) })
})

export const notAllowed = (username: string, namespace: string) =>
  `${username} may not start executions: it may not create peanutpipelineexecutions in namespace "${namespace}"`

/** Whether the sender is known as this PingSource, which belongs to this pipeline. */
const isAccountOf = Effect.fnUntraced(function* ({ metadata }: Pipeline, name: string, { username }: Sender) {
  const { namespace, uid } = metadata
  const found = yield* findPingSource({ namespace, name }).pipe(
    Effect.catchTags({ Malformed: () => Effect.undefined, Refused: refusedByApi }),
  )
  const account = found?.status?.auth?.serviceAccountName
  if (found === undefined || account === undefined || controllerUid(found.metadata) !== uid) return false
  return username === `system:serviceaccount:${namespace}:${account}`
})
