// I7. What a status says of a stage must follow from Jobs that the execution controls by UID; and Peanut lays hands on no
// other.

import { isDeepStrictEqual } from "node:util"
import type { StageStatus } from "../../../src/api/execution.ts"
import type { StoredObject } from "../../../src/cluster/memory/store.ts"
import { resources } from "../../../src/cluster/object-api.ts"
import type { Invariant } from "../invariants.ts"
import type { ExecutionFacts, JobFacts, Ledger } from "../ledger.ts"
import { ownerUid } from "../objects.ts"
import {
  areOutputsNeeded,
  endOf,
  entryOf,
  mayFailForOutputs,
  mayHaveLostOutputs,
  recorded,
  rightEnds,
  type Sight,
} from "../truth.ts"

export const i7: Invariant = {
  id: "I7",
  says: "nothing is adopted by name or label; only by controller owner UID",
  judge: (fail) => ({
    statusWritten: (execution, before, after, ledger) => {
      const sight = after.stages && recorded(execution, ledger.outputs, after.stages, false)
      for (const stage of after.stages ?? []) {
        const previous = before?.stages?.find(({ name }) => name === stage.name)
        const who = `stage ${stage.name} of ${execution.name} is ${stage.phase} (${stage.reason})`
        const outputs = trueOutputs(execution, stage, ledger)
        const mayLack = mayHaveLostOutputs(execution, stage.name) && !areOutputsNeeded(execution, stage.name)
        const isLost = stage.outputs === undefined && mayLack
        if (!isLost && !isDeepStrictEqual(stage.outputs, outputs)) {
          fail(`${who} with outputs ${JSON.stringify(stage.outputs)}, but it output ${JSON.stringify(outputs)}`)
        }
        if (previous?.phase === stage.phase || isTrue(execution, stage, sight!)) continue
        fail(`${who}, which no Job of its own says`)
      }
    },
    called: ({ verb, resource, name, body }, { reads }, store) => {
      if (verb === "get" || verb === "list" || resource === resources.events) return
      if (resource === resources.stages || resource === resources.pods) fail(`Peanut wrote ${resource.kind} ${name}`)
      if (resource !== resources.jobs) return
      const job =
        verb === "create" ? (body as StoredObject) : store.list(resource).find((job) => job.metadata.name === name)
      if (job !== undefined && !reads.has(ownerUid(job) ?? "")) {
        fail(`Peanut would ${verb} Job ${name}, of no execution that it looked at`)
      }
    },
  }),
}

function isTrue(facts: ExecutionFacts, stage: StageStatus, sight: Sight): boolean {
  const own = facts.jobs.filter((job) => job.stage === stage.name)
  switch (stage.phase) {
    case "Waiting":
      return true
    case "Running":
      return stage.combinations === undefined ? own.some(({ name }) => name === stage.jobName) : isBegun(facts, stage)
    default:
      return rightEnds(entryOf(facts, stage.name)!, sight).has(endOf(stage)) && isReason(facts, stage, own)
  }
}

/** Some Job of a matrix ran, or was refused for good. */
function isBegun({ jobs, refused }: ExecutionFacts, { name }: StageStatus): boolean {
  return jobs.some(({ stage }) => stage === name) || [...refused].some((task) => JSON.parse(task)[0] === name)
}

function isReason(facts: ExecutionFacts, { name, reason }: StageStatus, own: readonly JobFacts[]): boolean {
  const { refused } = facts
  switch (reason) {
    case "OutputsLost":
      return mayFailForOutputs(entryOf(facts, name)!, facts)
    case "JobNameTaken":
    case "JobRejected":
      return [...refused].some((task) => JSON.parse(task)[0] === name)
    case "JobDeleted":
      return own.some(({ removedAt }) => removedAt !== undefined)
    case "BackoffLimitExceeded":
    case "DeadlineExceeded":
      return own.some(({ failedAt }) => failedAt !== undefined)
    default:
      return true
  }
}

/** Only stages without a matrix have outputs, when they Succeeded. */
function trueOutputs(facts: ExecutionFacts, { name, phase }: StageStatus, { outputs }: Ledger) {
  const value = outputs.get(name)
  const hasOutputs = phase === "Succeeded" && value !== undefined && entryOf(facts, name)!.matrix === undefined
  return hasOutputs ? { k: value } : undefined
}
