// Where a stage with a matrix stands, told from its Jobs.

import type { StageStatus } from "../api/execution.ts"
import { describeCombination, type Matrix } from "./matrix.ts"
import { isFatal } from "./rules/failure-policy.ts"
import { type Failure, failureOf, stopOf } from "./task-failure.ts"
import { readStates, type TaskState, withoutOpen, writeStates } from "./task-state.ts"
import type { StageInRun } from "./tasks.ts"

/** A stage with a matrix. */
interface MatrixInRun extends StageInRun {
  readonly matrix: Matrix
}

/** The status of a stage with a matrix that has Jobs, or had. */
export function progressOfMatrix(of: MatrixInRun): StageStatus {
  const { execution, stage, spec, previous, tasks, now } = of
  const stops = tasks.map((task) =>
    task.state === "Failed" && task.outcome ? stopOf(execution, stage.name, spec, task) : undefined,
  )
  const states = tasks.map(({ state }, index): TaskState => (stops[index] === undefined ? state : "Cancelled"))
  const count = (state: TaskState) => states.filter((other) => other === state).length
  const startTime =
    previous.startTime ?? tasks.flatMap(({ work }) => work?.metadata.creationTimestamp ?? []).toSorted()[0]
  const started = {
    name: previous.name,
    ...(startTime !== undefined && { startTime }),
    combinations: writeStates(states),
  }
  const failure = firstFailure(of, states)
  const isFailedFast = failure !== undefined && isFatal(execution.status.snapshot, stage)
  if (count("Waiting") + count("Running") > 0 && !isFailedFast) {
    const troubles = tasks.flatMap(({ outcome }) => (outcome?.phase === "Running" ? (outcome.message ?? []) : []))
    return { ...started, phase: "Running", ...(troubles.length > 0 && { message: troubles[0] }), ...failure }
  }
  const ended = { ...started, combinations: writeStates(withoutOpen(states)), completionTime: now }
  if (failure !== undefined) {
    const message = `${count("Failed")} of ${tasks.length} combinations failed; the first: ${failure.message}`
    return { ...ended, phase: "Failed", reason: failure.reason, message }
  }
  const stop = stops.find((it) => it !== undefined)
  return stop === undefined ? { ...ended, phase: "Succeeded" } : { ...ended, phase: "Cancelled", ...stop }
}

/** It is told as long as the stage is: once it is recorded, nobody may be able to ask its Job any more. */
function firstFailure(
  { execution, spec, matrix, previous: { combinations = "", reason, message }, tasks }: MatrixInRun,
  states: readonly TaskState[],
): Failure | undefined {
  // Before the first has failed, a reason says why the stage waited.
  if (readStates(combinations).includes("Failed") && reason !== undefined) return { reason, message: message ?? "" }
  const failed = tasks.find(({ outcome }, index) => states[index] === "Failed" && outcome !== undefined)
  if (failed === undefined) return undefined
  const failure = failureOf(execution, spec, failed)
  return { ...failure, message: `${describeCombination(matrix, failed.index)}: ${failure.message}` }
}
