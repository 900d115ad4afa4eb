// Loads what knows CEL, for pipelines that have a `when`; a cold start without one does not pay for it.

import * as Effect from "effect/Effect"
import type { PipelineSpec } from "../api/pipeline.ts"
import type { Expressions } from "../execution/rules/when.ts"

let loaded: Expressions | undefined

/** What evaluates the expressions of these stages, if they have any. */
export const expressionsFor = ({
  stages,
  finally: atEnd = [],
}: Pick<PipelineSpec, "stages" | "finally">): Effect.Effect<Expressions | undefined> =>
  [...stages, ...atEnd].some(({ when }) => when !== undefined)
    ? Effect.suspend(() => (loaded === undefined ? load : Effect.succeed(loaded)))
    : Effect.undefined

const load = Effect.map(
  Effect.promise(() => import("../execution/expressions.ts")),
  ({ expressions }) => {
    loaded = expressions
    return loaded
  },
)
