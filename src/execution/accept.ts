// How a run begins: the pipeline and its stages are copied into the execution's status, and from then on only the
// copy counts. It is written before the first Job exists, so that no edit can come between two Jobs of one run.

import { type Execution, type ExecutionStatus, isFinished, type Snapshot, type StageStatus } from "../api/execution.ts"
import type { Pipeline } from "../api/pipeline.ts"
import type { Stage } from "../api/stage.ts"
import { readStage } from "../api/stage-parts.ts"
import { didYouMean } from "../words/nearest-name.ts"
import { findParamProblems, paramValues } from "./params.ts"
import { findProblems, type Surroundings } from "./problems.ts"
import { findRerunProblem, takeOver } from "./rerun-of.ts"
import type { Expressions } from "./rules/when.ts"
import { runStatus, withCondition } from "./status.ts"

/** What an execution was told to run: its pipeline and the stages of the namespace, by name. */
export interface Definition {
  readonly pipeline: Pipeline | undefined
  readonly stages: ReadonlyMap<string, Stage>
  /** The execution that this one repeats; undefined if there is none of that name. */
  readonly original?: Execution | undefined
  /** What knows CEL, where the pipeline has a `when`. */
  readonly expressions?: Expressions | undefined
}

/** What of a definition its mistakes are found by. */
export function surroundings({ stages, expressions }: Pick<Definition, "stages" | "expressions">): Surroundings {
  const specs = new Map([...stages].map(([name, { spec }]) => [name, spec]))
  return { stages: specs, ...(expressions !== undefined && { expressions }) }
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
export function accept(execution: Execution, definition: Definition, now: string): ExecutionStatus {
  const { pipeline, original } = definition
  const { pipelineName: name, rerunOf } = execution.spec
  const { namespace } = execution.metadata
  if (rerunOf !== undefined) {
    const problem = findRerunProblem(execution, original)
    if (problem !== undefined) return refused(execution, "RerunInvalid", problem, now)
    const { snapshot: taken, stages } = takeOver(original!)
    const mistakes = findApprovalProblems(execution, name, taken.stages)
    if (mistakes.length > 0) return refused(execution, "ExecutionInvalid", mistakes.join("; "), now)
    const { timeout = taken.timeout } = execution.spec
    const snapshot = { ...taken, ...(timeout !== undefined && { timeout }) }
    return { ...runStatus(execution, { startTime: now, snapshot }, stages, now), snapshot }
  }
  if (pipeline === undefined) {
    const message = `there is no PeanutPipeline "${name}" in namespace "${namespace}"`
    return refused(execution, "PipelineNotFound", message, now)
  }
  const problems = findProblems(name, pipeline.spec, surroundings(definition))
  if (problems.length > 0) {
    return refused(execution, "PipelineInvalid", problems.map((problem) => problem.message).join("; "), now)
  }
  const mistakes = findSpecProblems(execution, pipeline)
  if (mistakes.length > 0) return refused(execution, "ExecutionInvalid", mistakes.join("; "), now)
  const snapshot = takeSnapshot(execution, pipeline, definition.stages)
  if (isDeeperThan(maxSnapshotDepth, snapshot)) {
    const message = `a stage of pipeline "${name}" is nested more than ${maxSnapshotDepth} levels deep in its jobTemplate; no Job is`
    return refused(execution, "PipelineTooLarge", message, now)
  }
  const bytes = Buffer.byteLength(JSON.stringify(snapshot))
  if (bytes > maxSnapshotBytes) {
    const message = `pipeline "${name}" and its stages take ${bytes} bytes, more than the ${maxSnapshotBytes} that a run can keep; split the pipeline or shorten the stages' jobTemplates`
    return refused(execution, "PipelineTooLarge", message, now)
  }
  const waiting = namesIn(snapshot).map((name): StageStatus => ({ name, phase: "Waiting" }))
  return { ...runStatus(execution, { startTime: now, snapshot }, waiting, now), snapshot }
}

/** Every stage of a run, in the order in which its status lists them. */
function namesIn({ stages, finally: atEnd = [] }: Pick<Snapshot, "stages" | "finally">): readonly string[] {
  return [...stages, ...atEnd].map(({ name }) => name)
}

/** What in an execution does not fit its pipeline. */
function findSpecProblems(execution: Execution, { metadata, spec: pipeline }: Pipeline): readonly string[] {
  const { spec } = execution
  const declarer = `pipeline "${metadata.name}"`
  return [
    ...findParamProblems(pipeline.params, spec.params, { giver: "the execution", declarer }),
    ...findApprovalProblems(execution, metadata.name, pipeline.stages),
  ]
}

function findApprovalProblems({ spec }: Execution, pipeline: string, stages: Snapshot["stages"]): readonly string[] {
  const names = stages.map(({ name }) => name)
  const unknown = (spec.approved ?? []).filter((name) => !names.includes(name))
  return unknown.map(
    (name) => `approved names "${name}", which is no stage of pipeline "${pipeline}"${didYouMean(name, names)}`,
  )
}

/** Whether a value has more levels than this; level by level, as it may have more than a stack. */
function isDeeperThan(levels: number, value: unknown): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; depth <= levels; depth++) {
    level = level.flatMap((part) => (typeof part === "object" && part !== null ? Object.values(part) : []))
  }
  return level.length > 0
}

function takeSnapshot({ spec }: Execution, pipeline: Pipeline, stages: ReadonlyMap<string, Stage>): Snapshot {
  const { stages: graph, finally: atEnd, params, failurePolicy, maxParallel, concurrencyPolicy } = pipeline.spec
  const timeout = spec.timeout ?? pipeline.spec.timeout
  const types = [...new Set([...graph, ...(atEnd ?? [])].map((stage) => stage.type))]
  return {
    pipelineGeneration: pipeline.metadata.generation,
    stages: graph,
    ...(atEnd !== undefined && { finally: atEnd }),
    stageSpecs: Object.fromEntries(types.map((type) => [type, readStage(stages.get(type)!.spec).spec])),
    ...(params !== undefined && { params: paramValues(params, spec.params) }),
    ...(timeout !== undefined && { timeout }),
    ...(failurePolicy !== undefined && { failurePolicy }),
    ...(maxParallel !== undefined && { maxParallel }),
    ...(concurrencyPolicy !== undefined && { concurrencyPolicy }),
  }
}

/** The status of an execution that ends before it begins. */
export function refused(
  execution: Execution,
  reason: string,
  message: string,
  now: string,
  phase: "Failed" | "Cancelled" = "Failed",
): ExecutionStatus {
  if (isFinished(execution)) return execution.status!
  return {
    ...execution.status,
    observedGeneration: execution.metadata.generation,
    phase,
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
