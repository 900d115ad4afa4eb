// I9. A run is one from the moment in which a status says that its stages were accepted. Turns are written into the
// pipeline: of one that was deleted, or that let several run at some time, nothing is promised.

import { resources } from "../../../src/cluster/object-api.ts"
import type { Invariant } from "../invariants.ts"
import type { Ledger } from "../ledger.ts"

export const i9: Invariant = {
  id: "I9",
  says: "where a pipeline lets one execution run at a time, never two do",
  judge: (fail) => ({
    statusWritten: ({ name, uid, object }, before, after, ledger) => {
      const { pipelineName } = object.spec
      if (before?.snapshot !== undefined || after.snapshot === undefined || !takesTurns(pipelineName, ledger)) return
      const turn = ledger.turns.get(pipelineName)
      if (turn !== uid) fail(`execution ${name} runs, but it is the turn of ${ledger.executions.get(turn ?? "")?.name}`)
      const others = ledger.unfinishedOf(pipelineName).filter((other) => other.uid !== uid && !other.isPoisoned)
      for (const other of others.filter((other) => other.object.status?.snapshot !== undefined)) {
        fail(`executions ${other.name} and ${name} of pipeline ${pipelineName} run at the same time`)
      }
    },
    claimed: (pipelineName, { name, uid }, _by, ledger) => {
      if (!takesTurns(pipelineName, ledger)) return
      const others = ledger.unfinishedOf(pipelineName).filter((other) => other.uid !== uid && !other.isPoisoned)
      for (const other of others.filter(({ object }) => object.status?.snapshot !== undefined)) {
        fail(`it is the turn of execution ${name}, though ${other.name} runs`)
      }
    },
    called: ({ verb, resource, name, body }, _handling, store) => {
      if (verb !== "patch" || resource !== resources.executions || !("spec" in body!)) return
      const all = store.list(resources.executions).map((object) => object as never as Replaced)
      const own = all.find(({ metadata }) => metadata.name === name)
      const isReplaced = all.some(
        ({ metadata, spec }) =>
          metadata.name !== name &&
          spec.pipelineName === own?.spec.pipelineName &&
          metadata.creationTimestamp >= own.metadata.creationTimestamp,
      )
      if (own !== undefined && !isReplaced) fail(`Peanut would cancel execution ${name}, which nothing replaces`)
    },
  }),
}

interface Replaced {
  readonly metadata: { readonly name: string; readonly creationTimestamp: string }
  readonly spec: { readonly pipelineName: string }
}

function takesTurns(pipelineName: string, { pipelineSpecs, deletedPipelines }: Ledger): boolean {
  if (deletedPipelines.has(pipelineName)) return false
  return pipelineSpecs.get(pipelineName)!.every(({ concurrencyPolicy }) => concurrencyPolicy !== undefined)
}
