// Happenings in the words of a Kubernetes Event.

import type { Execution, ExecutionStatus } from "../api/execution.ts"
import type { Announcement } from "../resources/kubernetes-event.ts"
import type { Happening } from "./happenings.ts"

/** The most that one step announces one by one; a wide pipeline must not flood the API server. */
const most = 50

/**
 * What a person wants to read of these happenings. That a stage started or succeeded is in the status, with its Job and
 * its times; to tell it again would cost a run one more write for each of its stages.
 */
export function announcements(
  execution: Execution,
  status: ExecutionStatus,
  happened: readonly Happening[],
): readonly Announcement[] {
  const all = happened.flatMap((happening) => announce(execution, status, happening))
  if (all.length <= most) return all
  const rest = all.length - most + 1
  const more: Announcement = {
    type: "Normal",
    reason: "MoreHappened",
    message: `${rest} more happenings; see the status`,
    key: status.summary ?? "",
  }
  return [...all.slice(0, most - 2), more, ...all.slice(-1)]
}

function announce(execution: Execution, status: ExecutionStatus, happening: Happening): readonly Announcement[] {
  if (happening.about === "execution") {
    const message = status.conditions?.find(({ type }) => type === "Succeeded")?.message ?? ""
    switch (happening.what) {
      case "Started":
        return [{ type: "Normal", reason: "Started", message: `started pipeline "${execution.spec.pipelineName}"` }]
      case "Succeeded":
      case "Cancelled":
        return [{ type: "Normal", reason: happening.what, message }]
      case "Failed":
        return [{ type: "Warning", reason: "Failed", message }]
    }
  }
  const { name, message } = happening.stage
  const because = message === undefined ? "" : `: ${message}`
  const about = { reason: `Stage${happening.what}`, key: name }
  switch (happening.what) {
    case "AwaitingApproval":
      return [{ ...about, type: "Normal", message: `stage "${name}" waits for approval${because}` }]
    case "Failed":
      return [{ ...about, type: "Warning", message: `stage "${name}" failed${because}` }]
    case "Skipped":
      return [{ ...about, type: "Normal", message: `stage "${name}" was skipped${because}` }]
    case "Cancelled":
      return [{ ...about, type: "Normal", message: `stage "${name}" was cancelled` }]
    case "Started":
    case "Succeeded":
      return []
  }
}
