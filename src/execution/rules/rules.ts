// What keeps a stage from starting, in one ordered list: the first rule that answers decides. A rule of more than a few
// lines has a file of its own, named after its field.

import type { PipelineStage } from "../../api/pipeline.ts"
import { ancestryOf } from "../../graph/ancestry.ts"
import { waiting } from "../held-stage.ts"
import type { Run } from "../run.ts"
import { checkRefusal } from "../tasks.ts"

import { checkOutputs, checkParts, executionValues, type View } from "../template/fill.ts"

import { checkJobSize } from "../template/job-size.ts"

import type { Gate } from "./gate.ts"
import { checkTriggerRule } from "./trigger-rule.ts"
import { checkWhen, type Scope } from "./when.ts"

/** A stage that could start, in the run as it stands. */
export interface Candidate {
  readonly stage: PipelineStage
  readonly view: View
  readonly run: Run
}

type Rule = (candidate: Candidate) => Gate | undefined

const rules: readonly Rule[] = [
  // triggerRule comes first: what is skipped with its branch needs no approval, and no expression is evaluated for it.
  ({ stage, view }) =>
    checkTriggerRule(
      stage.triggerRule ?? "AllSucceeded",
      (stage.dependsOn ?? []).map((name) => ({
        status: view.statuses.get(name) ?? waiting(name),
        ignoresFailure: view.ignoring.has(name),
      })),
    ),
  // when: it reads the ends of the stages above, which are known by now. Nobody is asked to approve what will not run.
  ({ stage, view, run }) => checkWhen(stage.when, () => scopeOf(stage, view), run.expressions),
  // approval: before suspend, as a person can approve while the run is suspended.
  ({ stage, view }) => checkApproval(stage, view.execution.spec.approved),
  // suspend: nothing further starts.
  ({ view }) => checkSuspend(view.execution.spec.suspend),
  // A part of a wrong type fails the stage only when it would start otherwise.
  ({ stage, view }) => checkParts(view.execution.status.snapshot.stageSpecs[stage.type]!),
  // An output that is missing fails the stage only when it would start otherwise.
  ({ stage, view }) => checkOutputs(stage, view.execution.status.snapshot.stageSpecs[stage.type]!, view),
  // Values that are too large for a Job: like an output that is missing. Reckoned before any text is filled.
  ({ stage, view }) => checkJobSize(stage, view),
  // The API server refused the Job: last, as only a stage that passed the others asks for one.
  ({ stage, run }) => checkRefusal(run.tasks.get(stage.name)!),
  // maxParallel counts the Jobs of all stages, so `place.ts` applies it to those that passed all these.
]

/** What keeps the stage from starting, if anything does. */
export function checkStart(candidate: Candidate): Gate | undefined {
  for (const rule of rules) {
    const gate = rule(candidate)
    if (gate !== undefined) return gate
  }
  return undefined
}

/** approval: a stage waits until a person has named it in the execution's `approved`. */
export function checkApproval(
  { name, approval }: Pick<PipelineStage, "name" | "approval">,
  approved: readonly string[] | undefined,
): Gate | undefined {
  if (!approval || approved?.includes(name)) return undefined
  return { _tag: "Wait", reason: "AwaitingApproval", message: "add its name to spec.approved of the execution" }
}

/** suspend of an execution: nothing further starts; what runs goes on. */
export function checkSuspend(suspend: boolean | undefined): Gate | undefined {
  return suspend ? { _tag: "Wait", reason: "Suspended" } : undefined
}

/** What an expression of this stage may read: the stages above it; in `finally`, all of the graph. */
function scopeOf(stage: PipelineStage, view: View): Scope {
  const { stages, params = {} } = view.execution.status.snapshot
  const names = view.phase === undefined ? ancestryOf(stages).above(stage.name) : stages.map(({ name }) => name)
  const visible = names.map((name) => {
    const { phase, reason = "", outputs = {} } = view.statuses.get(name)!
    return [name, { phase, reason, outputs }] as const
  })
  return { params, stages: Object.fromEntries(visible), execution: executionValues(view) }
}
