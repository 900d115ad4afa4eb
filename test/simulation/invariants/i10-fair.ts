// I10. Judged when a turn is written: by then its writer has listed the executions, and whatever was older and never held
// when it did so comes first.

import { resources } from "../../../src/cluster/object-api.ts"
import type { Invariant } from "../invariants.ts"
import type { ExecutionFacts } from "../ledger.ts"

export const i10: Invariant = {
  id: "I10",
  says: "a queue is fair: the oldest execution that nobody holds runs first; with Replace, the newest",
  judge: (fail) => ({
    claimed: (pipelineName, next, by, ledger) => {
      const policies = new Set(ledger.pipelineSpecs.get(pipelineName)!.map((spec) => spec.concurrencyPolicy))
      if (by === undefined || policies.size > 1) return
      const listedAt = by.seen.get(resources.executions.plural) ?? 0
      const waiting = ledger
        .unfinishedOf(pipelineName)
        .filter(
          (it) => it.createdAt <= listedAt && !it.wasHeld && !it.isPoisoned && it.object.status?.snapshot === undefined,
        )
      const isRight = (other: ExecutionFacts) =>
        other === next || (policies.has("Replace") ? isBefore(other, next) : isBefore(next, other))
      const first = waiting.find((other) => !isRight(other))
      if (first !== undefined)
        fail(`it is the turn of execution ${next.name}, though it should be that of ${first.name}`)
    },
  }),
}

function isBefore({ object: { metadata: a } }: ExecutionFacts, { object: { metadata: b } }: ExecutionFacts): boolean {
  return `${a.creationTimestamp} ${a.name}` < `${b.creationTimestamp} ${b.name}`
}
