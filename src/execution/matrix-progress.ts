// Where a stage with a matrix stands, told from its Jobs.

import type { StageStatus } from "../api/execution.ts"
import type { PipelineStage } from "../api/pipeline.ts"
import type { StageSpec } from "../api/stage.ts"
import type { AcceptedExecution } from "./accept.ts"
import { describeCombination, withoutOpen } from "./matrix.ts"
import { isFatal } from "./rules/failure-policy.ts"
import { type Failure, failureOf, stopOf } from "./task-failure.ts"
import type { Task } from "./tasks.ts"

/** The status of a stage with a matrix that has Jobs, or had. */
export function progressOfMatrix(
  execution: AcceptedExecution,
  stage: Pick<PipelineStage, "name" | "onFailure"> & { readonly matrix: NonNullable<PipelineStage["matrix"]> },
  spec: StageSpec,
  previous: StageStatus,
  tasks: readonly Task[],
  now: string,
): StageStatus {
  const stops = tasks.map((task) =>
    task.letter === "F" && task.outcome ? stopOf(execution, stage.name, spec, task) : undefined,
  )
  const letters = tasks.map(({ letter }, index) => (stops[index] === undefined ? letter : "C"))
  const count = (letter: string) => letters.filter((other) => other === letter).length
  const startTime =
    previous.startTime ?? tasks.flatMap(({ job }) => job?.metadata.creationTimestamp ?? []).toSorted()[0]
  const combinations = letters.join("")
  const started = { name: previous.name, ...(startTime !== undefined && { startTime }), combinations }
  const failure = firstFailure(execution, stage.matrix, spec, previous, tasks, letters)
  const isFailedFast = failure !== undefined && isFatal(execution.status.snapshot, stage)
  if (count("W") + count("R") > 0 && !isFailedFast) {
    const troubles = tasks.flatMap(({ outcome }) => (outcome?.phase === "Running" ? (outcome.message ?? []) : []))
    return { ...started, phase: "Running", ...(troubles.length > 0 && { message: troubles[0] }), ...failure }
  }
  const ended = { ...started, combinations: withoutOpen(combinations), completionTime: now }
  if (failure !== undefined) {
    const message = `${count("F")} of ${tasks.length} combinations failed; the first: ${failure.message}`
    return { ...ended, phase: "Failed", reason: failure.reason, message }
  }
  const stop = stops.find((it) => it !== undefined)
  return stop === undefined ? { ...ended, phase: "Succeeded" } : { ...ended, phase: "Cancelled", ...stop }
}

/** It is told as long as the stage is: once it is recorded, nobody may be able to ask its Job any more. */
function firstFailure(
  execution: AcceptedExecution,
  matrix: NonNullable<PipelineStage["matrix"]>,
  spec: StageSpec,
  { combinations, reason, message }: StageStatus,
  tasks: readonly Task[],
  letters: readonly string[],
): Failure | undefined {
  // Before the first has failed, a reason says why the stage waited.
  if (combinations?.includes("F") && reason !== undefined) return { reason, message: message ?? "" }
  const failed = tasks.find(({ outcome }, index) => letters[index] === "F" && outcome !== undefined)
  if (failed === undefined) return undefined
  const failure = failureOf(execution, spec, failed)
  return { ...failure, message: `${describeCombination(matrix, failed.index)}: ${failure.message}` }
}
