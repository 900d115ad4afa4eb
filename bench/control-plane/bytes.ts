// How much went to and from the API server for Peanut.

import type { Played } from "./play.ts"

export interface Bytes {
  /** In patches of the status of executions. */
  readonly statusWritten: number
  /** In answers to gets and lists. */
  readonly read: number
}

const executions = "peanutpipelineexecutions"
const resources = [executions, "peanutpipelines", "peanutstages", "jobs", "pods"]

/**
 * By Peanut's own counters where the server has them. Else by the API server's, of all callers: nobody but Peanut
 * patches executions, and while a bench runs nobody else lists Jobs or pods or reads an execution.
 */
export function bytesOf({ metrics, apiServerMetrics }: Played): Bytes {
  if (metrics.has("peanut_api_response_bytes_total")) {
    return {
      statusWritten: metrics.total("peanut_api_request_bytes_total", { verb: "patch", resource: executions }),
      read: metrics.total("peanut_api_response_bytes_total", { verb: ["get", "list"] }),
    }
  }
  return {
    statusWritten: apiServerMetrics.total("apiserver_request_body_size_bytes_sum", {
      verb: "patch",
      resource: executions,
    }),
    read: apiServerMetrics.total("apiserver_response_sizes_sum", { verb: ["GET", "LIST"], resource: resources }),
  }
}
