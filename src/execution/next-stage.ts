// The rules by which one stage moves, in the order in which they count.

import { isStageFinished, type StageStatus } from "../api/execution.ts"
import type { Job, Pod } from "../api/job.ts"
import { isStopping } from "../resources/stop.ts"
import { stageOutcome } from "./stage-outcome.ts"

/** Why a Job could not be created: for good, or only as things stand (quota, rights), to be tried again later. */
export interface Refusal {
  readonly isFinal: boolean
  readonly reason: string
  readonly message: string
}

export interface StageSituation {
  /** What was recorded last. */
  readonly previous: StageStatus
  /** Where the stages it depends on stand now. */
  readonly parents: readonly StageStatus[]
  readonly jobName: string
  readonly job: Job | undefined
  readonly pods: readonly Pod[]
  readonly refusal: Refusal | undefined
  readonly isSuspended: boolean
  readonly isCancelled: boolean
  readonly now: string
}

export interface NextStage {
  readonly status: StageStatus
  /** Whether its Job is to be created now. */
  readonly isReady: boolean
}

export function nextStage(situation: StageSituation): NextStage {
  const { previous, parents, job, refusal } = situation
  if (isStageFinished(previous.phase)) return stays(previous)
  if (job !== undefined) return stays(followJob(job, situation))
  if (situation.isCancelled) return stays(cancelled(situation))
  if (previous.phase === "Running") {
    return stays(ended(situation, "Failed", "JobDeleted", `its Job ${situation.jobName} was deleted before it ended`))
  }
  const lost = parents.find((parent) => isStageFinished(parent.phase) && parent.phase !== "Succeeded")
  if (lost !== undefined) {
    const happened = lost.phase === "Failed" ? "failed" : "was skipped"
    return stays(ended(situation, "Skipped", "ParentFailed", `stage "${lost.name}" ${happened}`))
  }
  if (!parents.every((parent) => parent.phase === "Succeeded")) return stays(waiting(previous.name))
  if (situation.isSuspended) return stays({ ...waiting(previous.name), reason: "Suspended" })
  if (refusal?.isFinal) return stays(ended(situation, "Failed", refusal.reason, refusal.message))
  if (refusal !== undefined) {
    return stays({ ...waiting(previous.name), reason: refusal.reason, message: refusal.message })
  }
  return { status: waiting(previous.name), isReady: true }
}

function stays(status: StageStatus): NextStage {
  return { status, isReady: false }
}

/** The status of a stage of which there is nothing to say yet. */
export function waiting(name: string): StageStatus {
  return { name, phase: "Waiting" }
}

/** A stage with a Job is what the Job says, unless it still runs and the execution was cancelled. */
function followJob(job: Job, situation: StageSituation): StageStatus {
  const { previous, pods, isCancelled, now } = situation
  const { name, startTime = job.metadata.creationTimestamp } = previous
  const started = { name, jobName: job.metadata.name, startTime }
  const outcome = stageOutcome(job, pods)
  // It was stopped, and whoever stopped it died before saying so.
  const wasStopped = isStopping(job) && outcome.phase === "Failed" && outcome.reason === "DeadlineExceeded"
  if (outcome.phase !== "Running" && !(isCancelled && wasStopped))
    return { ...started, completionTime: now, ...outcome }
  return isCancelled ? cancelled({ previous: started, now }) : { ...started, ...outcome }
}

/** What an ended stage keeps of what was recorded, and the time. */
interface Known {
  readonly previous: Pick<StageStatus, "name" | "jobName" | "startTime">
  readonly now: string
}

function cancelled(known: Known): StageStatus {
  return ended(known, "Cancelled", "Cancelled", "the execution was cancelled")
}

function ended(
  { previous: { name, jobName, startTime }, now }: Known,
  phase: "Failed" | "Skipped" | "Cancelled",
  reason: string,
  message: string,
): StageStatus {
  return {
    name,
    phase,
    ...(jobName !== undefined && { jobName }),
    ...(startTime !== undefined && { startTime }),
    completionTime: now,
    reason,
    message,
  }
}
