// I8. What one event may cost, counted by kind of call: a fixed number for each execution that it concerns and each time that
// another writer came first, and for Jobs no more than there are stages. And patience has an end.

import { resources } from "../../../src/cluster/object-api.ts"
import type { Invariant } from "../invariants.ts"
import type { Ledger } from "../ledger.ts"
import type { Call } from "../replica.ts"

/** How often one handling may look at the same execution: once, and again for each of five lost races. */
const mostLooks = 6

export const i8: Invariant = {
  id: "I8",
  says: "work, memory and calls per event are bounded",
  judge: (fail) => ({
    called: ({ verb, resource, name }, { calls, words }) => {
      if (verb !== "get" || resource !== resources.executions) return
      const looks = calls.filter(
        (call) => call.verb === verb && call.resource === resource && call.name === name,
      ).length
      if (looks > mostLooks) fail(`"${words}" made Peanut look ${looks} times at ${name}`)
    },
    handled: ({ calls, words, races, reads }, ledger) => {
      const most = budget(races, reads.size, words === "the resync", ledger)
      const spent = new Map<string, number>()
      for (const call of calls) spent.set(kindOf(call), (spent.get(kindOf(call)) ?? 0) + 1)
      for (const [kind, count] of spent) {
        if (count > (most[kind] ?? 0)) fail(`"${words}" cost ${count} times "${kind}", more than ${most[kind] ?? 0}`)
      }
    },
  }),
}

const kindOf = ({ verb, resource }: Call) => `${verb} ${resource.kind}`

/** What a handling may spend that read so many executions and lost so many races. */
function budget(
  races: number,
  executions: number,
  isResync: boolean,
  ledger: Ledger,
): Readonly<Record<string, number>> {
  const looks = executions + races
  const stages = 8 * looks
  const pipelines = ledger.pipelineSpecs.size + races
  return {
    "get PeanutPipelineExecution": Math.max(1, looks),
    "list PeanutPipelineExecution": isResync ? 1 : 0,
    "patch PeanutPipelineExecution": 2 * looks,
    "get PeanutPipeline": looks + pipelines,
    "list PeanutPipeline": 1,
    "patch PeanutPipeline": pipelines,
    "list PeanutStage": looks + pipelines,
    "list Job": looks + (isResync ? 1 : 0),
    "list Pod": looks,
    "get Job": 2 * stages,
    "create Job": stages,
    "patch Job": stages,
    "create Event": 10 * looks,
  }
}
