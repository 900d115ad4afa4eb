// Creates the execution that an event starts, once. The event is told from another by its source and id, which anybody
// can choose: what is there already counts as its own only where it gave the same.

import * as Effect from "effect/Effect"
import { Cluster, Unavailable } from "../cluster.ts"
import { eventDigestKey, type StartedExecution } from "../resources/execution.ts"
import { refusedByApi } from "./api-answers.ts"
import { NotTaken } from "./not-taken.ts"

/** Creates an execution unless it is there. Fails with NotTaken where another one has its name. */
export const startOnce = Effect.fn("startOnce")(function* (execution: StartedExecution) {
  const cluster = yield* Cluster
  yield* cluster.createExecution(execution).pipe(Effect.catchTag("AlreadyExists", () => compareWithExisting(execution)))
})

const compareWithExisting = Effect.fnUntraced(function* ({ metadata }: StartedExecution) {
  const cluster = yield* Cluster
  const existing = yield* cluster.execution(metadata).pipe(
    Effect.catchTags({
      NotFound: () => Effect.fail(new Unavailable({ message: `execution ${metadata.name} was deleted just now` })),
      Malformed: ({ message }) => Effect.fail(new NotTaken({ message })),
      Refused: refusedByApi,
    }),
  )
  if (existing.metadata.annotations[eventDigestKey] === metadata.annotations[eventDigestKey]) {
    return yield* Effect.logDebug("this event has started an execution before")
  }
  const message = `another event with this source and id started execution "${metadata.name}" before, or somebody created it by hand`
  return yield* new NotTaken({ message })
})
