// A stage as the rule leaves it that has a say about it.

import type { StageStatus } from "../api/execution.ts"
import type { Ending } from "./rules/ending.ts"
import type { Gate } from "./rules/gate.ts"
import { readStates, withoutOpen, writeStates } from "./task-state.ts"

/** The status of a stage of which there is nothing to say yet. */
export function waiting(name: string): StageStatus {
  return { name, phase: "Waiting" }
}

/** A stage that a gate holds, or keeps from running at all. */
export function heldBy(gate: Gate, status: StageStatus, now: string): StageStatus {
  return clipped(held(gate, status, now))
}

function held(gate: Gate, { name, combinations }: StageStatus, now: string): StageStatus {
  const kept = { name, ...(combinations !== undefined && { combinations }) }
  const { _tag, ...why } = gate
  switch (_tag) {
    case "Wait":
      return { ...kept, phase: "Waiting", ...why }
    case "Skip":
      return { ...kept, phase: "Skipped", completionTime: now, ...why }
    case "Fail":
      return { ...kept, phase: "Failed", completionTime: now, ...why }
  }
}

/** A stage that the end of the run stops, or keeps from starting. */
export function endedBy(ending: Ending, previous: StageStatus, now: string): StageStatus {
  const { name, phase, jobName, startTime, combinations } = previous
  const known = {
    name,
    ...(jobName !== undefined && { jobName }),
    ...(startTime !== undefined && { startTime }),
    ...(combinations !== undefined && { combinations: writeStates(withoutOpen(readStates(combinations))) }),
    completionTime: now,
  }
  // A matrix of which a Job failed is itself the failure that ended the run.
  if (ending.reason === "FailFast" && readStates(combinations ?? "").includes("Failed")) {
    const { reason = "CombinationFailed", message = "a combination failed" } = previous
    return { ...known, phase: "Failed", reason, message }
  }
  const { reason, message } = ending
  return { ...known, phase: phase === "Running" || reason === "Cancelled" ? "Cancelled" : "Skipped", reason, message }
}

/** The longest message of a stage, in characters: a thousand of them must fit into one object. */
const maxMessageLength = 300

/** A stage with no longer a message than a status has room for. */
export function clipped(status: StageStatus): StageStatus {
  if (status.message === undefined || status.message.length <= maxMessageLength) return status
  // Half a character would come back from the API server as another one, and be written again and again.
  return { ...status, message: `${status.message.slice(0, maxMessageLength - 1).toWellFormed()}…` }
}
