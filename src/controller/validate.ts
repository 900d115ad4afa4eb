// Keeps a pipeline's condition Valid: mistakes show when the pipeline is applied, before anybody runs it.

import { isDeepStrictEqual } from "node:util"
import * as Effect from "effect/Effect"
import type { Ref } from "../api/meta.ts"
import { Cluster, Unavailable } from "../cluster.ts"
import { pipelineStatus } from "../execution/pipeline-status.ts"
import { now } from "./now.ts"
import { patience, refusedByApi } from "./reconcile.ts"

/** Looks at one pipeline and writes its condition, if that changed. */
export const validate = Effect.fn("validate")(
  function* (ref: Ref) {
    const cluster = yield* Cluster
    const { pipeline, stages } = yield* cluster.pipeline(ref)
    const status = pipelineStatus(pipeline, new Set(stages.keys()), yield* now)
    if (!isDeepStrictEqual(status, pipeline.status)) yield* cluster.writePipelineStatus(pipeline, status)
  },
  (effect, ref) =>
    effect.pipe(
      Effect.retry({ while: (error) => error._tag === "Conflict", times: patience }),
      Effect.catchTags({
        NotFound: () => Effect.logDebug("the pipeline is gone"),
        Malformed: ({ message }) => Effect.logError("a malformed object stops this validation", { message }),
        Conflict: ({ message }) => Effect.fail(new Unavailable({ message })),
        Refused: refusedByApi,
      }),
      Effect.annotateLogs({ namespace: ref.namespace, pipeline: ref.name }),
    ),
)

/** Looks at every pipeline that uses a stage: it came, or it went. */
export const validateUsers = Effect.fn("validateUsers")(function* (stage: Ref) {
  const cluster = yield* Cluster
  const pipelines = yield* cluster.pipelinesOf(stage).pipe(Effect.catchTag("Refused", refusedByApi))
  yield* Effect.forEach(pipelines, validate, { concurrency: 4, discard: true })
})
