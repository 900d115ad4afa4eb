// I1. Counted by owner, stage and combination, so that a second name does not hide a second Job.

import type { Invariant } from "../invariants.ts"

export const i1: Invariant = {
  id: "I1",
  says: "at most one Job per (execution UID, stage, combination of its matrix)",
  judge: (fail) => ({
    jobCreated: (job, by) => {
      const who = `stage ${job.stage}${job.combination ? ` (${job.combination})` : ""} of ${job.execution.name}`
      const same = job.execution.jobs.filter(
        ({ stage, combination }) => stage === job.stage && combination === job.combination,
      )
      for (const earlier of same) {
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
