// The rules that a stage which waits is asked, in the order in which they count. Each has a file of its own, named after
// its field.

import type { PipelineStage } from "../../api/pipeline.ts"
import { ancestorsOf } from "../../graph/order.ts"
import { waiting } from "../held-stage.ts"
import { executionValues, type View } from "../template/fill.ts"
import { checkApproval } from "./approval.ts"
import type { Gate } from "./gate.ts"
import { checkSuspend } from "./suspend.ts"
import { checkTriggerRule } from "./trigger-rule.ts"
import { checkWhen, type Expressions, type Scope } from "./when.ts"

/** What keeps the stage from starting, if anything does. */
export function checkStart(stage: PipelineStage, view: View, expressions: Expressions): Gate | undefined {
  const { spec } = view.execution
  const parents = (stage.dependsOn ?? []).map((name) => ({
    status: view.statuses.get(name) ?? waiting(name),
    ignoresFailure: view.ignoring.has(name),
  }))
  return (
    checkTriggerRule(stage.triggerRule ?? "AllSucceeded", parents) ??
    checkWhen(stage.when, () => scopeOf(stage, view), expressions) ??
    checkApproval(stage, spec.approved) ??
    checkSuspend(spec.suspend)
  )
}

/** What an expression of this stage may read: the stages above it; in `finally`, all of the graph. */
function scopeOf(stage: PipelineStage, view: View): Scope {
  const { stages, params = {} } = view.execution.status.snapshot
  const names = view.phase === undefined ? ancestorsOf(stage.name, stages) : stages.map(({ name }) => name)
  const visible = [...names].map((name) => {
    const { phase, reason = "", outputs = {} } = view.statuses.get(name)!
    return [name, { phase, reason, outputs }] as const
  })
  return { params, stages: Object.fromEntries(visible), execution: executionValues(view) }
}
