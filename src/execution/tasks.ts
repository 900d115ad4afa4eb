// The Jobs of a stage: one, or one for each combination of its matrix. What each is, and what became of it.

import { type Execution, isStageFinished, type StageStatus } from "../api/execution.ts"
import { findJobCondition, isJobFinished, type Job, type Pod } from "../api/job.ts"
import type { PipelineStage } from "../api/pipeline.ts"
import { jobName } from "../resources/job-name.ts"
import { isStopping } from "../resources/stop.ts"
import type { AcceptedExecution } from "./accept.ts"
import { countCombinations, type Letter } from "./matrix.ts"
import type { Gate } from "./rules/gate.ts"
import { type StageOutcome, stageOutcome } from "./stage-outcome.ts"

/** Why a Job could not be created: for good, or only as things stand (quota, rights), to be tried again later. */
export interface Refusal {
  readonly isFinal: boolean
  readonly reason: string
  readonly message: string
}

export interface Task {
  readonly index: number
  readonly jobName: string
  readonly job: Job | undefined
  readonly refusal: Refusal | undefined
  /** Where it stands; for one that ended before, what was recorded. */
  readonly letter: Letter
  /** What its Job says, where that is news. */
  readonly outcome: StageOutcome | undefined
}

/** What is known of Jobs, by name, and of pods, by the UID of their Job. */
export interface Jobs {
  readonly jobs: ReadonlyMap<string, Job>
  readonly pods: ReadonlyMap<string, readonly Pod[]>
  readonly refusals: ReadonlyMap<string, Refusal>
}

/** The Jobs of a stage, in the order of its matrix. */
export function tasksOf(
  execution: { readonly metadata: { readonly name: string; readonly uid: string } },
  stage: Pick<PipelineStage, "name" | "matrix">,
  previous: StageStatus,
  { jobs, pods, refusals }: Jobs,
): readonly Task[] {
  return Array.from({ length: countCombinations(stage.matrix) }, (_, index) => {
    const name = jobName(execution.metadata, stage.name, index)
    const job = jobs.get(name)
    const refusal = refusals.get(name)
    const recorded = recordedLetter(previous, index)
    const task = { index, jobName: name, job, refusal }
    if (isOver(recorded)) return { ...task, letter: recorded, outcome: undefined }
    const outcome = outcomeOf(recorded, task, job && (pods.get(job.metadata.uid) ?? []))
    return { ...task, letter: outcome === undefined ? "W" : letterOf(outcome), outcome }
  })
}

/**
 * Whether the end of this Job was taken account of before, so that news of it changes nothing. A Job that was stopped
 * is looked at again: the stages of `finally` wait for its end.
 */
export function isRecorded({ metadata, status }: AcceptedExecution, name: string): boolean {
  return status.stages.some(({ name: stage, phase, jobName: own, combinations }) => {
    if (combinations === undefined) return own === name && isStageFinished(phase) && phase !== "Cancelled"
    const index = [...combinations].findIndex((_, index) => jobName(metadata, stage, index) === name)
    return combinations[index] === "S" || combinations[index] === "F"
  })
}

/** The names of the Jobs that were running when the status was written. */
export function runningJobNames({ metadata, status }: Execution): readonly string[] {
  return (status?.stages ?? []).flatMap(({ name, phase, jobName: own, combinations }) => {
    if (phase !== "Running") return []
    if (combinations === undefined) return own === undefined ? [] : [own]
    return [...combinations].flatMap((letter, index) => (letter === "R" ? [jobName(metadata, name, index)] : []))
  })
}

/** The letter of a task that was recorded last. */
function recordedLetter({ combinations, phase }: StageStatus, index: number): Letter {
  if (combinations !== undefined) return (combinations[index] ?? "W") as Letter
  if (phase === "Waiting" || phase === "Skipped") return isStageFinished(phase) ? "C" : "W"
  return phase[0] as Letter
}

const isOver = (letter: Letter) => letter !== "W" && letter !== "R"

function outcomeOf(
  recorded: Letter,
  { job, jobName, refusal }: Pick<Task, "job" | "jobName" | "refusal">,
  pods: readonly Pod[] | undefined,
): StageOutcome | undefined {
  if (job !== undefined) return stageOutcome(job, pods ?? [])
  if (recorded === "R") {
    return { phase: "Failed", reason: "JobDeleted", message: `its Job ${jobName} was deleted before it ended` }
  }
  if (refusal?.isFinal) return { phase: "Failed", reason: refusal.reason, message: refusal.message }
  return undefined
}

const letterOf = ({ phase }: StageOutcome): Letter => phase[0] as Letter

/** Whether Peanut told the Job to stop, and that is why it failed. */
export function wasStopped({ job }: Task): boolean {
  return job !== undefined && isStopping(job) && findJobCondition(job, "Failed")?.reason === "DeadlineExceeded"
}

/** Whether its Job, if it has one, is still to end. */
export function isLive({ job }: Task): boolean {
  return job !== undefined && !isJobFinished(job)
}

/** Holds a stage whose Job the API server would not create, where it may say otherwise later. */
export function checkRefusal(tasks: readonly Task[]): Gate | undefined {
  const refusal = tasks.find((task) => task.job === undefined && task.refusal?.isFinal === false)?.refusal
  return refusal && { _tag: "Wait", reason: refusal.reason, message: refusal.message }
}
