// One look at an execution at a time. Those that are asked for meanwhile, as when the stages of a wide graph end
// together, become one look, which begins when the one before it has ended: all that ask hear what came of a look
// that began after they did. A look goes on while somebody waits for it, whoever began it. Other replicas are kept out
// by resource versions; this only spares calls.

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { type SharedWork, shareWork } from "../shared-work.ts"

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
  readonly work: SharedWork<unknown, unknown, unknown>
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
        if (lane.next === undefined) lane.next = nextLook(lane, cause, work)
        else lane.next.cause = merged(lane.next.cause as C, cause)
        return Effect.ensuring(
          lane.next.work.join as Effect.Effect<A, E, R>,
          Effect.sync(() => leave(key, lane)),
        )
      }),
  }

  /** The look that begins when the one before has ended, for all that came until then. */
  function nextLook<C, A, E, R>(lane: Lane, cause: C, work: (cause: C) => Effect.Effect<A, E, R>): Look {
    const begun = Effect.suspend(() => {
      forget()
      return work(look.cause as C)
    })
    const look: Look = { cause, work: shareWork(lane.turn.withPermits(1)(begun), forget) }
    return look

    function forget(): void {
      if (lane.next === look) lane.next = undefined
    }
  }

  function leave(key: string, lane: Lane): void {
    if (--lane.guests === 0) lanes.delete(key)
  }
}
