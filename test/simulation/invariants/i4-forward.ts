// I4. Phases only climb, and what was written once (the snapshot, a Job's name, when something began or ended) stays.

import { isDeepStrictEqual } from "node:util"
import type { Execution, ExecutionStatus, StageStatus } from "../../../src/api/execution.ts"
import type { Invariant } from "../invariants.ts"
import type { Ledger } from "../ledger.ts"

const rank = { Pending: 0, Waiting: 0, Running: 1, Succeeded: 2, Failed: 2, Skipped: 2, Cancelled: 2 }

export const i4: Invariant = {
  id: "I4",
  says: "status only moves forward, whatever order writers come in",
  judge: (fail) => ({
    statusWritten: ({ name, object }, before, after, ledger) => {
      const who = `execution ${name}`
      if (before?.snapshot === undefined) {
        const wrong = wrongSnapshot(object, after, ledger)
        if (wrong !== undefined) fail(`${who} took a snapshot ${wrong}`)
      }
      if (before === undefined) return
      if (rank[after.phase ?? "Pending"] < rank[before.phase ?? "Pending"]) {
        fail(`${who} went back from ${before.phase} to ${after.phase}`)
      }
      for (const field of ["snapshot", "startTime"] as const) {
        if (before[field] !== undefined && !isDeepStrictEqual(before[field], after[field]))
          fail(`${who} has another ${field} than before`)
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
  const letters = [...(before.combinations ?? "")]
  const at = letters.findIndex((letter, index) => letterRank(letter) > letterRank(after.combinations?.[index]))
  if (at >= 0) return `had combinations ${before.combinations} and now ${after.combinations}`
  const lost = (["jobName", "startTime", "completionTime"] as const).find(
    (field) => before[field] !== undefined && before[field] !== after[field],
  )
  return lost && `had ${lost} ${before[lost]} and now ${after[lost]}`
}

const letterRank = (letter = "") => ["", "W", "R"].indexOf(letter) + (/[SFC]/.test(letter) ? 4 : 0)

/** A snapshot is of a pipeline and of stages as they once were, or that of the run that is repeated. */
function wrongSnapshot({ spec }: Execution, { snapshot }: ExecutionStatus, ledger: Ledger): string | undefined {
  if (snapshot === undefined) return undefined
  if (spec.rerunOf !== undefined) {
    const originals = [...ledger.executions.values()].filter(({ name }) => name === spec.rerunOf)
    const isTheirs = originals.some(({ object }) => isDeepStrictEqual(object.status?.snapshot, snapshot))
    return isTheirs ? undefined : "that is not of the run that it repeats"
  }
  const known = (ledger.pipelineSpecs.get(spec.pipelineName) ?? []).filter(
    ({ stages, finally: atEnd }) =>
      isDeepStrictEqual(stages, snapshot.stages) && isDeepStrictEqual(atEnd, snapshot.finally),
  )
  const fields = ["failurePolicy", "maxParallel", "concurrencyPolicy"] as const
  if (!known.some((pipeline) => fields.every((field) => pipeline[field] === snapshot[field]))) {
    return "of a pipeline that never was"
  }
  const p = spec.params?.[0]?.value ?? "yes"
  if (!isDeepStrictEqual(snapshot.params, { p })) return `with params ${JSON.stringify(snapshot.params)}, not p=${p}`
  const made = Object.entries(snapshot.stageSpecs).find(
    ([type, spec]) => !ledger.stageSpecs.get(type)?.some((known) => isDeepStrictEqual(known, spec)),
  )
  return made && `of a stage ${made[0]} that never was`
}
