// I3. Every status ever written is compared with the one before it.

import { isFinished, isStageFinished } from "../../../src/api/execution.ts"
import type { Invariant } from "../invariants.ts"

export const i3: Invariant = {
  id: "I3",
  says: "a terminal stage or execution never changes phase",
  judge: (fail) => ({
    statusWritten: ({ name }, before, after) => {
      if (isFinished({ status: before }) && after.phase !== before?.phase) {
        fail(`execution ${name} ended ${before?.phase} and is now ${after.phase}`)
      }
      for (const stage of before?.stages ?? []) {
        const next = after.stages?.find((other) => other.name === stage.name)
        if (isStageFinished(stage.phase) && next?.phase !== stage.phase) {
          fail(`stage ${stage.name} of ${name} ended ${stage.phase} and is now ${next?.phase}`)
        }
      }
    },
  }),
}
