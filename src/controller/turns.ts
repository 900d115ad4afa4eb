// Takes turns where a pipeline lets one execution run at a time.

import * as Effect from "effect/Effect"
import type { Execution } from "../api/execution.ts"
import type { Ref } from "../api/meta.ts"
import type { ConcurrencyPolicy, Pipeline } from "../api/pipeline.ts"
import { Cluster } from "../cluster.ts"
import { nextInTurn, turnOf } from "../execution/rules/concurrency-policy.ts"

/** Whether this execution may run now. A turn is written into the pipeline before anybody acts on it. */
export const takeTurn = Effect.fn("takeTurn")(function* (execution: Execution, pipeline: Pipeline) {
  const cluster = yield* Cluster
  const { namespace, name } = pipeline.metadata
  const policy = pipeline.spec.concurrencyPolicy
  const all = yield* cluster.unfinishedOf({ namespace, name })
  let turn = turnOf(execution, policy, all, pipeline.status?.activeExecution)
  if (turn._tag === "Claim") {
    const { name, uid } = turn.active.metadata
    const activeExecution = { name, uid }
    // Whoever else claims at the same time conflicts here, and looks again.
    yield* cluster.writePipelineStatus(pipeline, { ...pipeline.status, activeExecution })
    turn = turnOf(execution, policy, all, activeExecution)
  }
  if (turn._tag === "Wait") yield* Effect.forEach(turn.cancel, cluster.cancelExecution, { discard: true })
  return turn
})

/** The execution of this pipeline whose turn it is when none runs, if one waits. */
export const whoseTurn = Effect.fn("whoseTurn")(function* (pipeline: Ref, policy: ConcurrencyPolicy | undefined) {
  if (policy !== "Queue" && policy !== "Replace") return undefined
  return nextInTurn(policy, yield* (yield* Cluster).unfinishedOf(pipeline))
})
