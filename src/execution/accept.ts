// How a run begins: the pipeline and its stages are copied into the execution's status, and from then on only the
// copy counts. It is written before the first Job exists, so that no edit can come between two Jobs of one run.

import { type Execution, type ExecutionStatus, isFinished, type Snapshot, type StageStatus } from "../api/execution.ts"
import type { Pipeline } from "../api/pipeline.ts"
import type { Stage } from "../api/stage.ts"
import { readStage } from "../api/stage-parts.ts"
import { maxProblems, newSuggestions } from "./graph.ts"
import { joined } from "./joined.ts"
import { findParamProblems, paramValues } from "./params.ts"
import { findProblems, type Surroundings } from "./problems.ts"
import { findRerunProblem, takeOver } from "./rerun-of.ts"
import type { Expressions } from "./rules/when.ts"
import { runStatus, withCondition } from "./status.ts"
import { analysisOf } from "./template/analysis.ts"

/** What an execution was told to run: its pipeline and the stages of the namespace, by name. */
export interface Definition {
  readonly pipeline: Pipeline | undefined
  /** Undefined stands for one that was not read: the pipeline does not use it, or those that it uses are too large to run. */
  readonly stages: ReadonlyMap<string, Stage | undefined>
  /** The execution that this one repeats; undefined if there is none of that name. */
  readonly original?: Execution | undefined
  /** What knows CEL, where the pipeline has a `when`. */
  readonly expressions?: Expressions | undefined
}

/** What of a definition its mistakes are found by. */
export function surroundings({ stages, expressions }: Pick<Definition, "stages" | "expressions">): Surroundings {
  const specs = new Map([...stages].map(([name, stage]) => [name, stage?.spec]))
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
    if (mistakes.length > 0) return refused(execution, "ExecutionInvalid", joined(mistakes), now)
    const { timeout = taken.timeout } = execution.spec
    const snapshot = { ...taken, ...(timeout !== undefined && { timeout }) }
    return { ...runStatus(execution, { startTime: now, snapshot }, stages, now), snapshot }
  }
  if (pipeline === undefined) {
    const message = `there is no PeanutPipeline "${name}" in namespace "${namespace}"`
    return refused(execution, "PipelineNotFound", message, now)
  }
  const large = findLargeStage(pipeline, definition)
  if (large !== undefined) return refused(execution, "PipelineTooLarge", large, now)
  const problems = findProblems(name, pipeline.spec, surroundings(definition))
  if (problems.length > 0) {
    return refused(execution, "PipelineInvalid", joined(problems.map((problem) => problem.message)), now)
  }
  const mistakes = findSpecProblems(execution, pipeline)
  if (mistakes.length > 0) return refused(execution, "ExecutionInvalid", joined(mistakes), now)
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

/** A stage of the pipeline that is too large to be run, told by its type. */
function findLargeStage({ spec }: Pipeline, { stages }: Definition): string | undefined {
  for (const type of new Set([...spec.stages, ...(spec.finally ?? [])].map((stage) => stage.type))) {
    const stage = stages.get(type)
    const { problem } = stage === undefined ? {} : analysisOf(stage.spec)
    if (problem !== undefined) return `PeanutStage "${type}": ${problem}`
  }
  return undefined
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
  const names = new Set(stages.map(({ name }) => name))
  const unknown = (spec.approved ?? []).filter((name) => !names.has(name)).slice(0, maxProblems)
  const suggest = newSuggestions()
  return unknown.map(
    (name) => `approved names "${name}", which is no stage of pipeline "${pipeline}"${suggest(name, () => names)}`,
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

function takeSnapshot({ spec }: Execution, pipeline: Pipeline, stages: Definition["stages"]): Snapshot {
  const { stages: graph, finally: atEnd, params, failurePolicy, maxParallel, concurrencyPolicy } = pipeline.spec
  const timeout = spec.timeout ?? pipeline.spec.timeout
  const types = [...new Set([...graph, ...(atEnd ?? [])].map((stage) => stage.type))]
  return {
    pipelineGeneration: pipeline.metadata.generation,
    stages: graph,
    ...(atEnd !== undefined && { finally: atEnd }),
    stageSpecs: Object.fromEntries(
      types.flatMap((type) => {
        const stage = stages.get(type)
        // One that was not read for its size: the others alone are more than a snapshot may take.
        return stage === undefined ? [] : [[type, readStage(stage.spec).spec]]
      }),
    ),
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
