// The Job of a stage, built from the execution's snapshot.

import { durationSeconds } from "../api/duration.ts"
import type { Execution } from "../api/execution.ts"
import type { Container, JobManifest, PodSpec } from "../api/job.ts"
import { apiVersion } from "../api/meta.ts"
import { type StageSpec, stageContainerName } from "../api/stage.ts"
import { jobName } from "./job-name.ts"
import { executionKey, executionLabel, managedByKey, stageKey, stageLabel } from "./labels.ts"

/** The complete Job for a stage; the same execution and stage always give the same Job. */
export function stageJob(execution: Pick<Execution, "metadata">, stage: string, spec: StageSpec): JobManifest {
  const { name, namespace, uid } = execution.metadata
  const template = spec.jobTemplate?.spec ?? {}
  const ours = {
    labels: {
      [executionKey]: executionLabel(name),
      [stageKey]: stageLabel(stage),
      [managedByKey]: "peanut",
    },
    annotations: { [executionKey]: name, [stageKey]: stage },
  }
  const deadline = spec.timeout === undefined ? template.activeDeadlineSeconds : durationSeconds(spec.timeout)
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: jobName({ name, uid }, stage),
      namespace,
      ...merged(spec.jobTemplate?.metadata, ours),
      ownerReferences: [
        { apiVersion, kind: "PeanutPipelineExecution", name, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: {
      ...template,
      backoffLimit: spec.retries ?? template.backoffLimit ?? defaultBackoffLimit(template),
      ...(deadline !== undefined && { activeDeadlineSeconds: deadline }),
      template: { metadata: merged(template.template?.metadata, ours), spec: podSpec(spec) },
    },
  }
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
  const containers = (template.containers ?? []) as readonly Container[]
  const own = containers.find((container) => container.name === stageContainerName)
  const others = containers.filter((container) => container !== own)
  const { image, command, args, env, envFrom, resources } = spec
  const short = Object.fromEntries(
    Object.entries({ image, command, args, env, envFrom, resources }).filter(([, value]) => value !== undefined),
  )
  // The stage's container comes first: kubectl logs and exec take the first container by default.
  return {
    restartPolicy: "Never",
    ...template,
    containers: [{ ...own, ...short, name: stageContainerName }, ...others],
  }
}
