// I2. By how the parents' Jobs truly ended; and nothing starts for whom the starter had just read to be cancelled, held, or
// going away.

import { isDeepStrictEqual } from "node:util"
import type { ExecutionSpec } from "../../../src/api/execution.ts"
import type { Invariant } from "../invariants.ts"

export const i2: Invariant = {
  id: "I2",
  says: "no stage starts before all it depends on Succeeded, nor against its owner's wish",
  judge: (fail) => ({
    jobCreated: ({ stage, execution, image }, by) => {
      const who = `stage ${stage} of ${execution.name}`
      const { snapshot } = execution.object.status ?? {}
      const entry = snapshot?.stages.find(({ name }) => name === stage)
      if (snapshot === undefined || entry === undefined) {
        return fail(`${who} was started, but no snapshot names it`)
      }
      for (const parent of entry.dependsOn ?? []) {
        const hasSucceeded = execution.jobs.some((job) => job.stage === parent && job.succeededAt !== undefined)
        if (!hasSucceeded) fail(`${who} was started before stage ${parent} succeeded`)
      }
      if (!isDeepStrictEqual(snapshot.stageSpecs[entry.type]?.image, image)) {
        fail(`${who} runs ${image}, but the snapshot says ${snapshot.stageSpecs[entry.type]?.image}`)
      }
      const read = by?.reads.get(execution.uid)?.object
      if (read === undefined) return fail(`${who} was started by one who had not read its execution`)
      const { cancel, suspend } = read.spec as ExecutionSpec
      if (cancel) fail(`${who} was started by one who had read that its execution is cancelled`)
      if (suspend) fail(`${who} was started by one who had read that its execution is suspended`)
      if ("deletionTimestamp" in read.metadata)
        fail(`${who} was started by one who had read that its execution goes away`)
    },
  }),
}
