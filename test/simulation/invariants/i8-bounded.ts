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
    called: ({ verb, resource, name }, { calls, words }, _store, ledger) => {
      if (verb !== "get" || resource !== resources.executions) return
      const looks = calls.filter(
        (call) => call.verb === verb && call.resource === resource && call.name === name,
      ).length
      if (looks > mostLooks * askers(name, words === "the resync", ledger))
        fail(`"${words}" made Peanut look ${looks} times at ${name}`)
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

/** On whose behalf a handling may look at an execution: its own, of those that repeat it; in a resync, of all that end. */
function askers(name: string, isResync: boolean, { executions }: Ledger): number {
  const all = [...executions.values()]
  return 1 + (isResync ? all.length : all.filter(({ object }) => object.spec.rerunOf === name).length)
}

const kindOf = ({ verb, resource }: Call) => `${verb} ${resource.kind}`

/** What a handling may spend that read so many executions and lost so many races. */
function budget(
  races: number,
  executions: number,
  isResync: boolean,
  ledger: Ledger,
): Readonly<Record<string, number>> {
  // When one ends, the next is looked at; and in a resync one may be, as the next of several.
  const looks = (isResync ? 2 : 1) * executions + races
  // Ten stages, of up to four combinations each.
  const jobs = 10 * 4 * looks
  const pipelines = ledger.pipelineSpecs.size + races
  return {
    "get PeanutPipelineExecution": Math.max(1, 2 * looks),
    // A resync lists those that have ended, and those that have not.
    "list PeanutPipelineExecution": (isResync ? 2 : 0) + Math.max(1, 2 * looks),
    // Its own status twice; and with Replace, to cancel the others.
    "patch PeanutPipelineExecution": (2 + ledger.executions.size) * looks,
    "delete PeanutPipelineExecution": isResync ? ledger.executions.size : 0,
    "get PeanutPipeline": Math.max(1, looks + pipelines),
    "list PeanutPipeline": 1,
    "patch PeanutPipeline": looks + pipelines,
    // A few are read one by one; where one is missing, they are listed.
    "get PeanutStage": 4 * (looks + pipelines),
    "list PeanutStage": looks + pipelines + 1,
    // Once more where Jobs were found that the status does not name.
    "list Job": 1 + looks + (isResync ? 1 : 0),
    "list Pod": 2 * looks,
    "get Job": 2 * jobs,
    "create Job": jobs,
    "patch Job": jobs,
    "create Event": 30 * looks,
  }
}
