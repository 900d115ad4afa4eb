// Work that several callers wait for. It belongs to none of them: it goes on while one still waits.

import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

export interface SharedWork<A, E, R> {
  /** Waits for the outcome; the first caller begins the work, with what it was given as services. */
  readonly join: Effect.Effect<A, E, R>
}

/** What becomes of the work when its last caller has gone away. */
export type WithoutCallers = "stops" | "goes on"

/**
 * The work, which begins once, with the first caller. `onEnd` is called when nobody may join any more, as it has ended or is
 * being stopped; it may be called again.
 */
export function shareWork<A, E, R>(
  work: Effect.Effect<A, E, R>,
  onEnd: () => void,
  withoutCallers: WithoutCallers = "stops",
): SharedWork<A, E, R> {
  const outcome = Deferred.makeUnsafe<A, E>()
  let fiber: Fiber.Fiber<unknown> | undefined
  let waiting = 0
  const done = Effect.onExit(work, (exit) => {
    onEnd()
    return Deferred.done(outcome, exit)
  })
  return {
    join: Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        waiting++
        fiber ??= yield* Effect.forkDetach(Effect.exit(restore(done)), { startImmediately: true })
        return yield* Effect.ensuring(
          restore(Deferred.await(outcome)),
          Effect.suspend(() => {
            if (--waiting > 0 || fiber === undefined || withoutCallers === "goes on") return Effect.void
            // From now on nobody may join: what is being stopped has no outcome.
            onEnd()
            return Fiber.interrupt(fiber)
          }),
        )
      }),
    ),
  }
}

/** Callers that ask for the same key meanwhile share the call of the first. */
export function shareByKey<A, E, R>(
  withoutCallers: WithoutCallers = "stops",
): (key: string, work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> {
  const running = new Map<string, SharedWork<A, E, R>>()
  return (key, work) =>
    Effect.suspend(() => {
      const known = running.get(key)
      if (known !== undefined) return known.join
      const forget = () => {
        if (running.get(key) === shared) running.delete(key)
      }
      const shared: SharedWork<A, E, R> = shareWork(work, forget, withoutCallers)
      running.set(key, shared)
      return shared.join
    })
}
