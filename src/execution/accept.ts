// How a run begins: the pipeline and its stages are copied into the execution's status, and from then on only the
// copy counts. It is written before the first Job exists, so that no edit can come between two Jobs of one run.

import { type Execution, type ExecutionStatus, isFinished, type Snapshot, type StageStatus } from "../api/execution.ts"
import type { Pipeline } from "../api/pipeline.ts"
import type { Stage } from "../api/stage.ts"
import { findProblems } from "./graph.ts"
import { runStatus, withCondition } from "./status.ts"

/** What an execution was told to run: its pipeline and the stages of the namespace, by name. */
export interface Definition {
  readonly pipeline: Pipeline | undefined
  readonly stages: ReadonlyMap<string, Stage>
}

/** An execution whose snapshot is taken. */
export type AcceptedExecution = Execution & {
  readonly status: ExecutionStatus & { readonly snapshot: Snapshot; readonly stages: readonly StageStatus[] }
}

export function isAccepted(execution: Execution): execution is AcceptedExecution {
  return execution.status?.snapshot !== undefined && execution.status.stages !== undefined
}

/** Snapshots beyond this many bytes of JSON would bring the execution near the 1.5 MiB that etcd takes. */
const maxSnapshotBytes = 700_000
/** An API server takes 10,000 levels, at which JSON.stringify and comparison run out of stack. */
const maxSnapshotDepth = 200

/** The first status of an execution: accepted with its snapshot, or failed at once with every reason why. */
export function accept(execution: Execution, { pipeline, stages }: Definition, now: string): ExecutionStatus {
  const name = execution.spec.pipelineName
  if (pipeline === undefined) {
    return refused(
      execution,
      "PipelineNotFound",
      `there is no PeanutPipeline "${name}" in namespace "${execution.metadata.namespace}"`,
      now,
    )
  }
  const problems = findProblems(name, pipeline.spec.stages, new Set(stages.keys()))
  if (problems.length > 0) {
    return refused(execution, "PipelineInvalid", problems.map((problem) => problem.message).join("; "), now)
  }
  const snapshot = takeSnapshot(pipeline, stages)
  if (isDeeperThan(maxSnapshotDepth, snapshot)) {
    const message = `a stage of pipeline "${name}" is nested more than ${maxSnapshotDepth} levels deep in its jobTemplate; no Job is`
    return refused(execution, "PipelineTooLarge", message, now)
  }
  const bytes = Buffer.byteLength(JSON.stringify(snapshot))
  if (bytes > maxSnapshotBytes) {
    const message = `pipeline "${name}" and its stages take ${bytes} bytes, more than the ${maxSnapshotBytes} that a run can keep; split the pipeline or shorten the stages' jobTemplates`
    return refused(execution, "PipelineTooLarge", message, now)
  }
  const waiting = pipeline.spec.stages.map(({ name }): StageStatus => ({ name, phase: "Waiting" }))
  return { ...runStatus(execution, { startTime: now, snapshot }, waiting, now), snapshot }
}

/** Whether a value has more levels than this; level by level, as it may have more than a stack. */
function isDeeperThan(levels: number, value: unknown): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; depth <= levels && level.length > 0; depth++) {
    level = level.flatMap((part) => (typeof part === "object" && part !== null ? Object.values(part) : []))
  }
  return level.length > 0
}

function takeSnapshot(pipeline: Pipeline, stages: ReadonlyMap<string, Stage>): Snapshot {
  const types = [...new Set(pipeline.spec.stages.map((stage) => stage.type))]
  return {
    pipelineGeneration: pipeline.metadata.generation,
    stages: pipeline.spec.stages,
    stageSpecs: Object.fromEntries(types.map((type) => [type, stages.get(type)!.spec])),
  }
}

function refused(execution: Execution, reason: string, message: string, now: string): ExecutionStatus {
  if (isFinished(execution)) return execution.status!
  return {
    ...execution.status,
    observedGeneration: execution.metadata.generation,
    phase: "Failed",
    summary: "not started",
    startTime: now,
    completionTime: now,
    conditions: withCondition(
      execution.status?.conditions,
      { type: "Succeeded", status: "False", reason, message },
      now,
    ),
  }
}
