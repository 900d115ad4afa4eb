// How a running Job is stopped: its deadline is moved into the past. The Job controller then ends its pods and the
// Job itself as Failed. Deleting it would free its name, and a replica that reads late could start the stage again.

import type { Job } from "../api/job.ts"

/** The merge patch that stops a Job. */
export const stopPatch = { spec: { activeDeadlineSeconds: 1 } } as const

/** Whether a Job was told to stop; one whose author set the same deadline ends as soon. */
export function isStopping(job: Job): boolean {
  return job.spec.activeDeadlineSeconds === stopPatch.spec.activeDeadlineSeconds
}
