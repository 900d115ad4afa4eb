// Approvals: stages of an execution that wait for a person are let start.

import * as Effect from "effect/Effect"
import { isFinished, isStageFinished } from "../api/execution.ts"
import type { PipelineStage } from "../api/pipeline.ts"
import { type Conflict, resources } from "../cluster/object-api.ts"
import type { Client } from "./client.ts"
import { type Missing, Unfit } from "./errors.ts"
import { type ReadError, readExecution } from "./executions.ts"
import type { ExecutionObject, PipelineObject } from "./objects.ts"
import { noStage, stagesOf } from "./stages.ts"

export interface Approved {
  readonly stage: string
  /** Whether it was approved before. */
  readonly isOld: boolean
}

/** How often others may have written the execution in between, before it is given up. */
const maxConflicts = 5

/** Adds the stages to those approved; undefined: all that wait. What became of each; none where none waits. */
export const approve = (client: Client, name: string, asked: readonly string[] | undefined) =>
  approveOnce(client, name, asked).pipe(
    Effect.retry({ while: (error) => error._tag === "Conflict", times: maxConflicts }),
  )

const approveOnce = Effect.fnUntraced(function* (
  client: Client,
  name: string,
  asked: readonly string[] | undefined,
): Effect.fn.Return<readonly Approved[], ReadError | Unfit | Conflict> {
  const execution = yield* readExecution(client, name)
  const wanted = asked === undefined ? waiting(execution) : [...new Set(asked)]
  if (asked !== undefined) yield* check(client, execution, wanted)
  const { approved = [] } = execution.spec
  const added = wanted.filter((stage) => !approved.includes(stage))
  if (added.length > 0) {
    yield* client.patch(resources.executions, name, {
      // Two people may approve at once: neither approval must be lost.
      metadata: { resourceVersion: execution.metadata.resourceVersion },
      spec: { approved: [...approved, ...added] },
    })
  }
  return wanted.map((stage) => ({ stage, isOld: !added.includes(stage) }))
})

function waiting({ status }: ExecutionObject): readonly string[] {
  return (status?.stages ?? []).flatMap(({ name, reason }) => (reason === "AwaitingApproval" ? [name] : []))
}

/** All names must be right, or none is approved. */
const check = Effect.fnUntraced(function* (
  client: Client,
  execution: ExecutionObject,
  names: readonly string[],
): Effect.fn.Return<void, ReadError | Missing | Unfit> {
  const { name } = execution.metadata
  const unfit = (message: string) => new Unfit({ execution: name, message })
  if (isFinished(execution)) {
    return yield* unfit(`execution "${name}" has ended: ${execution.status?.phase}; there is nothing to approve`)
  }
  const stages = yield* definedStages(client, execution)
  for (const wanted of names) {
    const stage = stages.find((stage) => stage.name === wanted)
    if (stage === undefined) return yield* noStage(name, wanted, stages)
    if (!stage.approval) return yield* unfit(`stage "${wanted}" of execution "${name}" needs no approval`)
    const status = execution.status?.stages?.find((status) => status.name === wanted)
    if (status !== undefined && isStageFinished(status.phase)) {
      return yield* unfit(`stage "${wanted}" of execution "${name}" has ended: ${status.phase}`)
    }
  }
})

/** Of an execution that was not taken up yet, the stages of its pipeline. */
function definedStages(client: Client, execution: ExecutionObject): Effect.Effect<readonly PipelineStage[], ReadError> {
  if (execution.status?.snapshot !== undefined) return Effect.succeed(stagesOf(execution))
  return client
    .get<PipelineObject>(resources.pipelines, execution.spec.pipelineName)
    .pipe(Effect.map(({ spec }) => spec.stages))
}
