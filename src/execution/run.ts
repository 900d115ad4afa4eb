// A run as a step sees it: its stages, the Jobs they have, and what became of those.

import { isStageFinished, type StageStatus } from "../api/execution.ts"
import type { PipelineStage } from "../api/pipeline.ts"
import type { StageSpec } from "../api/stage.ts"
import type { AcceptedExecution } from "./accept.ts"
import { clipped, waiting } from "./held-stage.ts"
import { findNeeders } from "./needed-outputs.ts"
import { progressOf } from "./progress.ts"
import { type Expressions, noExpressions } from "./rules/when.ts"
import { type Jobs, type Task, tasksOf } from "./tasks.ts"
import { outputBytes } from "./template/outputs.ts"

/**
 * The state of a run, read from the API server: the Jobs whose controller is this execution, by name; the pods whose
 * controllers are those Jobs, by the Job's UID; and what the API server said to Jobs that it would not create, by name.
 */
export interface Observed extends Jobs {
  readonly execution: AcceptedExecution
  /** What knows CEL, where the pipeline has a `when`. */
  readonly expressions?: Expressions
}

export interface Run {
  readonly execution: AcceptedExecution
  /** The Jobs of each stage, also of those to come, by its name. */
  readonly tasks: ReadonlyMap<string, readonly Task[]>
  /** Where each stage stands by what its Jobs say. */
  readonly statuses: ReadonlyMap<string, StageStatus>
  /** The stages whose failure is ignored. */
  readonly ignoring: ReadonlySet<string>
  readonly expressions: Expressions
  readonly now: string
}

export function describeRun(observed: Observed, now: string): Run {
  const { execution, expressions = noExpressions } = observed
  const { stages, finally: atEnd = [] } = execution.status.snapshot
  const recorded = new Map(execution.status.stages.map((status) => [status.name, status]))
  const neederOf = findNeeders(execution.status.snapshot)
  const tasks = new Map<string, readonly Task[]>()
  const statuses = new Map<string, StageStatus>()
  // Also those that come together, in one look at many stages, must not take more than there is room for.
  let keptBytes = execution.status.stages.reduce((bytes, { outputs }) => bytes + outputBytes(outputs), 0)
  for (const stage of [...stages, ...atEnd]) {
    const before = recorded.get(stage.name) ?? waiting(stage.name)
    const own = tasksOf(execution, stage, before, observed)
    tasks.set(stage.name, own)
    const isOver = isStageFinished(before.phase)
    const of = { execution, stage, spec: specOf(execution, stage), previous: before, tasks: own, now }
    const status = isOver ? before : clipped(progressOf(of, { keptBytes, neederOf }))
    statuses.set(stage.name, status)
    if (!isOver) keptBytes += outputBytes(status.outputs)
  }
  const ignoring = new Set(stages.flatMap(({ name, onFailure }) => (onFailure === "Ignore" ? [name] : [])))
  return { execution, tasks, statuses, ignoring, expressions, now }
}

/** The template of a stage, with what the pipeline's entry says instead. */
export function specOf({ status }: AcceptedExecution, { type, retries, timeout }: PipelineStage): StageSpec {
  return {
    ...status.snapshot.stageSpecs[type]!,
    ...(retries !== undefined && { retries }),
    ...(timeout !== undefined && { timeout }),
  }
}
