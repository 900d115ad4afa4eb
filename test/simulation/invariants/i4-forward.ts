// I4. Phases only climb, and what was written once (the snapshot, a Job's name, when something began or ended) stays.

import { isDeepStrictEqual } from "node:util"
import type { ExecutionStatus, StageStatus } from "../../../src/api/execution.ts"
import type { Invariant } from "../invariants.ts"
import type { Ledger } from "../ledger.ts"

const rank = { Pending: 0, Waiting: 0, Running: 1, Succeeded: 2, Failed: 2, Skipped: 2, Cancelled: 2 }

export const i4: Invariant = {
  id: "I4",
  says: "status only moves forward, whatever order writers come in",
  judge: (fail) => ({
    statusWritten: ({ name, object }, before, after, ledger) => {
      const who = `execution ${name}`
      if (before === undefined) {
        const wrong = wrongSnapshot(object.spec.pipelineName, after, ledger)
        if (wrong !== undefined) fail(`${who} took a snapshot ${wrong}`)
        return
      }
      if (rank[after.phase ?? "Pending"] < rank[before.phase ?? "Pending"]) {
        fail(`${who} went back from ${before.phase} to ${after.phase}`)
      }
      for (const field of ["snapshot", "startTime"] as const) {
        if (!isDeepStrictEqual(before[field], after[field])) fail(`${who} has another ${field} than before`)
      }
      if (before.completionTime !== undefined && before.completionTime !== after.completionTime) {
        fail(`${who} ended at ${before.completionTime} and now at ${after.completionTime}`)
      }
      if ((after.observedGeneration ?? 0) < (before.observedGeneration ?? 0)) {
        fail(`${who} observed generation ${before.observedGeneration}, and then ${after.observedGeneration}`)
      }
      for (const stage of before.stages ?? []) {
        const next = after.stages?.find((other) => other.name === stage.name)
        const back = next === undefined ? "vanished" : wentBack(stage, next)
        if (back !== undefined) fail(`stage ${stage.name} of ${name} ${back}`)
      }
    },
  }),
}

function wentBack(before: StageStatus, after: StageStatus): string | undefined {
  if (rank[after.phase] < rank[before.phase]) return `went back from ${before.phase} to ${after.phase}`
  const lost = (["jobName", "startTime", "completionTime"] as const).find(
    (field) => before[field] !== undefined && before[field] !== after[field],
  )
  return lost && `had ${lost} ${before[lost]} and now ${after[lost]}`
}

/** A snapshot is of a pipeline and of stages as they once were. */
function wrongSnapshot(pipeline: string, { snapshot }: ExecutionStatus, ledger: Ledger): string | undefined {
  if (snapshot === undefined) return undefined
  const known = ledger.pipelineSpecs.get(pipeline) ?? []
  if (!known.some((stages) => isDeepStrictEqual(stages, snapshot.stages))) return "of a pipeline that never was"
  const made = Object.entries(snapshot.stageSpecs).find(
    ([type, spec]) => !ledger.stageSpecs.get(type)?.some((known) => isDeepStrictEqual(known, spec)),
  )
  return made && `of a stage ${made[0]} that never was`
}
