// ttlSecondsAfterFinished and the history limits: which executions that ended are not kept any longer. The resync asks,
// so an execution may stay that much longer.

import type { ExecutionOutline } from "../../api/execution.ts"
import { defaultHistoryLimit, type PipelineOutline } from "../../api/pipeline.ts"

type Finished<T extends ExecutionOutline = ExecutionOutline> = T & {
  readonly status: { readonly completionTime: string }
}

/** The executions to delete, of all there are. */
export function expiredExecutions<T extends ExecutionOutline>(
  executions: readonly T[],
  pipelines: readonly PipelineOutline[],
  now: string,
): readonly T[] {
  const finished = executions.filter(isKept<T>)
  const expired = new Set<T>(finished.filter((execution) => isPastTtl(execution, now)))
  const byPipeline = Map.groupBy(finished, ({ metadata, spec }) => keyOf(metadata.namespace, spec.pipelineName))
  for (const { metadata, spec } of pipelines) {
    const own = byPipeline.get(keyOf(metadata.namespace, metadata.name)) ?? []
    const succeeded = own.filter(({ status }) => status.phase === "Succeeded")
    const others = own.filter(({ status }) => status.phase !== "Succeeded")
    for (const execution of [
      ...beyond(succeeded, spec.successfulExecutionsHistoryLimit),
      ...beyond(others, spec.failedExecutionsHistoryLimit),
    ]) {
      expired.add(execution)
    }
  }
  return [...expired]
}

const keyOf = (namespace: string, name: string) => `${namespace}/${name}`

function isKept<T extends ExecutionOutline>(execution: T): execution is Finished<T> {
  const { metadata, status } = execution
  return status?.completionTime !== undefined && metadata.deletionTimestamp === undefined
}

function isPastTtl({ spec, status }: Finished, now: string): boolean {
  const { ttlSecondsAfterFinished: ttl = Number.POSITIVE_INFINITY } = spec
  return Date.parse(status.completionTime) + ttl * 1000 <= Date.parse(now)
}

/** The oldest of these, without as many of the newest as are to be kept. */
function beyond<T extends Finished>(executions: readonly T[], limit = defaultHistoryLimit): readonly T[] {
  const newestFirst = executions.toSorted((a, b) => (isEndedBefore(a, b) ? 1 : -1))
  return newestFirst.slice(limit)
}

function isEndedBefore(a: Finished, b: Finished): boolean {
  const [x, y] = [a.status.completionTime, b.status.completionTime]
  return x === y ? a.metadata.name < b.metadata.name : x < y
}
