// Everything that a run on this machine must get right before it begins, asked in one go: half a run is worse than none.

import type { Runner } from "../../cluster/local.ts"
import { definitionMistakes } from "../../manifests/definition.ts"
import { type Given, giveTo, parseParams } from "../../manifests/given.ts"
import type { Loaded } from "../../manifests/loaded.ts"
import { type Problem, sortProblems } from "../../manifests/problem.ts"
import { type Choice, type Run, selectRun } from "../../manifests/select.ts"
import { sizeMistakes } from "../../manifests/size.ts"
import { approvalMistakes, checkPlayable } from "./playable.ts"
import type { Environment } from "./program.ts"

export interface Request extends Choice, Given {
  readonly runner: Runner
  readonly environment: Environment
  /** Whether somebody can be asked for an approval. */
  readonly canAsk: boolean
}

/** The run as it is to be played, or all that keeps it from that. */
export function prepareRun(loaded: Loaded, request: Request): { run: Run } | { problems: readonly Problem[] } {
  const selected = selectRun(loaded, request)
  if ("problems" in selected) {
    return { problems: [...selected.problems, ...parseParams(request.params ?? []).problems] }
  }
  const { run, problems } = giveTo(selected.run, request)
  const found = [
    ...checkPlayable(run, request.runner, request.environment),
    ...definitionMistakes(run.pipeline, run.stages, loaded.expressions),
    ...problems,
    ...(request.canAsk ? [] : approvalMistakes(run)),
  ]
  // Only what is right can be measured.
  const all = found.length > 0 ? found : sizeMistakes(run)
  return all.length > 0 ? { problems: sortProblems(all, loaded.files) } : { run }
}
