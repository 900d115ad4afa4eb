// Counts what becomes of events.

import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import { eventsTotal } from "../metrics.ts"

/** Counts the outcome of handling an event about this kind of target. */
export const counted =
  (kind: string) =>
  <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.onExit(effect, (exit) =>
      Metric.update(Metric.withAttributes(eventsTotal, { kind, outcome: outcomeOf(kind, exit) }), 1),
    )

function outcomeOf(kind: string, exit: Exit.Exit<unknown, { readonly _tag: string }>): string {
  if (Exit.isSuccess(exit)) return kind === "None" ? "dropped" : "done"
  const failure = Exit.findErrorOption(exit)
  switch (failure._tag === "Some" ? failure.value._tag : "") {
    case "NotTaken":
    case "NotAllowed":
      return "refused"
    case "Unavailable":
      return "unavailable"
    default:
      return "failed"
  }
}
