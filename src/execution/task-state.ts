// Where each Job of a stage stands: words in memory, and in the status of a stage with a matrix a letter for each
// combination, so that 256 Jobs take 256 bytes.

export type TaskState = "Waiting" | "Running" | "Succeeded" | "Failed" | "Cancelled"

const letters: Readonly<Record<TaskState, string>> = {
  Waiting: "W",
  Running: "R",
  Succeeded: "S",
  Failed: "F",
  Cancelled: "C",
}
const states = new Map(Object.entries(letters).map(([state, letter]) => [letter, state as TaskState]))

/** The field `combinations` of a stage's status: a letter for each state, in the order of the matrix. */
export function writeStates(states: readonly TaskState[]): string {
  return states.map((state) => letters[state]).join("")
}

/** The states that the field `combinations` lists; a letter that is none, as one written by hand may be, waits. */
export function readStates(combinations: string): readonly TaskState[] {
  return Array.from(combinations, (letter) => states.get(letter) ?? "Waiting")
}

/** Whether it will not change any more. */
export const isOver = (state: TaskState): boolean => state !== "Waiting" && state !== "Running"

/** The states of a stage that has ended: what waited or ran will not end any more. */
export function withoutOpen(states: readonly TaskState[]): readonly TaskState[] {
  return states.map((state) => (isOver(state) ? state : "Cancelled"))
}
