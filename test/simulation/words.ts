// The words in which a history is told.

import type { ExecutionStatus } from "../../src/api/execution.ts"
import type { PipelineSpec, PipelineStage } from "../../src/api/pipeline.ts"
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
    case "delete":
      return `deletes ${kind} ${name}`
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

/** `Running: a Succeeded, b Running SW` */
export function wordsOfStatus({ phase, stages, conditions }: ExecutionStatus): string {
  if (!Array.isArray(stages)) return `${phase} (${conditions?.[0]?.reason})`
  const words = stages.map(
    ({ name, phase, reason, combinations = "" }) =>
      `${name} ${phase}${combinations && ` ${combinations}`}${reason ? ` (${reason})` : ""}`,
  )
  return `${phase}: ${words.join(", ")}`
}

export function wordsOfPlan({ pipelines, executions, failing, outputs, replicas }: Plan): string[] {
  return [
    `${replicas} ${replicas === 1 ? "replica" : "replicas"}`,
    ...pipelines.map(({ name, spec }) => `pipeline ${name}: ${wordsOfSpec(spec)}`),
    ...executions.map(({ name, pipelineName, spec }) => `execution ${name} of ${pipelineName}${wordsOfFields(spec)}`),
    ...(failing.size > 0 ? [`these stages fail: ${[...failing].join(", ")}`] : []),
    ...(outputs.size > 0 ? [`outputs: ${[...outputs].map(([name, value]) => `${name} k=${value}`).join(", ")}`] : []),
  ]
}

/** `a, b after a; finally z; maxParallel 1` */
export function wordsOfSpec({ stages, finally: atEnd, params: _, ...fields }: PipelineSpec): string {
  const words = [wordsOfStages(stages), ...(atEnd ? [`finally ${wordsOfStages(atEnd)}`] : [])]
  return [...words, ...Object.entries(fields).map(([field, value]) => `${field} ${value}`)].join("; ")
}

/** `a, b after a (onFailure "Ignore")` */
function wordsOfStages(stages: readonly PipelineStage[]): string {
  return stages
    .map(({ name, type: _, dependsOn = [], ...fields }) => {
      const after = dependsOn.length > 0 ? ` after ${dependsOn.join(" and ")}` : ""
      return `${name}${after}${wordsOfFields(fields)}`
    })
    .join(", ")
}

function wordsOfFields(fields: object): string {
  const words = Object.entries(fields).map(([field, value]) => `${field} ${JSON.stringify(value)}`)
  return words.length > 0 ? ` (${words.join(", ")})` : ""
}

const shortKind = (kind: string) => kind.replace(/^Peanut(Pipeline(?=Execution))?/, "").toLowerCase()
