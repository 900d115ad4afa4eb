// I2. By what truly became of the stages above; and nothing starts for whom the starter had just read to be cancelled, held,
// failing, or going away. What starts is what the snapshot says, filled with the values that there truly were.

import { isDeepStrictEqual } from "node:util"
import type { Execution } from "../../../src/api/execution.ts"
import type { PipelineStage } from "../../../src/api/pipeline.ts"
import type { Invariant } from "../invariants.ts"
import type { JobFacts } from "../ledger.ts"
import { afterParents, answersTo, entryOf, type Sight, truth, valuesOf } from "../truth.ts"

export const i2: Invariant = {
  id: "I2",
  says: "no stage starts before all it depends on Succeeded, or ended as its rules ask, nor against its owner's wish",
  judge: (fail) => ({
    jobCreated: (job, by, { outputs }) => {
      const { stage, execution, image } = job
      const who = `stage ${stage} of ${execution.name}`
      if (execution.isPoisoned) return
      const { snapshot } = execution.object.status ?? {}
      const entry = entryOf(execution, stage)
      if (snapshot === undefined || entry === undefined) {
        return fail(`${who} was started, but no snapshot names it`)
      }
      const sight = truth(execution, outputs)
      if (!afterParents(entry, sight).mayRun) {
        fail(`${who} was started before all it depends on ended as it asks (${entry.triggerRule ?? "AllSucceeded"})`)
      }
      if (!answersTo(entry, sight).has("yes")) fail(`${who} was started against its own "when", or without its outputs`)
      if (snapshot.stageSpecs[entry.type]?.image !== image) {
        fail(`${who} runs ${image}, but the snapshot says ${snapshot.stageSpecs[entry.type]?.image}`)
      }
      const wrong = wrongArgs(job, entry, sight)
      if (wrong !== undefined) fail(`${who} ${wrong}`)
      const read = by?.reads.get(execution.uid)?.object as unknown as Execution | undefined
      if (read === undefined) return fail(`${who} was started by one who had not read its execution`)
      const why = whyNot(read, entry)
      if (why !== undefined) fail(`${who} was started by one who had read that its execution ${why}`)
    },
  }),
}

/** What in an execution, as it was read, says that this stage must not start. */
function whyNot({ spec, metadata, status }: Execution, { name, approval }: PipelineStage): string | undefined {
  const { stages = [], failurePolicy } = status?.snapshot ?? {}
  const isInGraph = stages.some((entry) => entry.name === name)
  if (metadata.deletionTimestamp !== undefined) return "goes away"
  if (spec.suspend) return "is suspended"
  if (spec.cancel && isInGraph) return "is cancelled"
  if (approval && !spec.approved?.includes(name)) return "does not approve it"
  const failed = stages.filter(
    (entry) =>
      entry.onFailure !== "Ignore" &&
      status?.stages?.some((stage) => stage.name === entry.name && stage.phase === "Failed"),
  )
  return failurePolicy === "FailFast" && isInGraph && failed.length > 0 ? "fails fast" : undefined
}

/** The arguments are the stage's params x, m and n. */
function wrongArgs({ args, combination }: JobFacts, { params = [] }: PipelineStage, sight: Sight): string | undefined {
  const [x, ...others] = args
  const right = params.length === 0 ? ["-"] : valuesOf(params[0]!.value, sight)
  if (!right.includes(x)) return `was started with x=${x}, but it should be ${right.join(" or ")}`
  const values = new Map((combination ?? "").split(", ").map((part) => part.split("=") as [string, string]))
  const rest = ["m", "n"].map((name) => valuesOf(values.get(name) ?? "-", sight)[0])
  return isDeepStrictEqual(others, rest) ? undefined : `was started with ${others}, but it should be ${rest}`
}
