// I7. What a status says of a stage must follow from Jobs that the execution controls by UID; and Peanut lays hands on no
// other.

import type { StageStatus } from "../../../src/api/execution.ts"
import type { StoredObject } from "../../../src/cluster/memory/store.ts"
import { resources } from "../../../src/cluster/object-api.ts"
import type { Invariant } from "../invariants.ts"
import type { ExecutionFacts } from "../ledger.ts"
import { ownerUid } from "../objects.ts"

export const i7: Invariant = {
  id: "I7",
  says: "nothing is adopted by name or label; only by controller owner UID",
  judge: (fail) => ({
    statusWritten: (execution, before, after) => {
      for (const stage of after.stages ?? []) {
        const previous = before?.stages?.find(({ name }) => name === stage.name)
        if (previous?.phase === stage.phase || isTrue(execution, stage, after.stages!)) continue
        fail(
          `stage ${stage.name} of ${execution.name} is ${stage.phase} (${stage.reason}), which no Job of its own says`,
        )
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

function isTrue({ jobs, refused, object }: ExecutionFacts, stage: StageStatus, all: readonly StageStatus[]): boolean {
  const own = jobs.filter((job) => job.stage === stage.name)
  switch (stage.phase) {
    case "Waiting":
      return true
    case "Running":
      return own.some(({ name }) => name === stage.jobName)
    case "Succeeded":
      return own.some(({ succeededAt }) => succeededAt !== undefined)
    case "Failed":
      if (stage.reason === "JobNameTaken" || stage.reason === "JobRejected") return refused.has(stage.name)
      if (stage.reason === "JobDeleted") return own.some(({ removedAt }) => removedAt !== undefined)
      return own.some(({ failedAt }) => failedAt !== undefined)
    case "Skipped": {
      const { dependsOn = [] } = object.status!.snapshot!.stages.find(({ name }) => name === stage.name)!
      return all.some(({ name, phase }) => dependsOn.includes(name) && (phase === "Failed" || phase === "Skipped"))
    }
    case "Cancelled":
      return object.spec.cancel === true
  }
}
