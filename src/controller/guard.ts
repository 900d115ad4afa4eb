// A guard for each object: what is wrong with one must stop, and delay, none of the others.

import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Ref } from "../api/meta.ts"

/** An object, for the log. */
export interface About extends Ref {
  readonly kind: string
}

/** Work on one object that takes longer is told, in milliseconds. */
const slowMillis = 1000

/**
 * Does the work on one object; whether it had no defect. A defect is logged with the object, and is no failure: to try again
 * would not help, and whoever asked has others to look at. Lets whatever waits go first, such as a probe.
 */
export const guarded = <E, R>(
  { kind, namespace, name }: About,
  work: Effect.Effect<void, E, R>,
): Effect.Effect<boolean, E, R> =>
  Effect.gen(function* () {
    yield* Effect.yieldNow
    const [duration, exit] = yield* Effect.timed(Effect.exit(Effect.suspend(() => work)))
    const millis = Math.round(Duration.toMillis(duration))
    if (millis > slowMillis) yield* Effect.logWarning("one object took long", { millis })
    if (Exit.isSuccess(exit)) return true
    if (!Cause.hasDies(exit.cause)) return yield* Effect.failCause(exit.cause)
    yield* Effect.logError("a defect stops this object alone", exit.cause)
    return false
  }).pipe(Effect.annotateLogs({ kind, namespace, name }))

/** A guard around each object, so many at a time; then the first failure, if one failed. How many came to no good end. */
export const guardAll = <T, E, R>(
  objects: readonly T[],
  about: (object: T) => About,
  work: (object: T) => Effect.Effect<void, E, R>,
  concurrency: number,
): Effect.Effect<{ readonly failures: number; readonly first: Effect.Effect<void, E> }, never, R> =>
  Effect.map(
    Effect.forEach(
      objects,
      (object) =>
        Effect.exit(
          guarded(
            about(object),
            Effect.suspend(() => work(object)),
          ),
        ),
      { concurrency },
    ),
    (exits) => {
      const first = exits.find(Exit.isFailure)
      return {
        failures: exits.filter((exit) => Exit.isFailure(exit) || !exit.value).length,
        first: first === undefined ? Effect.void : Effect.asVoid(first),
      }
    },
  )
