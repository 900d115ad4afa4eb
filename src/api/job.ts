// The parts of batch/v1 Job and core/v1 Pod that Peanut reads, and the Job that it writes.

import * as z from "zod"
import { type ObjectMeta, objectMeta } from "./meta.ts"

// Go writes what is unset as absent or as null, depending on the field: everything optional may be either.

const jobCondition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
  lastTransitionTime: z.string().nullish(),
})

export const job = z.object({
  metadata: objectMeta,
  spec: z.object({
    completions: z.number().nullish(),
    parallelism: z.number().nullish(),
    successPolicy: z.unknown().optional(),
    activeDeadlineSeconds: z.number().nullish(),
  }),
  status: z
    .object({
      conditions: z.array(jobCondition).nullish(),
      completionTime: z.string().nullish(),
    })
    .nullish(),
})
export type Job = z.infer<typeof job>

const containerStatus = z.object({
  name: z.string(),
  state: z
    .object({
      waiting: z.object({ reason: z.string().nullish(), message: z.string().nullish() }).nullish(),
      running: z.object({ startedAt: z.string().nullish() }).nullish(),
      terminated: z
        .object({
          exitCode: z.number(),
          reason: z.string().nullish(),
          message: z.string().nullish(),
          finishedAt: z.string().nullish(),
        })
        .nullish(),
    })
    .nullish(),
})
export type ContainerStatus = z.infer<typeof containerStatus>

export const pod = z.object({
  metadata: objectMeta,
  status: z
    .object({
      phase: z.string().nullish(),
      reason: z.string().nullish(),
      message: z.string().nullish(),
      conditions: z.array(jobCondition).nullish(),
      containerStatuses: z.array(containerStatus).nullish(),
      initContainerStatuses: z.array(containerStatus).nullish(),
    })
    .nullish(),
})
export type Pod = z.infer<typeof pod>

/** On the pods of a Job until the Job controller has counted how they ended. */
export const trackingFinalizer = "batch.kubernetes.io/job-tracking"

/** A Job as Peanut creates it: complete, deterministic, and nothing the API server would add. */
export interface JobManifest {
  readonly apiVersion: "batch/v1"
  readonly kind: "Job"
  readonly metadata: Pick<ObjectMeta, "name" | "namespace" | "labels" | "annotations" | "ownerReferences">
  readonly spec: JobSpec
}

export interface JobSpec {
  readonly backoffLimit: number
  readonly activeDeadlineSeconds?: number | undefined
  readonly completions?: number | undefined
  readonly parallelism?: number | undefined
  readonly completionMode?: string | undefined
  readonly template: {
    readonly metadata: { readonly labels: Record<string, string>; readonly annotations: Record<string, string> }
    readonly spec: PodSpec
  }
  readonly [field: string]: unknown
}

export interface PodSpec {
  readonly restartPolicy: string
  readonly containers: readonly Container[]
  readonly [field: string]: unknown
}

export interface Container {
  readonly name: string
  readonly image?: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly EnvVar[]
  readonly [field: string]: unknown
}

export interface EnvVar {
  readonly name: string
  readonly value?: string | undefined
  readonly [field: string]: unknown
}

/** The Job's condition of this type, where it is True. */
export function findJobCondition(job: Job, type: string) {
  return job.status?.conditions?.find((c) => c.type === type && c.status === "True")
}

/** A Job is finished when the Job controller says Complete or Failed; FailureTarget and SuccessCriteriaMet only announce it. */
export function isJobFinished(job: Job): boolean {
  return findJobCondition(job, "Complete") !== undefined || findJobCondition(job, "Failed") !== undefined
}
