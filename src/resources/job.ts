// The Job of a stage, built from the execution's snapshot.

import { durationSeconds } from "../api/duration.ts"
import type { Execution } from "../api/execution.ts"
import type { EnvVar, JobManifest, PodSpec } from "../api/job.ts"
import { apiVersion } from "../api/meta.ts"
import { type StageSpec, stageContainerName } from "../api/stage.ts"
import { readStage } from "../api/stage-parts.ts"
import { jobName } from "./job-name.ts"
import {
  combinationKey,
  executionKey,
  executionLabel,
  managedByKey,
  shardKey,
  shardLabel,
  stageKey,
  stageLabel,
} from "./labels.ts"

export interface JobOptions {
  /** Which combination of the stage's matrix it is for, where there is one; and what that says. */
  readonly index?: number
  readonly combination?: string | undefined
  /** What counts of the stage's own timeout and of what is left of the run; the stage's own where it is absent. */
  readonly deadlineSeconds?: number | undefined
}

/** The complete Job for a stage; the same execution, stage and combination always give the same Job. */
export function stageJob(
  execution: Pick<Execution, "metadata">,
  stage: string,
  written: StageSpec,
  { index = 0, combination, deadlineSeconds = ownDeadlineSeconds(written) }: JobOptions = {},
): JobManifest {
  const { spec } = readStage(written)
  const { name, namespace, uid } = execution.metadata
  const template = spec.jobTemplate?.spec ?? {}
  const ours = {
    labels: {
      [executionKey]: executionLabel(name),
      [stageKey]: stageLabel(stage),
      [managedByKey]: "peanut",
      [shardKey]: shardLabel(uid),
    },
    annotations: {
      [executionKey]: name,
      [stageKey]: stage,
      ...(combination !== undefined && { [combinationKey]: combination }),
    },
  }
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: jobName({ name, uid }, stage, index),
      namespace,
      ...merged(spec.jobTemplate?.metadata, ours),
      ownerReferences: [
        { apiVersion, kind: "PeanutPipelineExecution", name, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: {
      ...template,
      backoffLimit: spec.retries ?? template.backoffLimit ?? defaultBackoffLimit(template),
      ...(deadlineSeconds !== undefined && { activeDeadlineSeconds: deadlineSeconds }),
      ...(isDisruptable(spec) && { podFailurePolicy: ignoreDisruption }),
      template: { metadata: merged(template.template?.metadata, ours), spec: podSpec(spec) },
    },
  }
}

/** How long the Job of a stage may take with all its retries, as the stage itself says. */
export function ownDeadlineSeconds(written: StageSpec): number | undefined {
  const { spec } = readStage(written)
  return spec.timeout === undefined ? spec.jobTemplate?.spec?.activeDeadlineSeconds : durationSeconds(spec.timeout)
}

/** A pod that was preempted or drained is not the stage's failure: it is made again and costs no retry. */
const ignoreDisruption = {
  rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
} as const

/** Kubernetes takes such a policy only for pods that are never restarted in place; an author's own policy wins. */
function isDisruptable({ jobTemplate }: StageSpec): boolean {
  const { podFailurePolicy, template } = jobTemplate?.spec ?? {}
  return podFailurePolicy === undefined && (template?.spec?.restartPolicy ?? "Never") === "Never"
}

/**
 * Kubernetes' own default is 6; a stage that failed has failed unless its author asked for more. Where each index
 * counts its own failures, Kubernetes sets no limit on their sum, and neither do we.
 */
function defaultBackoffLimit({ backoffLimitPerIndex }: { readonly backoffLimitPerIndex?: number | undefined }): number {
  return backoffLimitPerIndex === undefined ? 0 : 2147483647
}

interface Marks {
  readonly labels?: Record<string, string> | undefined
  readonly annotations?: Record<string, string> | undefined
}

/** The template's labels and annotations under ours: ours win, because the sources select by them. */
function merged(theirs: Marks | undefined, ours: Required<Marks>) {
  return {
    labels: { ...theirs?.labels, ...ours.labels },
    annotations: { ...theirs?.annotations, ...ours.annotations },
  } as { labels: Record<string, string>; annotations: Record<string, string> }
}

function podSpec(spec: StageSpec): PodSpec {
  const template = spec.jobTemplate?.spec?.template?.spec ?? {}
  const { own, helpers } = readStage(spec)
  const { image, command, args, envFrom, resources } = spec
  const env = withOutput(spec.env ?? own?.env, own?.terminationMessagePath)
  const short = Object.fromEntries(
    Object.entries({ image, command, args, env, envFrom, resources }).filter(([, value]) => value !== undefined),
  )
  // The stage's container comes first: kubectl logs and exec take the first container by default.
  return {
    restartPolicy: "Never",
    ...template,
    containers: [{ ...own, ...short, name: stageContainerName }, ...helpers],
  }
}

/** The file to which a stage writes its outputs: the container's termination message. */
export const outputVariable = "PEANUT_OUTPUT"

function withOutput(env: readonly EnvVar[] = [], path: unknown = "/dev/termination-log"): readonly EnvVar[] {
  if (env.some(({ name }) => name === outputVariable)) return env
  return [...env, { name: outputVariable, value: String(path) }]
}
