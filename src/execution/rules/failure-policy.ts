// failurePolicy and onFailure: what the failure of one stage means for the run.

import type { StageStatus } from "../../api/execution.ts"
import type { PipelineSpec, PipelineStage } from "../../api/pipeline.ts"

type Entry = Pick<PipelineStage, "name" | "onFailure">

/** The first stage whose failure fails the run, if any has. */
export function findFailure(
  entries: readonly Entry[],
  statuses: ReadonlyMap<string, StageStatus>,
): StageStatus | undefined {
  for (const { name, onFailure } of entries) {
    const status = statuses.get(name)
    if (status?.phase === "Failed" && onFailure !== "Ignore") return status
  }
  return undefined
}

/** Whether the failure of this stage ends the run; none of `finally` does. */
export function isFatal(
  { stages, failurePolicy }: Pick<PipelineSpec, "stages" | "failurePolicy">,
  { name, onFailure }: Entry,
): boolean {
  return endsAtOnce(failurePolicy) && onFailure !== "Ignore" && stages.some((stage) => stage.name === name)
}

/** Whether this failure ends the run: nothing new starts, and what runs is stopped. */
export function endsAtOnce(policy: PipelineSpec["failurePolicy"]): boolean {
  return policy === "FailFast"
}
