// What follows from where the stages stand: which may start now, and which wait, are skipped, or are stopped.

import { type ExecutionPhase, isStageFinished, type StageStatus } from "../api/execution.ts"
import type { PipelineStage } from "../api/pipeline.ts"
import { sortTopologically } from "../graph/order.ts"
import { endedBy, heldBy } from "./held-stage.ts"
import { type Ending, endingOf } from "./rules/ending.ts"
import { checkStart } from "./rules/rules.ts"
import type { Run } from "./run.ts"
import { outcomeOf } from "./status.ts"
import { isLive } from "./tasks.ts"
import type { View } from "./template/fill.ts"

/** A stage that nothing keeps from starting, and what its references see. */
export interface Ready {
  readonly stage: PipelineStage
  readonly view: View
}

export interface Settled {
  readonly statuses: ReadonlyMap<string, StageStatus>
  /** In the order in which places are given to them. */
  readonly ready: readonly Ready[]
}

export function settle(run: Run): Settled {
  const settled = settleGraph(run)
  const phase = outcomeOf(run.execution.status.snapshot, settled.statuses)
  if (phase === undefined || isStillStopping(run, settled)) return settled
  return settleFinally(run, settled, phase)
}

/** Whether a Job that the run stopped has yet to end; `finally` must not meet it. */
function isStillStopping({ tasks }: Run, { statuses }: Settled): boolean {
  return [...tasks].some(([name, own]) => {
    const { phase, combinations } = statuses.get(name)!
    const isStopped = phase === "Cancelled" || phase === "Skipped" || (phase === "Failed" && combinations !== undefined)
    return isStopped && own.some((task) => isLive(task) && task.state !== "Succeeded")
  })
}

/** The stages of the graph. One that cannot start may itself be the failure that ends the run, for all others. */
function settleGraph(run: Run): Settled {
  const ending = endingOf(run.execution, run.statuses, run.now)
  const settled = settleStages(run, run.statuses, ending)
  if (ending !== undefined) return settled
  const later = endingOf(run.execution, settled.statuses, run.now)
  if (later === undefined) return settled
  // What its own rule kept from running stays so: the failure may come of it, or it of the failure.
  return settleStages(run, settled.statuses, later)
}

/** Parents come first, so a stage sees where its parents stand now, and one pass settles whole branches. */
function settleStages(run: Run, from: Settled["statuses"], ending: Ending | undefined): Settled {
  const statuses = new Map(from)
  const view: View = { ...run, statuses }
  const ready: Ready[] = []
  for (const stage of sortTopologically(run.execution.status.snapshot.stages)) {
    const status = statuses.get(stage.name)!
    if (isStageFinished(status.phase)) continue
    if (ending !== undefined) {
      // Out of time, a Job ends by its own deadline; what has no Job left to end will start none.
      const isRunning = run.tasks.get(stage.name)!.some(({ state }) => state === "Running")
      if (ending.stopsJobs || !isRunning) statuses.set(stage.name, endedBy(ending, status, run.now))
    } else {
      settleStage(run, stage, view, statuses, ready)
    }
  }
  return { statuses, ready }
}

/** The stages of `finally`, once the others have ended in this phase; they do not see one another. */
function settleFinally(run: Run, { statuses: before }: Settled, phase: ExecutionPhase): Settled {
  const statuses = new Map(before)
  const view: View = { ...run, statuses: before, phase }
  const ready: Ready[] = []
  for (const stage of run.execution.status.snapshot.finally ?? []) {
    if (!isStageFinished(statuses.get(stage.name)!.phase)) settleStage(run, stage, view, statuses, ready)
  }
  return { statuses, ready }
}

/** A stage that may start Jobs becomes ready; another is left as the rule says that holds it. */
function settleStage(
  run: Run,
  stage: PipelineStage,
  view: View,
  statuses: Map<string, StageStatus>,
  ready: Ready[],
): void {
  const status = statuses.get(stage.name)!
  // One that runs may have more Jobs to start, which no rule but suspend concerns any more.
  const gate = status.phase === "Running" ? undefined : checkStart({ stage, view, run })
  if (gate !== undefined) statuses.set(stage.name, heldBy(gate, status, run.now))
  else if (!run.execution.spec.suspend) ready.push({ stage, view })
}
