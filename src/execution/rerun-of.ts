// rerunOf: a new execution that runs what another one left undone, with the same snapshot and parameters.

import { type Execution, isFinished, type Snapshot, type StageStatus } from "../api/execution.ts"
import { readStates, type TaskState, writeStates } from "./task-state.ts"

/** Why this execution cannot be repeated, if it cannot. */
export function findRerunProblem({ spec, metadata }: Execution, original: Execution | undefined): string | undefined {
  const name = `execution "${spec.rerunOf}"`
  if (original === undefined) return `there is no ${name} in namespace "${metadata.namespace}" to run again`
  if (original.spec.pipelineName !== spec.pipelineName) {
    return `${name} is of pipeline "${original.spec.pipelineName}", not "${spec.pipelineName}"`
  }
  if (!isFinished(original)) return `${name} has not ended; wait for it, or cancel it`
  const { phase, snapshot, stages } = original.status!
  if (phase === "Succeeded") return `${name} succeeded, so there is nothing to run again`
  if (snapshot === undefined || stages === undefined) {
    return `${name} never started, so there is nothing to take over; start a new execution`
  }
  return undefined
}

/** What the new execution begins with: the snapshot, and the stages that Succeeded, but for those of `finally`. */
export function takeOver(original: Execution): {
  readonly snapshot: Snapshot
  readonly stages: readonly StageStatus[]
} {
  const { snapshot, stages } = original.status!
  const again = new Set(snapshot!.finally?.map(({ name }) => name))
  return { snapshot: snapshot!, stages: stages!.map((stage) => taken(stage, again.has(stage.name), original)) }
}

function taken(stage: StageStatus, isRunAgain: boolean, { metadata }: Execution): StageStatus {
  const { name, phase, combinations } = stage
  if (!isRunAgain && phase === "Succeeded") {
    const why = { reason: "TakenOver", message: `from execution "${metadata.name}"` }
    // Taken over before: who really ran it stays on record.
    return { ...stage, ...(stage.reason !== "TakenOver" && why) }
  }
  const states = isRunAgain ? [] : readStates(combinations ?? "")
  const done = states.map((state): TaskState => (state === "Succeeded" ? state : "Waiting"))
  return { name, phase: "Waiting", ...(done.includes("Succeeded") && { combinations: writeStates(done) }) }
}
