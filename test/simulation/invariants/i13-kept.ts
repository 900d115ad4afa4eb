// I13. Peanut deletes an execution only when it has ended as it should, and its time is up or enough newer ones are kept;
// and in the end those are gone.

import type { Execution } from "../../../src/api/execution.ts"
import { resources } from "../../../src/cluster/object-api.ts"
import type { Invariant } from "../invariants.ts"
import type { ExecutionFacts, Ledger } from "../ledger.ts"
import { wrongEnd } from "../oracle.ts"

export const i13: Invariant = {
  id: "I13",
  says: "an execution is deleted when it is to be, after its end, and never else",
  judge: (fail) => ({
    executionDeleted: (facts, by, ledger) => {
      if (by === undefined || facts.isPoisoned) return
      const who = `execution ${facts.name}`
      if (facts.endedAt === undefined) return fail(`${who} was deleted before it ended`)
      const wrong = wrongEnd(facts, ledger)
      if (wrong !== undefined) fail(`${who}, which was deleted, ${wrong}`)
      const listedAt = by.seen.get(resources.executions.plural) ?? 0
      if (!isPastTtl(facts.object, ledger.latestMillis()) && !isBeyondLimit(facts, ledger, listedAt)) {
        fail(`${who} was deleted, though it was to be kept`)
      }
    },
    cleared: ({ ledger, seconds, find }) => {
      for (const { name, object } of ledger.sound) {
        const { ttlSecondsAfterFinished: ttl } = object.spec
        if (ttl !== undefined && object.status?.completionTime !== undefined) {
          fail(`execution ${name} is still there after ${seconds} seconds, though it was to be kept for ${ttl}`)
        }
      }
      for (const [name, specs] of ledger.pipelineSpecs) {
        if (find(resources.pipelines, name) === undefined) continue
        for (const isSuccess of [true, false]) {
          const limit = limitOf(specs.at(-1)!, isSuccess)
          const kept = ledger.sound.filter(
            ({ object }) => object.spec.pipelineName === name && isOfClass(object, isSuccess),
          )
          if (kept.length > limit) fail(`${kept.length} executions of ${name} are kept, more than ${limit}`)
        }
      }
    },
  }),
}

function isPastTtl({ spec, status }: Execution, latestMillis: number): boolean {
  const { ttlSecondsAfterFinished: ttl } = spec
  return ttl !== undefined && Date.parse(status!.completionTime!) + ttl * 1000 <= latestMillis
}

/** Whether by some limit that its pipeline had, as many newer ones as were to be kept were there when somebody looked. */
function isBeyondLimit({ object, uid }: ExecutionFacts, ledger: Ledger, listedAt: number): boolean {
  const isSuccess = object.status!.phase === "Succeeded"
  const newer = [...ledger.executions.values()].filter((other) => {
    const { spec, status } = other.object
    const isThere =
      (other.endedAt ?? Number.POSITIVE_INFINITY) <= listedAt && (other.goneAt ?? Number.POSITIVE_INFINITY) > listedAt
    const isSame = spec.pipelineName === object.spec.pipelineName && isOfClass(other.object, isSuccess)
    return other.uid !== uid && isThere && isSame && status!.completionTime! >= object.status!.completionTime!
  })
  return ledger.pipelineSpecs.get(object.spec.pipelineName)!.some((spec) => newer.length >= limitOf(spec, isSuccess))
}

const isOfClass = ({ status }: Execution, isSuccess: boolean) =>
  status?.completionTime !== undefined && (status.phase === "Succeeded") === isSuccess

const limitOf = (
  spec: {
    readonly successfulExecutionsHistoryLimit?: number | undefined
    readonly failedExecutionsHistoryLimit?: number | undefined
  },
  isSuccess: boolean,
) => (isSuccess ? spec.successfulExecutionsHistoryLimit : spec.failedExecutionsHistoryLimit) ?? 10
