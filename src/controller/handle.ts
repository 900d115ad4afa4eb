// Every event, from whatever world, enters the controller here.

import type { CloudEventV1 } from "cloudevents"
import * as Effect from "effect/Effect"
import { targetOf } from "../events/target.ts"
import { NotTaken } from "./not-taken.ts"
import { reconcile } from "./reconcile.ts"
import { resync } from "./resync.ts"
import { validate, validateUsers } from "./validate.ts"

/** Does all that follows from an event; when it succeeds, the work is done. */
export const handle = Effect.fn("handle")(function* (event: CloudEventV1<unknown>) {
  const target = targetOf(event)
  switch (target._tag) {
    case "Execution":
      return yield* reconcile(target.ref, target.jobName)
    case "Pipeline":
      return yield* validate(target.ref)
    case "Stage":
      return yield* validateUsers(target.ref)
    case "Resync":
      return yield* resync()
    case "None":
      return yield* Effect.logDebug("dropped", { type: event.type, why: target.why })
    case "Unknown":
      return yield* new NotTaken({ message: target.why })
  }
})
