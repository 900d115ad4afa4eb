// I5. When faults have stopped, a resync after each round in which Jobs end, and nothing else, brings every run to where the
// oracle says; and no Job is left to run for a run that is over.

import { isFinished } from "../../../src/api/execution.ts"
import { resources } from "../../../src/cluster/object-api.ts"
import type { Invariant } from "../invariants.ts"
import { wrongEnd } from "../oracle.ts"

export const i5: Invariant = {
  id: "I5",
  says: "when faults stop, one resync alone brings every execution to the end state a fault-free run reaches",
  judge: (fail) => ({
    resynced: ({ ledger, store }, isAtRest) => {
      for (const facts of ledger.sound) {
        for (const job of facts.jobs) {
          const isLoose = [job.succeededAt, job.failedAt, job.stoppedAt, job.removedAt].every((at) => at === undefined)
          if (isFinished(facts.object) && isLoose) {
            const { phase } = facts.object.status!
            const present = store.list(resources.jobs).find(({ metadata }) => metadata.uid === job.uid)
            const labels = Object.keys(present?.metadata.labels ?? {}).length === 0 ? ", without its labels" : ""
            fail(`execution ${facts.name} is ${phase}, but its Job ${job.name} (stage ${job.stage}) runs on${labels}`)
          }
        }
        const wrong = isAtRest ? wrongEnd(facts, ledger) : undefined
        if (wrong !== undefined) fail(`at rest, execution ${facts.name} ${wrong}`)
      }
    },
  }),
}
