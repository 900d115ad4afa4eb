// Follows every execution through a watch: where each stands now, and whether anything that had ended was ever changed.

import { setTimeout as sleep } from "node:timers/promises"
import type { ApiClient } from "../control-plane/api-client.ts"
import { type ExecutionObject, isTerminal } from "./oracle.ts"
import { group } from "./shapes.ts"

export interface ExecutionWatch {
  /** By UID; those that were deleted are not there. */
  readonly executions: ReadonlyMap<string, ExecutionObject>
  /** Changes of what must not change any more, in words. */
  readonly problems: readonly string[]
  readonly stop: () => Promise<void>
}

export async function watchExecutions(api: ApiClient): Promise<ExecutionWatch> {
  const executions = new Map<string, ExecutionObject>()
  const problems: string[] = []
  const stopped = new AbortController()
  const path = `${group}/peanutpipelineexecutions`
  let { resourceVersion } = (await api.get<{ metadata: { resourceVersion: string } }>(`${path}?limit=1`)).metadata

  const follow = async () => {
    while (!stopped.signal.aborted && problems.length < 100) {
      const query = `watch=1&allowWatchBookmarks=true&resourceVersion=${resourceVersion}`
      const onChange = ({ type, object }: { type: string; object: unknown }) => {
        if (type === "ERROR") return void problems.push(`the watch of executions broke: ${JSON.stringify(object)}`)
        const execution = object as ExecutionObject
        resourceVersion = execution.metadata.resourceVersion
        if (type === "BOOKMARK") return
        const before = executions.get(execution.metadata.uid)
        if (before !== undefined) problems.push(...revived(before, execution))
        if (type === "DELETED") executions.delete(execution.metadata.uid)
        else executions.set(execution.metadata.uid, execution)
      }
      await api.watch(`${path}?${query}`, onChange, stopped.signal).catch(() => sleep(100))
    }
  }
  const following = follow()
  return {
    executions,
    problems,
    stop: async () => {
      stopped.abort()
      await following
    },
  }
}

/** What had ended and has another phase now. */
function revived(before: ExecutionObject, after: ExecutionObject): readonly string[] {
  const { name } = after.metadata
  const found: string[] = []
  if (isTerminal(before.status?.phase) && before.status?.phase !== after.status?.phase) {
    found.push(`${name} went from ${before.status?.phase} to ${after.status?.phase}`)
  }
  const now = new Map(after.status?.stages?.map((stage) => [stage.name, stage.phase]))
  for (const stage of before.status?.stages ?? []) {
    const next = now.get(stage.name)
    const wentBack = isTerminal(stage.phase) ? next !== stage.phase : stage.phase === "Running" && next === "Waiting"
    if (wentBack) found.push(`stage ${stage.name} of ${name} went from ${stage.phase} to ${next}`)
  }
  return found
}
