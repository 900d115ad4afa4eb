// The Jobs of a stage: one, or one for each combination of its matrix. What each is, and what became of it.

import { type Execution, isStageFinished, type StageStatus } from "../api/execution.ts"
import { findJobCondition, isJobFinished, type Job, type Pod } from "../api/job.ts"
import type { PipelineStage } from "../api/pipeline.ts"
import type { StageSpec } from "../api/stage.ts"
import { jobName } from "../resources/job-name.ts"
import { isStopping } from "../resources/stop.ts"
import type { AcceptedExecution } from "./accept.ts"
import { countCombinations } from "./matrix.ts"
import type { Gate } from "./rules/gate.ts"
import { type StageOutcome, stageOutcome } from "./stage-outcome.ts"
import { isOver, readStates, type TaskState } from "./task-state.ts"

/** Why a Job could not be created: for good, or only as things stand (quota, rights), to be tried again later. */
export interface Refusal {
  readonly isFinal: boolean
  readonly reason: string
  readonly message: string
}

/** What does a task: a Job. */
export type Work = Job

export interface Task {
  readonly index: number
  readonly jobName: string
  /** What does it, once it was created. */
  readonly work: Work | undefined
  readonly refusal: Refusal | undefined
  /** Where it stands; for one that ended before, what was recorded. */
  readonly state: TaskState
  /** What its Job says, where that is news. */
  readonly outcome: StageOutcome | undefined
}

/** A stage of a run as a step sees it: what was recorded of it, and its Jobs. */
export interface StageInRun {
  readonly execution: AcceptedExecution
  readonly stage: Pick<PipelineStage, "name" | "matrix" | "onFailure">
  readonly spec: StageSpec
  readonly previous: StageStatus
  readonly tasks: readonly Task[]
  readonly now: string
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
    const work = jobs.get(name)
    const refusal = refusals.get(name)
    const recorded = recordedState(previous, index)
    const task = { index, jobName: name, work, refusal }
    if (isOver(recorded)) return { ...task, state: recorded, outcome: undefined }
    const outcome = outcomeOf(recorded, task, work && (pods.get(work.metadata.uid) ?? []))
    return { ...task, state: outcome?.phase ?? "Waiting", outcome }
  })
}

/**
 * Whether the end of this Job was taken account of before, so that news of it changes nothing. A Job that was stopped
 * is looked at again: the stages of `finally` wait for its end.
 */
export function isRecorded({ metadata, status }: AcceptedExecution, name: string): boolean {
  return status.stages.some(({ name: stage, phase, jobName: own, combinations }) => {
    if (combinations === undefined) return own === name && isStageFinished(phase) && phase !== "Cancelled"
    const states = readStates(combinations)
    const state = states.find((_, index) => jobName(metadata, stage, index) === name)
    return state === "Succeeded" || state === "Failed"
  })
}

/** The names of the Jobs that were running when the status was written. */
export function runningJobNames({ metadata, status }: Execution): readonly string[] {
  return (status?.stages ?? []).flatMap(({ name, phase, jobName: own, combinations }) => {
    if (phase !== "Running") return []
    if (combinations === undefined) return own === undefined ? [] : [own]
    return readStates(combinations).flatMap((state, index) =>
      state === "Running" ? [jobName(metadata, name, index)] : [],
    )
  })
}

/** Where a task stood when the status was written. */
function recordedState({ combinations, phase }: StageStatus, index: number): TaskState {
  if (combinations !== undefined) return readStates(combinations)[index] ?? "Waiting"
  return phase === "Skipped" ? "Cancelled" : phase
}

function outcomeOf(
  recorded: TaskState,
  { work, jobName, refusal }: Pick<Task, "work" | "jobName" | "refusal">,
  pods: readonly Pod[] | undefined,
): StageOutcome | undefined {
  if (work !== undefined) return stageOutcome(work, pods ?? [])
  if (recorded === "Running") {
    return { phase: "Failed", reason: "JobDeleted", message: `its Job ${jobName} was deleted before it ended` }
  }
  if (refusal?.isFinal) return { phase: "Failed", reason: refusal.reason, message: refusal.message }
  return undefined
}

/** Whether Peanut told the Job to stop, and that is why it failed. */
export function wasStopped({ work }: Task): boolean {
  return work !== undefined && isStopping(work) && findJobCondition(work, "Failed")?.reason === "DeadlineExceeded"
}

/** Whether its Job, if it has one, is still to end. */
export function isLive({ work }: Task): boolean {
  return work !== undefined && !isJobFinished(work)
}

/** Holds a stage whose Job the API server would not create, where it may say otherwise later. */
export function checkRefusal(tasks: readonly Task[]): Gate | undefined {
  const refusal = tasks.find((task) => task.work === undefined && task.refusal?.isFinal === false)?.refusal
  return refusal && { _tag: "Wait", reason: refusal.reason, message: refusal.message }
}
