// Events get lost. A resync looks at everything that has not ended, so that one of them repairs whatever was missed; and
// it clears away what is not to be kept.

import { isDeepStrictEqual } from "node:util"
import * as Effect from "effect/Effect"
import type { Ref } from "../api/meta.ts"
import type { Pipeline } from "../api/pipeline.ts"
import { Cluster, type PipelineRead } from "../cluster.ts"
import { type Definition, surroundings } from "../execution/accept.ts"
import { isScheduled, pipelineStatus } from "../execution/pipeline-status.ts"
import { expiredExecutions } from "../execution/rules/history.ts"
import { allJobs } from "../execution/scope.ts"
import { refusedByApi } from "./api-answers.ts"
import { expressionsFor } from "./expressions.ts"
import { guardAll } from "./guard.ts"
import { now } from "./now.ts"
import { OneResync } from "./one-resync.ts"
import { reconcile } from "./reconcile.ts"
import { validate } from "./validate.ts"

/** How many objects are looked at side by side; each can be a megabyte, and has others beside it. */
const concurrency = 4

/**
 * Advances every unfinished execution, looks at those that ended but have a Job that runs on (a replica that died in the
 * middle of a step may have left it), and deletes those whose time is up. One that fails, dies or is slow does not keep the
 * others from their turn; it fails with the first failure that another try may cure.
 */
export const resync = Effect.fn("resync")(function* () {
  const { enter } = yield* OneResync
  yield* enter(lookAtAll())
})

const lookAtAll = Effect.fnUntraced(function* () {
  const cluster = yield* Cluster
  const time = yield* now
  // One list after the other: of each only what is needed is held.
  const pipelines = yield* cluster.pipelines().pipe(Effect.catchTag("Refused", refusedByApi))
  const unfinished = yield* cluster.unfinished().pipe(Effect.catchTag("Refused", refusedByApi))
  const running = yield* cluster.withRunningJobs().pipe(Effect.catchTag("Refused", refusedByApi))
  const expired = yield* cluster.ended().pipe(
    Effect.map((ended) => expiredExecutions(ended, pipelines, time)),
    Effect.catchTag("Refused", refusedByApi),
  )
  const known = new Set(unfinished.map(keyOf))
  const ended = running.filter((ref) => !known.has(keyOf(ref)))
  const results = [
    yield* guardAll(unfinished, execution, (ref) => reconcile(ref, allJobs), concurrency),
    yield* guardAll(ended, execution, (ref) => reconcile(ref, allJobs), concurrency),
    yield* lookAtPipelines(pipelines, time),
    yield* guardAll(
      expired,
      ({ metadata }) => execution(metadata),
      (object) => cluster.deleteExecution(object).pipe(Effect.catchTag("Refused", refusedByApi)),
      concurrency,
    ),
  ]
  yield* Effect.logInfo("resync", {
    executions: unfinished.length,
    deleted: expired.length,
    failures: results.reduce((sum, { failures }) => sum + failures, 0),
  })
  for (const { first } of results) yield* first
})

/** Validates those whose status may no longer be so. */
const lookAtPipelines = Effect.fnUntraced(function* (pipelines: readonly PipelineRead[], time: string) {
  const used = new Set(
    pipelines.flatMap(({ metadata: { namespace }, whole }) =>
      whole === undefined ? [] : typesOf(whole).map((name) => keyOf({ namespace, name })),
    ),
  )
  const stages = yield* (yield* Cluster)
    .stages((ref) => used.has(keyOf(ref)))
    .pipe(Effect.catchTag("Refused", refusedByApi))
  const look = Effect.fnUntraced(function* ({ metadata, whole }: PipelineRead) {
    const beside = stages.get(metadata.namespace) ?? new Map()
    if (yield* isDoubtful(whole, beside, time)) yield* validate(metadata)
  })
  return yield* guardAll(pipelines, ({ metadata }) => ({ ...metadata, kind: "PeanutPipeline" }), look, concurrency)
})

/**
 * Whether what its status says of a pipeline may no longer be so: it, its stages or its PingSources changed unseen. Of what
 * was too large to be held nobody can tell.
 */
const isDoubtful = Effect.fn("isDoubtful")(function* (
  pipeline: Pipeline | undefined,
  stages: Definition["stages"],
  time: string,
) {
  if (pipeline === undefined || isScheduled(pipeline)) return true
  if (typesOf(pipeline).some((type) => stages.has(type) && stages.get(type) === undefined)) return true
  const around = surroundings({ stages, expressions: yield* expressionsFor(pipeline.spec) })
  return !isDeepStrictEqual(pipelineStatus(pipeline, around, time), pipeline.status)
})

const typesOf = ({ spec: { stages, finally: atEnd = [] } }: Pipeline) => [...stages, ...atEnd].map(({ type }) => type)
const execution = ({ namespace, name }: Ref) => ({ kind: "PeanutPipelineExecution", namespace, name })
const keyOf = ({ namespace, name }: Ref) => `${namespace}/${name}`
