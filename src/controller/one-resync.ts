// One resync at a time in a process. Who asks for another meanwhile hears what comes of the one that runs: a ping brings no
// news, it is a clock, and what that resync has passed already is for the next one.

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { shareByKey } from "../shared-work.ts"

export interface OneResyncService {
  /**
   * Does the work, or joins the one that runs. It goes on when nobody waits any more: Knative cuts a request off after
   * `timeoutSeconds`, and a resync of a large cluster that began anew each time would never come to its end.
   */
  enter<E, R>(work: Effect.Effect<void, E, R>): Effect.Effect<void, E, R>
}

/** Everybody does it, unless a layer says otherwise. */
export const OneResync: Context.Reference<OneResyncService> = Context.Reference("peanut/OneResync", {
  defaultValue: (): OneResyncService => ({ enter: (work) => work }),
})

export const layerOneResync = Layer.sync(OneResync, makeOneResync)

/** `enter` must be given work of one kind, as its outcome is shared. */
export function makeOneResync(): OneResyncService {
  const shared = shareByKey<void, unknown, unknown>("goes on")
  return {
    enter: <E, R>(work: Effect.Effect<void, E, R>) => shared("resync", work) as Effect.Effect<void, E, R>,
  }
}
