// I1. Counted by owner and stage, so that a second name does not hide a second Job.

import type { Invariant } from "../invariants.ts"

export const i1: Invariant = {
  id: "I1",
  says: "at most one Job per (execution UID, stage, attempt)",
  judge: (fail) => ({
    jobCreated: (job, by) => {
      for (const earlier of job.execution.jobs.filter(({ stage }) => stage === job.stage)) {
        const who = `stage ${job.stage} of ${job.execution.name} (${job.execution.uid})`
        if (earlier.removedAt === undefined) fail(`${who} has two Jobs: ${earlier.name} and ${job.name}`)
        // Somebody took the first Job away. Who had looked before that, or found no record of it, cannot know.
        const readAt = by?.reads.get(job.execution.uid)?.time ?? 0
        const recorded = earlier.recordedAt !== undefined && earlier.recordedAt < (earlier.removedAt ?? 0)
        if (readAt > (earlier.removedAt ?? 0) && recorded)
          fail(`${who} got a second Job after its first was taken away`)
      }
    },
  }),
}
