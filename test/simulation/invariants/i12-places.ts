// I12. maxParallel is kept by every look, not by a lock: counted are the Jobs that the starter saw running, and those that it
// started itself. Two who look at the same time may together start more; docs/reliability.md says so.

import type { Invariant } from "../invariants.ts"
import type { JobFacts } from "../ledger.ts"
import { entryOf } from "../truth.ts"
import { isLive, wasSeen } from "./i11-finally-last.ts"

export const i12: Invariant = {
  id: "I12",
  says: "nobody starts a Job where maxParallel Jobs run that he has seen or started",
  judge: (fail) => {
    const startedBy = new Map<JobFacts, unknown>()
    return {
      jobCreated: (job, by) => {
        startedBy.set(job, by)
        const { stage, execution } = job
        const counts = execution.jobs.filter(
          (other) =>
            isLive(other) && other.stoppedAt === undefined && (startedBy.get(other) === by || wasSeen(other, by!)),
        )
        const most = execution.object.status?.snapshot?.maxParallel ?? Number.POSITIVE_INFINITY
        if (counts.length >= most) fail(`execution ${execution.name} has ${counts.length + 1} Jobs at once`)
        const ownMost = entryOf(execution, stage)?.maxParallel ?? Number.POSITIVE_INFINITY
        const own = counts.filter((other) => other.stage === stage).length
        if (own >= ownMost) fail(`stage ${stage} of ${execution.name} has ${own + 1} Jobs at once`)
      },
    }
  },
}
