// What a new execution is to run, and whether it may: its first status.

import * as Effect from "effect/Effect"
import type { Execution, ExecutionStatus } from "../api/execution.ts"
import type { ConcurrencyPolicy } from "../api/pipeline.ts"
import { Cluster } from "../cluster.ts"
import { accept, type Definition, refused } from "../execution/accept.ts"
import { queued } from "../execution/rules/concurrency-policy.ts"
import { expressionsFor } from "./expressions.ts"
import { takeTurn } from "./turns.ts"

export interface Admission {
  readonly status: ExecutionStatus
  readonly policy: ConcurrencyPolicy | undefined
}

/** The first status of an execution: accepted, held until its turn comes, or ended before it began. */
export const admit = Effect.fn("admit")(function* (execution: Execution, now: string) {
  const definition = yield* definitionOf(execution)
  const { pipeline } = definition
  const policy = pipeline?.spec.concurrencyPolicy
  const accepted = accept(execution, definition, now)
  const admission = (status: ExecutionStatus): Admission => ({ status, policy })
  // What cannot run needs no turn.
  if (accepted.snapshot === undefined || pipeline === undefined || policy === undefined || policy === "Allow") {
    return admission(accepted)
  }
  if (execution.spec.cancel) {
    return admission(refused(execution, "Cancelled", "cancelled before it started", now, "Cancelled"))
  }
  const turn = yield* takeTurn(execution, pipeline)
  switch (turn._tag) {
    case "Run":
      return admission(accepted)
    case "Refuse": {
      const message = `pipeline "${pipeline.metadata.name}" lets one execution run at a time, and "${turn.behind.metadata.name}" does`
      return admission(refused(execution, "ConcurrencyForbidden", message, now))
    }
    case "Wait":
    case "Hold":
    // What was just claimed is held by somebody: there is nothing more to claim.
    case "Claim":
      return admission(queued(execution, turn, now))
  }
})

/** All that an execution is accepted by, as it is now. */
const definitionOf = Effect.fn("definitionOf")(function* (execution: Execution) {
  const cluster = yield* Cluster
  const { namespace } = execution.metadata
  const { rerunOf } = execution.spec
  const definition = yield* cluster.definition(execution)
  const original =
    rerunOf === undefined
      ? undefined
      : yield* cluster.execution({ namespace, name: rerunOf }).pipe(
          // One that nobody can read cannot be repeated; to stop here would keep the turn from all others.
          Effect.catchTags({ NotFound: () => Effect.undefined, Malformed: () => Effect.undefined }),
        )
  const expressions = definition.pipeline && (yield* expressionsFor(definition.pipeline.spec))
  return { ...definition, original, expressions } satisfies Definition
})
