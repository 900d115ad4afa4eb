// Keeps a pipeline's condition Valid: mistakes show when the pipeline is applied, before anybody runs it. And brings what
// starts its schedules into line.

import { isDeepStrictEqual } from "node:util"
import * as Effect from "effect/Effect"
import type { Ref } from "../api/meta.ts"
import { Cluster, Unavailable } from "../cluster.ts"
import { surroundings } from "../execution/accept.ts"
import { pipelineStatus } from "../execution/pipeline-status.ts"
import { patience, refusedByApi } from "./api-answers.ts"
import { expressionsFor } from "./expressions.ts"
import { guardAll } from "./guard.ts"
import { now } from "./now.ts"
import { keepSchedules } from "./schedules.ts"

/** Looks at one pipeline and its schedules, and writes its conditions, if they changed. */
export const validate = Effect.fn("validate")(
  function* (ref: Ref) {
    const cluster = yield* Cluster
    const { pipeline: read, stages } = yield* cluster.pipeline(ref)
    const around = surroundings({ stages, expressions: yield* expressionsFor(read.spec) })
    const time = yield* now
    const { pipeline, status } = yield* keepSchedules(read, pipelineStatus(read, around, time), time)
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
  const { first } = yield* guardAll(pipelines, (ref) => ({ ...ref, kind: "PeanutPipeline" }), validate, 4)
  yield* first
})
