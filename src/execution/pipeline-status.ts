// The status of a pipeline: whether executions of it can run, with every mistake named.

import type { Pipeline, PipelineStatus } from "../api/pipeline.ts"
import { findProblems } from "./graph.ts"
import { withCondition } from "./status.ts"

/** The status a pipeline should have, given the names of the PeanutStages beside it. */
export function pipelineStatus(pipeline: Pipeline, types: ReadonlySet<string>, now: string): PipelineStatus {
  const { stages } = pipeline.spec
  const problems = findProblems(pipeline.metadata.name, stages, types)
  const verdict =
    problems.length === 0
      ? {
          status: "True" as const,
          reason: "Valid",
          message: `${stages.length} ${stages.length === 1 ? "stage" : "stages"}`,
        }
      : {
          status: "False" as const,
          reason: "Invalid",
          message: problems.map((problem) => problem.message).join("; "),
        }
  return {
    ...pipeline.status,
    observedGeneration: pipeline.metadata.generation,
    stageCount: stages.length,
    conditions: withCondition(pipeline.status?.conditions, { type: "Valid", ...verdict }, now),
  }
}
