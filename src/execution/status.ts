// The status of an execution as a whole, told from the states of its stages.

import {
  type Execution,
  type ExecutionPhase,
  type ExecutionStatus,
  isStageFinished,
  type Snapshot,
  type StagePhase,
  type StageStatus,
} from "../api/execution.ts"
import type { Condition } from "../api/meta.ts"
import { maxMessageLength } from "./joined.ts"
import { findFailure } from "./rules/failure-policy.ts"

/**
 * The next status of an execution, given its previous one and where its stages stand now. Deterministic: with
 * nothing new to say it is equal to the previous one, so that nothing need be written.
 */
export function runStatus(
  execution: Execution,
  previous: ExecutionStatus & { readonly snapshot: Snapshot },
  stages: readonly StageStatus[],
  now: string,
): ExecutionStatus {
  const count = countPhases(stages)
  const phase = executionPhase(previous.snapshot, stages, count)
  const isOver = phase !== "Pending" && phase !== "Running"
  return {
    ...previous,
    observedGeneration: execution.metadata.generation,
    phase,
    summary: summary(stages.length, count),
    ...(isOver && { completionTime: previous.completionTime ?? now }),
    conditions: withCondition(previous.conditions, succeededCondition(execution, phase, stages, count), now),
    stages: [...stages],
  }
}

type Count = Readonly<Record<StagePhase, number>>

function countPhases(stages: readonly StageStatus[]): Count {
  const count = { Waiting: 0, Running: 0, Succeeded: 0, Failed: 0, Skipped: 0, Cancelled: 0 }
  for (const stage of stages) count[stage.phase]++
  return count
}

/** How the stages of the graph ended together; undefined until all have. What `finally` does counts after that. */
export function outcomeOf(
  { stages }: Pick<Snapshot, "stages">,
  statuses: ReadonlyMap<string, StageStatus>,
): Extract<ExecutionPhase, "Succeeded" | "Failed" | "Cancelled"> | undefined {
  const own = stages.flatMap(({ name }) => statuses.get(name) ?? [])
  if (!own.every(({ phase }) => isStageFinished(phase))) return undefined
  if (own.some(({ phase, reason }) => phase === "Cancelled" && reason === "Cancelled")) return "Cancelled"
  const isOutOfTime = own.some(({ reason }) => reason === "ExecutionTimeout")
  return isOutOfTime || findFailure(stages, statuses) !== undefined ? "Failed" : "Succeeded"
}

function executionPhase(snapshot: Snapshot, stages: readonly StageStatus[], count: Count): ExecutionPhase {
  if (!stages.every((stage) => isStageFinished(stage.phase))) {
    return count.Waiting === stages.length ? "Pending" : "Running"
  }
  const statuses = new Map(stages.map((status) => [status.name, status]))
  const outcome = outcomeOf(snapshot, statuses)!
  const isSpoilt = outcome === "Succeeded" && findFailure(snapshot.finally ?? [], statuses) !== undefined
  return isSpoilt ? "Failed" : outcome
}

/** The stages in one line, such as `3/5 succeeded, 1 running`. */
function summary(total: number, count: Count): string {
  const others = (["Running", "Failed", "Skipped", "Cancelled"] as const).filter((phase) => count[phase] > 0)
  return [
    `${count.Succeeded}/${total} succeeded`,
    ...others.map((phase) => `${count[phase]} ${phase.toLowerCase()}`),
  ].join(", ")
}

function succeededCondition(
  execution: Execution,
  phase: ExecutionPhase,
  stages: readonly StageStatus[],
  count: Count,
): Omit<Condition, "lastTransitionTime"> {
  const type = "Succeeded"
  const message = [summary(stages.length, count), ...failures(stages)].join("; ")
  switch (phase) {
    case "Succeeded":
      return { type, status: "True", reason: "Succeeded", message }
    case "Failed":
      return { type, status: "False", reason: failedReason(stages), message }
    case "Cancelled":
      return { type, status: "False", reason: "Cancelled", message }
    case "Pending":
    case "Running":
      return { type, status: "Unknown", reason: execution.spec.suspend ? "Suspended" : phase, message }
  }
}

function failedReason(stages: readonly StageStatus[]): string {
  return stages.some(({ reason }) => reason === "ExecutionTimeout") ? "ExecutionTimeout" : "StageFailed"
}

/** What went wrong, stage by stage; only the first few, so that the message stays one that people read. */
function failures(stages: readonly StageStatus[]): readonly string[] {
  const failed = stages.filter((stage) => stage.phase === "Failed")
  const told = failed.slice(0, 5).map((stage) => `stage "${stage.name}" failed: ${stage.message ?? stage.reason}`)
  return failed.length > told.length ? [...told, `and ${failed.length - told.length} more`] : told
}

/** The conditions with this one set; its lastTransitionTime moves only when its status does. */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  next: Omit<Condition, "lastTransitionTime">,
  now: string,
): Condition[] {
  const previous = conditions?.find((condition) => condition.type === next.type)
  const lastTransitionTime = previous?.status === next.status ? previous.lastTransitionTime : now
  const condition = { ...next, message: next.message.slice(0, maxMessageLength).toWellFormed(), lastTransitionTime }
  if (previous === undefined) return [...(conditions ?? []), condition]
  return conditions!.map((other) => (other === previous ? condition : other))
}
