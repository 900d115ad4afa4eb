// peanut validate: every mistake in the manifests, over all objects and not for one run alone.

import { text } from "node:stream/consumers"
import { readOwn } from "../../manifests/own.ts"
import { formatProblem, type Problem, sortProblems } from "../../manifests/problem.ts"
import { missingReferences } from "../../manifests/references.ts"
import { exitCodes } from "../exit-codes.ts"
import { summaryOf, toJson } from "../view/mistakes.ts"
import { complain, say } from "../writer.ts"

export interface ValidateOptions {
  readonly paths: readonly string[]
  /** Stages and pipelines that the files do not hold are in the cluster. */
  readonly allowMissing: boolean
  readonly output?: "json" | undefined
  readonly quiet: boolean
}

/** Checks what the options say, tells all that is wrong, and returns the exit code. */
export async function validate(options: ValidateOptions): Promise<number> {
  const read = await readOwn(options.paths, () => text(process.stdin))
  const { loaded } = read
  const missing = missingReferences(loaded, options.allowMissing)
  const problems = sortProblems(unique([...loaded.problems, ...missing]), loaded.files)
  if (options.output === "json") say(toJson(problems, loaded.manifests))
  else {
    for (const problem of problems) complain(formatProblem(problem))
    if (!options.quiet) (problems.length === 0 ? say : complain)(summaryOf(read, problems.length))
  }
  return problems.length === 0 ? exitCodes.succeeded : exitCodes.badInput
}

/** Through an alias, two fields can have the same mistake in the same place. */
function unique(problems: readonly Problem[]): readonly Problem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()]
}
