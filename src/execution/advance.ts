// One step of a run: from what is observed to the Jobs to create and to stop, and the status that says so.
// Pure: the same observation and time give the same step, so any replica may take it, and take it again.

import { type ExecutionStatus, isStageFinished, type StageStatus } from "../api/execution.ts"
import type { Job, JobManifest } from "../api/job.ts"
import { isStopping } from "../resources/stop.ts"
import { place } from "./place.ts"
import { describeRun, type Observed } from "./run.ts"
import { settle } from "./settle.ts"
import { runStatus } from "./status.ts"
import { isLive, type Task } from "./tasks.ts"

export type { Observed } from "./run.ts"

export interface Advance {
  readonly create: readonly JobManifest[]
  readonly stop: readonly Job[]
  /** The status as of this observation: a stage whose Job is only about to be created still waits. */
  readonly status: ExecutionStatus
}

/** `now` is an RFC 3339 time; it dates what is recorded, and tells how much of a timeout is left. */
export function advance(observed: Observed, now: string): Advance {
  const { execution } = observed
  const run = describeRun(observed, now)
  const { create, statuses } = place(run, settle(run))
  const stop = [...run.tasks].flatMap(([name, tasks]) => leftOver(statuses.get(name)!, tasks))
  const stages = execution.status.stages.map((status) => statuses.get(status.name) ?? status)
  return { create, stop, status: runStatus(execution, execution.status, stages, now) }
}

/**
 * Jobs that run on although their stage has ended: the run was ended, or a replica that read late created them. After
 * a success the Job ends by itself.
 */
function leftOver({ phase }: StageStatus, tasks: readonly Task[]): readonly Job[] {
  if (!isStageFinished(phase) || phase === "Succeeded") return []
  return tasks.flatMap((task) =>
    isLive(task) && task.state !== "Succeeded" && !isStopping(task.work!) ? [task.work!] : [],
  )
}
