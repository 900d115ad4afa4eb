// Violations that are known and not mended yet, each with its name. A case goes on after one; the count is shown, so that
// none is forgotten. The list should be empty.

import type { Violation } from "./world.ts"

export interface Known {
  readonly name: string
  is(violation: Violation): boolean
}

export const known: readonly Known[] = [
  {
    // To find it would take a look for every Job that there might be, each time a run is held or cancelled.
    name: "a Job that lost its labels before any status named it runs on when the run is cancelled",
    is: ({ invariant, message }) => invariant === "I5" && message.endsWith("runs on, without its labels"),
  },
  {
    name: "a Job that lost its labels before any status named it is not seen while the run is suspended",
    is: ({ invariant, message }) =>
      invariant === "I5" && /(Waiting \(Suspended\)|Running \(undefined\)), but it should be/.test(message),
  },
  {
    // The turn is written for the oldest that waits, which may turn out not to be able to run at all.
    name: "Forbid fails an execution because of an older one that then cannot run either",
    is: ({ invariant, message }) => invariant === "I5" && /ConcurrencyForbidden.*nobody else's turn/.test(message),
  },
]
