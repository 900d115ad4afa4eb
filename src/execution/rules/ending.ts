// Why a run comes to its end before all its stages had their turn: cancelled, out of time, or failed fast. From then on
// no stage starts but those of `finally`.

import { isStageFinished, type StageStatus } from "../../api/execution.ts"
import type { AcceptedExecution } from "../accept.ts"
import { endsAtOnce, findFailure } from "./failure-policy.ts"
import { isTimedOut } from "./timeout.ts"

export interface Ending {
  readonly reason: "Cancelled" | "ExecutionTimeout" | "FailFast"
  readonly message: string
  /** Whether running Jobs are stopped; out of time, their own deadlines end them. */
  readonly stopsJobs: boolean
}

/** Why the run ends now, if it does; `statuses` are where its stages stand. */
export function endingOf(
  { spec, status }: AcceptedExecution,
  statuses: ReadonlyMap<string, StageStatus>,
  now: string,
): Ending | undefined {
  const { stages, failurePolicy, timeout } = status.snapshot
  const own = stages.flatMap(({ name }) => statuses.get(name) ?? [])
  if (own.every(({ phase }) => isStageFinished(phase))) return undefined
  if (spec.cancel) return { reason: "Cancelled", message: "the execution was cancelled", stopsJobs: true }
  if (isTimedOut(status, own, now)) {
    const message = `the run took longer than its timeout of ${timeout}`
    return { reason: "ExecutionTimeout", message, stopsJobs: false }
  }
  const failure = endsAtOnce(failurePolicy) ? findFailure(stages, statuses) : undefined
  if (failure === undefined) return undefined
  const message = `stage "${failure.name}" failed, and the pipeline's failurePolicy is FailFast`
  return { reason: "FailFast", message, stopsJobs: true }
}
