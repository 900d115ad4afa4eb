// Why a Job of a stage did not end well, and whether that is the stage's failure or the run's doing.

import type { StageSpec } from "../api/stage.ts"
import { ownDeadlineSeconds } from "../resources/job.ts"
import { stopPatch } from "../resources/stop.ts"
import type { AcceptedExecution } from "./accept.ts"
import { endsAtOnce } from "./rules/failure-policy.ts"
import { isEndedByRun } from "./rules/timeout.ts"
import type { StageOutcome } from "./stage-outcome.ts"
import { type Task, wasStopped } from "./tasks.ts"

export type Failure = Pick<StageOutcome & { phase: "Failed" }, "reason" | "message">

/**
 * Why a task that did not end well is no failure: the run stopped its Job, and whoever did may have died before it could
 * say so; or the Job went, or could not come, when the run was cancelled anyway.
 */
export function stopOf(
  { spec, status }: AcceptedExecution,
  stage: string,
  stageSpec: StageSpec,
  task: Task,
): Failure | undefined {
  const { cancel } = spec
  // Nothing stops `finally`: what fails there has failed.
  if (status.snapshot.finally?.some(({ name }) => name === stage)) return undefined
  if (task.work === undefined ? !cancel : !wasStopped(task)) return undefined
  if (cancel) return { reason: "Cancelled", message: "the execution was cancelled" }
  if (!endsAtOnce(status.snapshot.failurePolicy)) return undefined
  // A stage that gives itself no longer may have failed by itself, and be the very failure.
  if (ownDeadlineSeconds(stageSpec) === stopPatch.spec.activeDeadlineSeconds) return undefined
  return { reason: "FailFast", message: "another stage failed, and the pipeline's failurePolicy is FailFast" }
}

/** Why a task failed: by itself, or because the run is out of time. */
export function failureOf({ status }: AcceptedExecution, spec: StageSpec, { work, outcome }: Task): Failure {
  const { reason, message } = outcome as Failure
  if (work === undefined || !isEndedByRun(work, spec, status)) return { reason, message }
  return { reason: "ExecutionTimeout", message: `the run took longer than its timeout of ${status.snapshot.timeout}` }
}
