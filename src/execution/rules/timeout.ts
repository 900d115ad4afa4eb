// timeout: of a stage, the deadline of its Job; of a run, a bound on the deadlines of all its Jobs. Kubernetes keeps
// the time; nothing here waits.

import { durationSeconds } from "../../api/duration.ts"
import type { ExecutionStatus, StageStatus } from "../../api/execution.ts"
import { findJobCondition, type Job } from "../../api/job.ts"
import type { StageSpec } from "../../api/stage.ts"
import { ownDeadlineSeconds } from "../../resources/job.ts"

/** One second is how a Job is told to stop (`resources/stop.ts`), so the least that a run leaves to a Job is two. */
const leastSeconds = 2

/** What is left of the run at this time, in seconds; negative when it is over, undefined where nothing bounds it. */
export function secondsLeft(status: ExecutionStatus, now: string): number | undefined {
  const { snapshot, startTime } = status
  if (snapshot?.timeout === undefined || startTime === undefined) return undefined
  return (Date.parse(startTime) - Date.parse(now)) / 1000 + durationSeconds(snapshot.timeout)
}

/** The smaller of what the stage asks for and what is left of the run. */
export function jobDeadlineSeconds(own: number | undefined, left: number | undefined): number | undefined {
  if (left === undefined) return own
  return Math.min(own ?? Number.POSITIVE_INFINITY, Math.max(leastSeconds, Math.ceil(left)))
}

/** Whether it was the run's timeout that ended this Job, not the stage's own. */
export function isEndedByRun(job: Job, spec: StageSpec, status: ExecutionStatus): boolean {
  if (status.snapshot?.timeout === undefined) return false
  if (findJobCondition(job, "Failed")?.reason !== "DeadlineExceeded") return false
  return (job.spec.activeDeadlineSeconds ?? 0) < (ownDeadlineSeconds(spec) ?? Number.POSITIVE_INFINITY)
}

/** Whether the run's time is up: by the clock, or because a Job already ended of it. */
export function isTimedOut(status: ExecutionStatus, stages: Iterable<StageStatus>, now: string): boolean {
  if (status.snapshot?.timeout === undefined) return false
  if ((secondsLeft(status, now) ?? 1) <= 0) return true
  for (const { reason } of stages) if (reason === "ExecutionTimeout") return true
  return false
}
