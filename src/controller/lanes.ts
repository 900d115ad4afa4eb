// One look at an execution at a time. Those that are asked for meanwhile, as when the stages of a wide graph end
// together, become one look, which begins when the one before it has ended: all that ask hear what came of a look
// that began after they did. Other replicas are kept out by resource versions; this only spares calls.

import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"

export interface LanesService {
  /** Does the work for what the key names, when its turn comes; `merged` makes one cause of two that came to wait. */
  enter<C, A, E, R>(
    key: string,
    cause: C,
    merged: (a: C, b: C) => C,
    work: (cause: C) => Effect.Effect<A, E, R>,
  ): Effect.Effect<A, E, R>
}

/** Everybody looks at once, unless a layer says otherwise. */
export const Lanes: Context.Reference<LanesService> = Context.Reference("peanut/Lanes", {
  defaultValue: (): LanesService => ({ enter: (_key, cause, _merged, work) => work(cause) }),
})

export const layerLanes = Layer.sync(Lanes, makeLanes)

interface Lane {
  readonly turn: Semaphore.Semaphore
  /** The look that has not begun, which others may still join. */
  next: Look | undefined
  /** How many look, wait to look, or wait to hear. */
  guests: number
}

interface Look {
  cause: unknown
  readonly outcome: Deferred.Deferred<unknown, unknown>
}

/** `enter` must be given work of one kind, as its outcomes are shared. */
export function makeLanes(): LanesService {
  const lanes = new Map<string, Lane>()

  return {
    enter: <C, A, E, R>(key: string, cause: C, merged: (a: C, b: C) => C, work: (cause: C) => Effect.Effect<A, E, R>) =>
      Effect.suspend(() => {
        const lane = lanes.get(key) ?? { turn: Semaphore.makeUnsafe(1), next: undefined, guests: 0 }
        lanes.set(key, lane)
        lane.guests++
        const { next } = lane
        if (next !== undefined) next.cause = merged(next.cause as C, cause)
        const outcome = next === undefined ? lead(lane, cause, work) : Deferred.await(next.outcome)
        return Effect.ensuring(
          outcome as Effect.Effect<A, E, R>,
          Effect.sync(() => leave(key, lane)),
        )
      }),
  }

  /** Whoever comes first does the work, when the one before has ended, for all that came until then. */
  function lead<C, A, E, R>(lane: Lane, cause: C, work: (cause: C) => Effect.Effect<A, E, R>) {
    const look: Look = { cause, outcome: Deferred.makeUnsafe() }
    lane.next = look
    const begun = Effect.suspend(() => {
      lane.next = undefined
      return work(look.cause as C)
    })
    return Effect.onExit(lane.turn.withPermits(1)(begun), (exit) => {
      if (lane.next === look) lane.next = undefined
      return Deferred.done(look.outcome, exit)
    })
  }

  function leave(key: string, lane: Lane): void {
    if (--lane.guests === 0) lanes.delete(key)
  }
}
