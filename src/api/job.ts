// The parts of batch/v1 Job and core/v1 Pod that Peanut reads, and the Job that it writes.

import * as z from "zod"
import { type ObjectMeta, objectMeta } from "./meta.ts"

const jobCondition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
  lastTransitionTime: z.string().optional(),
})

export const job = z.object({
  metadata: objectMeta,
  spec: z.object({
    completions: z.int().nullish(),
    parallelism: z.int().nullish(),
    successPolicy: z.unknown().optional(),
    activeDeadlineSeconds: z.int().nullish(),
  }),
  status: z
    .object({
      conditions: z.array(jobCondition).nullish(),
      completionTime: z.string().nullish(),
    })
    .optional(),
})
export type Job = z.infer<typeof job>

const terminated = z.object({
  exitCode: z.int(),
  signal: z.int().optional(),
  reason: z.string().optional(),
  message: z.string().optional(),
  finishedAt: z.string().nullish(),
})

const containerStatus = z.object({
  name: z.string(),
  state: z
    .object({
      waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
      running: z.object({ startedAt: z.string().nullish() }).optional(),
      terminated: terminated.optional(),
    })
    .optional(),
})
export type ContainerStatus = z.infer<typeof containerStatus>

export const pod = z.object({
  metadata: objectMeta,
  status: z
    .object({
      phase: z.string().optional(),
      reason: z.string().optional(),
      message: z.string().optional(),
      conditions: z.array(jobCondition).nullish(),
      containerStatuses: z.array(containerStatus).nullish(),
      initContainerStatuses: z.array(containerStatus).nullish(),
    })
    .optional(),
})
export type Pod = z.infer<typeof pod>

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
  readonly value?: string
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
