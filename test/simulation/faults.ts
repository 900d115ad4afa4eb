// All that can go wrong, by name. Each fault belongs to a row of the table in docs/reliability.md, happens when the choices
// say so, and says in words what it did.

import type { Choices } from "./choices.ts"
import { callFaults } from "./faults/calls.ts"
import { eventFaults } from "./faults/events.ts"
import { jobFaults } from "./faults/jobs.ts"
import { peopleFaults } from "./faults/people.ts"
import type { World } from "./world.ts"

export interface Fault {
  readonly name: string
  /** The row of the table of faults that it is of. */
  readonly row: string
  /** What it did, or nothing where it could do nothing now. */
  happen(world: World, choices: Choices): string | undefined
}

export const faults: readonly Fault[] = [...callFaults, ...eventFaults, ...jobFaults, ...peopleFaults]
