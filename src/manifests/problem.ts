// A mistake in what somebody gave to Peanut, and where it is.

import { spelled } from "../words/safe.ts"

export interface Problem {
  /** Absent where the mistake is in the command line. */
  readonly file?: string
  readonly line?: number
  /** `PeanutPipeline "web"` */
  readonly object?: string
  /** What is wrong and what to do about it. */
  readonly message: string
}

/** The problem on one line, in the form editors and terminals can jump to: `web.yaml:12: PeanutPipeline "web": ...`. */
export function formatProblem({ file, line, object, message }: Problem): string {
  const where = file === undefined || line === undefined ? file : `${file}:${line}`
  // What a file holds must not move the cursor of a terminal.
  return spelled([where, object, message].filter((part) => part !== undefined).join(": "))
}

/** In the order of the files as they were read, then by line; what concerns no file comes last. */
export function sortProblems(problems: readonly Problem[], files: readonly string[]): readonly Problem[] {
  const order = new Map(files.map((file, index) => [file, index]))
  const rank = ({ file }: Problem) => (file === undefined ? files.length : (order.get(file) ?? -1))
  return problems.toSorted((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0))
}
