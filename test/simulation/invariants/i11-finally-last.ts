// I11. By what truly became of the stages of the graph, and by the Jobs that the starter could see.

import { executionLabel } from "../../../src/resources/labels.ts"
import type { Invariant } from "../invariants.ts"
import type { JobFacts } from "../ledger.ts"
import type { Handling } from "../replica.ts"
import { truth } from "../truth.ts"

export const i11: Invariant = {
  id: "I11",
  says: "stages of finally start only after all others have ended, and their Jobs have",
  judge: (fail) => ({
    jobCreated: ({ stage, execution }, by, { outputs }) => {
      const { stages = [] } = execution.object.status?.snapshot ?? {}
      if (by === undefined || stages.some(({ name }) => name === stage)) return
      const { ends } = truth(execution, outputs)
      for (const { name } of stages) {
        if ([...ends(name)].every((end) => end === "Open"))
          fail(`stage ${stage} was started before stage ${name} ended`)
      }
      for (const job of execution.jobs.filter((job) => stages.some(({ name }) => name === job.stage))) {
        if (isLive(job) && wasSeen(job, by)) fail(`stage ${stage} was started while Job ${job.name} ran`)
      }
    },
  }),
}

export const isLive = ({ succeededAt, failedAt, removedAt }: JobFacts) =>
  [succeededAt, failedAt, removedAt].every((at) => at === undefined)

/** Whether a handling found the Job among those of its execution. */
export function wasSeen({ name, execution, createdAt, isHidden }: JobFacts, { seen }: Handling): boolean {
  if (createdAt <= (seen.get(`job ${name}`) ?? 0)) return true
  return !isHidden && createdAt <= (seen.get(`jobs of ${executionLabel(execution.name)}`) ?? 0)
}
