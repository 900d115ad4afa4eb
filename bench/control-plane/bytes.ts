// How much went to and from the API server for Peanut.

import { sum } from "../statistics.ts"
import type { Played } from "./play.ts"

export interface Bytes {
  /** In patches of the status of executions. */
  readonly statusWritten: number
  /** In answers to gets and lists. */
  readonly read: number
  /** The same by what was asked, as "list jobs", most first. */
  readonly reads: readonly (readonly [string, number])[]
}

const executions = "peanutpipelineexecutions"
const resources = [executions, "peanutpipelines", "peanutstages", "jobs", "pods"]

/**
 * By Peanut's own counters where the server has them. Else by the API server's, of all callers: nobody but Peanut
 * patches executions, and while a bench runs nobody else lists Jobs or pods or reads an execution.
 */
export function bytesOf({ metrics, apiServerMetrics }: Played): Bytes {
  const isCounted = metrics.has("peanut_api_response_bytes_total")
  const written = isCounted
    ? metrics.total("peanut_api_request_bytes_total", { verb: "patch", resource: executions })
    : apiServerMetrics.total("apiserver_request_body_size_bytes_sum", { verb: "patch", resource: executions })
  const read = (verb: string, resource: string) =>
    isCounted
      ? metrics.total("peanut_api_response_bytes_total", { verb, resource })
      : apiServerMetrics.total("apiserver_response_sizes_sum", { verb: verb.toUpperCase(), resource })
  const reads = ["get", "list"]
    .flatMap((verb) => resources.map((resource) => [`${verb} ${resource}`, read(verb, resource)] as const))
    .filter(([, bytes]) => bytes > 0)
    .toSorted(([, a], [, b]) => b - a)
  return { statusWritten: written, read: sum(reads.map(([, bytes]) => bytes)), reads }
}
