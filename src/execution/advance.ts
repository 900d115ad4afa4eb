// One step of a run: from what is observed to the Jobs to create and to stop, and the status that says so.
// Pure: the same observation and time give the same step, so any replica may take it, and take it again.

import { type ExecutionStatus, isStageFinished, type StageStatus } from "../api/execution.ts"
import { isJobFinished, type Job, type JobManifest, type Pod } from "../api/job.ts"
import { stageJob } from "../resources/job.ts"
import { jobName } from "../resources/job-name.ts"
import { isStopping } from "../resources/stop.ts"
import type { AcceptedExecution } from "./accept.ts"
import { sortTopologically } from "./graph.ts"
import { nextStage, type Refusal, waiting } from "./next-stage.ts"
import { runStatus } from "./status.ts"

/** The state of a run, read from the API server. */
export interface Observed {
  readonly execution: AcceptedExecution
  /** The Jobs whose controller is this execution, by name. */
  readonly jobs: ReadonlyMap<string, Job>
  /** The pods whose controllers are those Jobs, by the Job's UID. */
  readonly pods: ReadonlyMap<string, readonly Pod[]>
  /** What the API server said to Jobs that it would not create, by name. */
  readonly refusals: ReadonlyMap<string, Refusal>
}

export interface Advance {
  readonly create: readonly JobManifest[]
  readonly stop: readonly Job[]
  /** The status as of this observation: a stage whose Job is only about to be created still waits. */
  readonly status: ExecutionStatus
}

/** `now` is an RFC 3339 time; it dates what is recorded, and decides nothing. */
export function advance({ execution, jobs, pods, refusals }: Observed, now: string): Advance {
  const { snapshot, stages: recorded } = execution.status
  const statuses = new Map(recorded.map((status) => [status.name, status]))
  const create: JobManifest[] = []
  const stop: Job[] = []

  // Parents come first, so a stage sees where its parents stand now, and one pass settles whole branches.
  for (const stage of sortTopologically(snapshot.stages)) {
    const name = jobName(execution.metadata, stage.name)
    const job = jobs.get(name)
    const next = nextStage({
      previous: statuses.get(stage.name) ?? waiting(stage.name),
      parents: (stage.dependsOn ?? []).map((parent) => statuses.get(parent) ?? waiting(parent)),
      jobName: name,
      job,
      pods: (job && pods.get(job.metadata.uid)) ?? [],
      refusal: refusals.get(name),
      isSuspended: execution.spec.suspend === true,
      isCancelled: execution.spec.cancel === true,
      now,
    })
    statuses.set(stage.name, clipped(next.status))
    if (next.isReady) create.push(stageJob(execution, stage.name, snapshot.stageSpecs[stage.type]!))
    if (job && isLeftOver(next.status, job)) stop.push(job)
  }

  const stages = recorded.map((status) => statuses.get(status.name) ?? status)
  return { create, stop, status: runStatus(execution, execution.status, stages, now) }
}

/**
 * A Job that runs on although its stage has ended: the run was cancelled, or a replica that read late created it. After
 * a success the Job ends by itself.
 */
function isLeftOver({ phase }: StageStatus, job: Job): boolean {
  return isStageFinished(phase) && phase !== "Succeeded" && !isJobFinished(job) && !isStopping(job)
}

/** The longest message of a stage, in characters: a thousand of them must fit into one object. */
const maxMessageLength = 300

function clipped(status: StageStatus): StageStatus {
  if (status.message === undefined || status.message.length <= maxMessageLength) return status
  // The API server would write half a character in another way, and the status would look new at every look.
  return { ...status, message: `${status.message.slice(0, maxMessageLength - 1).toWellFormed()}…` }
}
