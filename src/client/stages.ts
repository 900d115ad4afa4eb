// The stages of an execution as its own copy of the pipeline has them.

import type { PipelineStage } from "../api/pipeline.ts"
import { didYouMean } from "../words/nearest-name.ts"
import { Missing } from "./errors.ts"
import type { ExecutionObject } from "./objects.ts"

/** The stages of the graph, then those that run at the end; none before the run began. */
export function stagesOf({ status }: ExecutionObject): readonly PipelineStage[] {
  return [...(status?.snapshot?.stages ?? []), ...(status?.snapshot?.finally ?? [])]
}

/** The error about a stage that the execution does not have. */
export function noStage(execution: string, stage: string, known: readonly PipelineStage[]): Missing {
  const names = known.map(({ name }) => name)
  const message = `execution "${execution}" has no stage "${stage}"${didYouMean(stage, names)}`
  return new Missing({ kind: "stage", name: stage, message })
}
