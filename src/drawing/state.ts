// The state of a stage in a run, as every form of drawing tells it: by a sign and a word, and never by colour alone.

import type { StagePhase, StageStatus } from "../api/execution.ts"

export interface State {
  readonly phase: StagePhase
  /** Such as `Failed: BackoffLimitExceeded: exit code 3`. */
  readonly sentence: string
}

/** Signs that differ in shape, for those who see no colours. */
export const phaseSigns: Readonly<Record<StagePhase, string>> = {
  Waiting: "·",
  Running: "●",
  Succeeded: "✔",
  Failed: "✖",
  Skipped: "↷",
  Cancelled: "⊘",
}

/** Colours of the middle, for drawing programs that do not know whether the page is light or dark. */
export const phaseColours: Readonly<Record<StagePhase, string>> = {
  Waiting: "#8a7a66",
  Running: "#1f7fc4",
  Succeeded: "#2f9150",
  Failed: "#d1433a",
  Skipped: "#a67c00",
  Cancelled: "#8b63c0",
}

export const phases = Object.keys(phaseSigns) as readonly StagePhase[]

/** `✔ Succeeded` */
export function phaseLabel(phase: StagePhase): string {
  return `${phaseSigns[phase]} ${phase}`
}

/** The name of a class for a phase, in every language that has classes. */
export function phaseClass(phase: StagePhase): string {
  return phase.toLowerCase()
}

/** The state of a stage; one that has no status yet waits. */
export function stateOf(status: Omit<StageStatus, "name"> = { phase: "Waiting" }): State {
  const { phase, reason, message } = status
  const parts = [phase, reason === phase ? undefined : reason, message]
  return { phase, sentence: parts.filter((part) => part !== undefined && part !== "").join(": ") }
}
