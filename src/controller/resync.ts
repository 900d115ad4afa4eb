// Events get lost. A resync looks at everything that has not ended, so that one of them repairs whatever was missed; and
// it clears away what is not to be kept.

import { isDeepStrictEqual } from "node:util"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { isUnfinished } from "../api/execution.ts"
import { byName, type Ref } from "../api/meta.ts"
import type { Pipeline } from "../api/pipeline.ts"
import type { Stage } from "../api/stage.ts"
import { Cluster } from "../cluster.ts"
import { surroundings } from "../execution/accept.ts"
import { isScheduled, pipelineStatus } from "../execution/pipeline-status.ts"
import { expiredExecutions } from "../execution/rules/history.ts"
import { allJobs } from "../execution/scope.ts"
import { refusedByApi } from "./api-answers.ts"
import { expressionsFor } from "./expressions.ts"
import { now } from "./now.ts"
import { reconcile } from "./reconcile.ts"
import { validate } from "./validate.ts"

/**
 * Advances every unfinished execution, looks at those that ended but have a Job that runs on (a replica that died in the
 * middle of a step may have left it), and deletes those whose time is up. One that fails does not keep the others from
 * their turn.
 */
export const resync = Effect.fn("resync")(function* () {
  const cluster = yield* Cluster
  const [pipelines, stages, executions, running] = yield* Effect.all([
    cluster.pipelines(),
    cluster.stages(),
    cluster.executions(),
    cluster.withRunningJobs(),
  ]).pipe(Effect.catchTag("Refused", refusedByApi))
  const time = yield* now
  const expired = expiredExecutions(executions, pipelines, time)
  const doubtful = yield* Effect.filter(pipelines, (pipeline) => isDoubtful(pipeline, stages, time))
  const unfinished = executions.filter(isUnfinished).map(refOf)
  const known = new Set(unfinished.map(keyOf))
  const ended = running.filter((ref) => !known.has(keyOf(ref)))
  const work = [
    ...doubtful.map((pipeline) => validate(refOf(pipeline))),
    ...unfinished.map((ref) => reconcile(ref, allJobs)),
    ...ended.map((ref) => reconcile(ref, allJobs)),
    ...expired.map((execution) => cluster.deleteExecution(execution).pipe(Effect.catchTag("Refused", refusedByApi))),
  ]
  // Even a bug that one object brings to light must not keep the others from their turn.
  const results = yield* Effect.forEach(work, Effect.exit, { concurrency: 8 })
  const failures = results.filter(Exit.isFailure)
  yield* Effect.logInfo("resync", {
    executions: unfinished.length,
    deleted: expired.length,
    failures: failures.length,
  })
  const first = failures.find(({ cause }) => cause.reasons.some(Cause.isDieReason)) ?? failures[0]
  if (first !== undefined) yield* first
})

/** Whether what its status says of a pipeline may no longer be so: it, its stages or its PingSources changed unseen. */
const isDoubtful = Effect.fn("isDoubtful")(function* (pipeline: Pipeline, stages: readonly Stage[], time: string) {
  if (isScheduled(pipeline)) return true
  const { namespace } = pipeline.metadata
  const beside = stages.filter(({ metadata }) => metadata.namespace === namespace)
  const around = surroundings({ stages: byName(beside), expressions: yield* expressionsFor(pipeline.spec) })
  return !isDeepStrictEqual(pipelineStatus(pipeline, around, time), pipeline.status)
})

const refOf = ({ metadata: { namespace, name } }: { readonly metadata: Ref }): Ref => ({ namespace, name })
const keyOf = ({ namespace, name }: Ref) => `${namespace}/${name}`
