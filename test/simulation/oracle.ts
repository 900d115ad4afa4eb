// What must have become of a run in the end, told from its graph and from what truly happened to its Jobs, without a look
// at how Peanut decides. Where two outcomes are true (a pod succeeded in the second in which its Job was ended), either
// is right. New features of pipelines are added here and to the plan.

import type { Execution, StagePhase, StageStatus } from "../../src/api/execution.ts"
import type { ExecutionFacts, JobFacts } from "./ledger.ts"

/** What is wrong with the state that an execution came to rest in, if anything is. */
export function wrongEnd(facts: ExecutionFacts): string | undefined {
  const { status, spec } = facts.object
  if (status?.phase === undefined) return "was never looked at"
  if (status.snapshot === undefined) {
    if (status.phase === "Failed" && facts.sawBrokenPipeline) return undefined
    return `is ${status.phase} without a snapshot, though its pipeline was there and right all the time`
  }
  const recorded = new Map(status.stages!.map((stage) => [stage.name, stage]))
  for (const { name, dependsOn = [] } of status.snapshot.stages) {
    const parents = dependsOn.map((parent) => recorded.get(parent)!)
    const right = rightEnds(facts, name, parents)
    const { phase, reason } = recorded.get(name)!
    if (!right.has(phase)) {
      return `has stage ${name} ${phase} (${reason}), but it should be ${[...right].join(" or ") || "different"}`
    }
  }
  const phase = rightPhase(status.stages!, spec)
  return status.phase === phase ? undefined : `is ${status.phase}, but it should be ${phase}`
}

/** The phases in which a stage may rest, given its Jobs and where its parents rest. */
function rightEnds(facts: ExecutionFacts, stage: string, parents: readonly StageStatus[]): ReadonlySet<StagePhase> {
  const { cancel, suspend } = facts.object.spec
  const jobs = facts.jobs.filter((job) => job.stage === stage)
  const ends = new Set(jobs.flatMap(endsOf))
  if (cancel && jobs.every((job) => mayBeCancelled(job, facts.cancelledAt!))) ends.add("Cancelled")
  if (facts.refused.has(stage)) ends.add("Failed")
  const lost = parents.filter(({ phase }) => phase === "Failed" || phase === "Skipped")
  const isLost = lost.length > 0
  // One who saw a parent succeed may have started this stage before another found the parent's Job deleted.
  const hasTwoTruths = lost.some(({ name }) => facts.jobs.some((job) => job.stage === name && job.succeededAt))
  if (isLost && (jobs.length === 0 || hasTwoTruths)) ends.add("Skipped")
  if (jobs.length === 0 && !cancel && !isLost) {
    const mayStart = parents.every(({ phase }) => phase === "Succeeded")
    if (!mayStart || suspend) ends.add("Waiting")
  }
  return ends
}

/** How a Job may count: as it ended, or as deleted. One that was stopped counts as cancelled, never as failed. */
function endsOf({ succeededAt, failedAt, failingAt, stoppedAt, removedAt, execution }: JobFacts): StagePhase[] {
  const wasStopped = execution.object.spec.cancel === true && stoppedAt !== undefined
  const failed = failedAt !== undefined && !(wasStopped && stoppedAt < (failingAt ?? failedAt))
  return [
    ...(succeededAt !== undefined ? ["Succeeded" as const] : []),
    ...(failed || removedAt !== undefined ? ["Failed" as const] : []),
  ]
}

/** What had ended for all to see before the run was cancelled was not cancelled. */
function mayBeCancelled({ completedAt, failedAt, stoppedAt, removedAt }: JobFacts, cancelledAt: number): boolean {
  const endedAt = completedAt ?? (stoppedAt === undefined ? failedAt : undefined)
  return removedAt !== undefined || endedAt === undefined || endedAt > cancelledAt
}

function rightPhase(stages: readonly StageStatus[], { cancel }: Execution["spec"]): string {
  const has = (phase: StagePhase) => stages.some((stage) => stage.phase === phase)
  if (has("Running")) return "Running"
  if (has("Waiting")) return stages.every(({ phase }) => phase === "Waiting") ? "Pending" : "Running"
  if (has("Cancelled")) return cancel ? "Cancelled" : "nothing that is cancelled"
  return has("Failed") ? "Failed" : "Succeeded"
}
