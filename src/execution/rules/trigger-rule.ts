// triggerRule: on which outcome of the stages it depends on a stage runs. (Airflow's term.)

import { isStageFinished, type StageStatus } from "../../api/execution.ts"
import type { TriggerRule } from "../../api/stage-entry.ts"
import type { Gate } from "./gate.ts"

/** A stage that another depends on, where it stands. */
export interface Parent {
  readonly status: StageStatus
  /** onFailure: Ignore. */
  readonly ignoresFailure: boolean
}

/** Whether the stages below may go on as if it had Succeeded. */
export function isSatisfied({ status: { phase, reason }, ignoresFailure }: Parent): boolean {
  if (phase === "Failed") return ignoresFailure
  return phase === "Succeeded" || (phase === "Skipped" && reason === "WhenFalse")
}

/** Whether something went wrong in it or above it. */
function hasFailed({ status: { phase, reason } }: Parent): boolean {
  return phase === "Failed" || (phase === "Skipped" && reason === "ParentFailed")
}

/** Lets a stage pass when its parents ended as its rule asks; skips it as soon as that cannot be. */
export function checkTriggerRule(rule: TriggerRule, parents: readonly Parent[]): Gate | undefined {
  const ended = parents.filter(({ status }) => isStageFinished(status.phase))
  if (rule === "AllSucceeded") {
    const unsatisfied = ended.filter((parent) => !isSatisfied(parent))
    const lost = unsatisfied.find(hasFailed) ?? unsatisfied[0]
    if (lost !== undefined) {
      const reason = hasFailed(lost) ? "ParentFailed" : "ParentSkipped"
      return { _tag: "Skip", reason, message: `stage "${lost.status.name}" ${happened(lost)}` }
    }
  }
  if (ended.length < parents.length) return { _tag: "Wait" }
  if (rule === "AnyFailed" && !parents.some(hasFailed)) {
    return { _tag: "Skip", reason: "NoneFailed", message: "no stage that it depends on failed" }
  }
  return undefined
}

function happened({ status: { phase } }: Parent): string {
  switch (phase) {
    case "Failed":
      return "failed"
    case "Cancelled":
      return "was cancelled"
    default:
      return "was skipped"
  }
}
