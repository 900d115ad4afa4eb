// What there is to say of a stage beside its phase.

import type { StageStatus } from "../../api/execution.ts"
import { plain } from "../../words/safe.ts"

/** Why a stage that could start does not, by the reason in its status. */
const waits: Readonly<Record<string, string>> = {
  AwaitingApproval: "waits for approval",
  MaxParallel: "waits for a place: maxParallel",
  Suspended: "the execution is suspended",
}

/** Such as `3/8 succeeded, 1 failed; waits for approval`; on one line, and empty where there is nothing to say. */
export function noteOf({ phase, reason, message, combinations }: StageStatus): string {
  const wait = phase === "Waiting" && reason !== undefined ? waits[reason] : undefined
  const parts = [combinations && matrixSummary(combinations), wait ?? (message && plain(message))]
  return parts.filter(Boolean).join("; ")
}

const letters = { S: "succeeded", R: "running", F: "failed", C: "cancelled" } as const

/** The combinations of a matrix in one line, such as `3/8 succeeded, 2 running`. */
function matrixSummary(combinations: string): string {
  const count = (letter: string) => combinations.split(letter).length - 1
  const [succeeded, ...others] = Object.entries(letters).map(([letter, word]) => [count(letter), word] as const)
  const rest = others.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`)
  return [`${succeeded![0]}/${combinations.length} succeeded`, ...rest].join(", ")
}
