// Lets the next execution of a pipeline run, when the one that ran was deleted.

import * as Effect from "effect/Effect"
import type { Ref } from "../api/meta.ts"
import { Cluster } from "../cluster.ts"
import { refusedByApi } from "./api-answers.ts"
import { reconcileNext } from "./reconcile.ts"
import { whoseTurn } from "./turns.ts"

export const passTurn = Effect.fn("passTurn")(function* (ref: Ref) {
  const cluster = yield* Cluster
  const next = yield* cluster.pipelineAlone(ref).pipe(
    Effect.flatMap((pipeline) => whoseTurn(ref, pipeline.spec.concurrencyPolicy)),
    Effect.catchTags({
      NotFound: () => Effect.undefined,
      Malformed: () => Effect.undefined,
      Refused: refusedByApi,
    }),
  )
  if (next !== undefined) yield* reconcileNext(next.metadata)
})
