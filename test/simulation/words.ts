// The words in which a history is told.

import type { ExecutionStatus } from "../../src/api/execution.ts"
import type { Change, StoredObject } from "../../src/cluster/memory/store.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { stageKey } from "../../src/resources/labels.ts"
import { conditionsOf, phaseOf } from "./objects.ts"
import type { Plan } from "./plan.ts"
import type { Call } from "./replica.ts"

/** `update of Job run-a-0123 (stage a, Complete)` */
export function wordsOfChange({ type, object }: Change): string {
  const { kind, metadata } = object
  const about = [
    metadata.annotations?.[stageKey] && `stage ${metadata.annotations[stageKey]}`,
    ...(kind === "PeanutPipelineExecution" ? [] : [phaseOf(object)]),
    ...(kind === "Job" ? conditionsOf(object).map((condition) => condition.type) : []),
  ].filter((word) => word)
  const what = `${shortKind(kind)} ${metadata.name}${about.length > 0 ? ` (${about.join(", ")})` : ""}`
  return `${type} of ${what}, version ${metadata.resourceVersion}`
}

export function wordsOfCall({ verb, resource, name, body }: Call): string {
  const kind = shortKind(resource.kind)
  switch (verb) {
    case "get":
      return `reads ${kind} ${name}`
    case "list":
      return `lists ${kind}s`
    case "create":
      return `creates ${kind} ${name}`
    case "patch":
      return resource === resources.jobs
        ? `stops ${kind} ${name}`
        : `writes ${fieldsOf(body)} of ${kind} ${name}${versionOf(body)}`
  }
}

/** `phase and stages` of a status. */
function fieldsOf(body: object | undefined): string {
  const { status } = (body ?? {}) as { status?: object }
  return Object.keys(status ?? {}).join(", ")
}

function versionOf(body: object | undefined): string {
  const { metadata } = (body ?? {}) as Partial<StoredObject>
  return metadata?.resourceVersion === undefined ? "" : ` over version ${metadata.resourceVersion}`
}

/** `Running: a Succeeded, b Running` */
export function wordsOfStatus({ phase, stages }: ExecutionStatus): string {
  if (!Array.isArray(stages)) return `${phase}`
  return `${phase}: ${stages.map((stage) => `${stage.name} ${stage.phase}${stage.reason ? ` (${stage.reason})` : ""}`).join(", ")}`
}

export function wordsOfPlan({ pipelines, executions, failing, replicas }: Plan): string[] {
  return [
    `${replicas} ${replicas === 1 ? "replica" : "replicas"}`,
    ...pipelines.map(({ name, stages }) => `pipeline ${name}: ${wordsOfStages(stages)}`),
    ...executions.map(({ name, pipelineName }) => `execution ${name} of ${pipelineName}`),
    ...(failing.size > 0 ? [`these stages fail: ${[...failing].join(", ")}`] : []),
  ]
}

/** `a, b after a` */
export function wordsOfStages(stages: Plan["pipelines"][number]["stages"]): string {
  return stages
    .map(({ name, dependsOn = [] }) => name + (dependsOn.length ? ` after ${dependsOn.join(" and ")}` : ""))
    .join(", ")
}

const shortKind = (kind: string) => kind.replace(/^Peanut(Pipeline(?=Execution))?/, "").toLowerCase()
