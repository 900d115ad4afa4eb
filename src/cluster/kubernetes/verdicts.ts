// Verdicts of the API server about callers, remembered for a short time. What was refused is kept apart from what was
// granted: whoever sends many bad tokens pushes out no good one.

import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { shareByKey } from "../../shared-work.ts"

/** How long verdicts of one kind hold, and how many are kept: the oldest goes first. */
export interface Lifetime {
  readonly millis: number
  readonly size: number
}

export interface VerdictOptions<A> {
  readonly isGranted: (verdict: A) => boolean
  readonly granted: Lifetime
  readonly refused: Lifetime
}

/** The verdict under a key: as remembered, or as `ask` says; those who ask at the same time share one call. */
export type Verdicts<A, E> = (key: string, ask: Effect.Effect<A, E>) => Effect.Effect<A, E>

/** Failures of `ask` are no verdicts, and are not remembered. */
export function makeVerdicts<A, E>({ isGranted, granted, refused }: VerdictOptions<A>): Verdicts<A, E> {
  const memories = { granted: new Map<string, Entry<A>>(), refused: new Map<string, Entry<A>>() }
  const shared = shareByKey<A, E, never>()

  return Effect.fnUntraced(function* (key, ask) {
    const nowMillis = yield* Clock.currentTimeMillis
    const known = memories.granted.get(key) ?? memories.refused.get(key)
    if (known !== undefined && known.untilMillis > nowMillis) return known.verdict
    return yield* shared(
      key,
      Effect.tap(ask, (verdict) => Effect.map(Clock.currentTimeMillis, (millis) => keep(key, verdict, millis))),
    )
  })

  function keep(key: string, verdict: A, nowMillis: number): void {
    for (const memory of Object.values(memories)) memory.delete(key)
    const [memory, { millis, size }] = isGranted(verdict) ? [memories.granted, granted] : [memories.refused, refused]
    for (const oldest of memory.keys()) {
      if (memory.size < size) break
      memory.delete(oldest)
    }
    memory.set(key, { verdict, untilMillis: nowMillis + millis })
  }
}

interface Entry<A> {
  readonly verdict: A
  readonly untilMillis: number
}
