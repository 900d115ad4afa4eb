// From a CloudEvent to what should be looked at. An event is a hint that something changed, never the truth about
// what; its body is only used to find the object, and to drop at once what cannot matter.

import type { CloudEventV1 } from "cloudevents"
import * as z from "zod"
import { type ExecutionStatus, isFinished } from "../api/execution.ts"
import { isJobFinished, job, pod, trackingFinalizer } from "../api/job.ts"
import { group, objectName, ownerReference, type Ref } from "../api/meta.ts"
import { podTrouble } from "../execution/pod-trouble.ts"
import { runningStages, type Scope, thisJob } from "../execution/scope.ts"
import { executionKey } from "../resources/labels.ts"

export type Target =
  | {
      readonly _tag: "Execution"
      readonly ref: Ref
      readonly scope: Scope
    }
  | { readonly _tag: "Pipeline"; readonly ref: Ref }
  | { readonly _tag: "Stage"; readonly ref: Ref }
  /** Executions of this pipeline take turns, and the one that ran is gone. */
  | { readonly _tag: "Turn"; readonly ref: Ref }
  | { readonly _tag: "Resync" }
  /** Nothing can follow from this event. */
  | { readonly _tag: "None"; readonly why: string }
  /** Not an event that Peanut takes. */
  | { readonly _tag: "Unknown"; readonly why: string }

/** The types that Knative's ApiServerSource (mode Resource) and PingSource give their events. */
export const eventTypes = {
  add: "dev.knative.apiserver.resource.add",
  update: "dev.knative.apiserver.resource.update",
  delete: "dev.knative.apiserver.resource.delete",
  ping: "dev.knative.sources.ping",
} as const

type Change = "add" | "update" | "delete"

export function targetOf({ type, data }: Pick<CloudEventV1<unknown>, "type" | "data">): Target {
  if (type === eventTypes.ping) return { _tag: "Resync" }
  const change = (["add", "update", "delete"] as const).find((change) => eventTypes[change] === type)
  if (change === undefined) return { _tag: "Unknown", why: `events of type "${type}" are not taken here` }
  const body = header.safeParse(data)
  if (!body.success) return { _tag: "Unknown", why: "the event's data is not a Kubernetes object" }
  const { apiVersion, kind, metadata } = body.data
  const ref = { namespace: metadata.namespace, name: metadata.name }
  switch (`${apiVersion.split("/")[0]} ${kind}`) {
    case `${group} PeanutPipelineExecution`:
      return change === "delete"
        ? turnOf(body.data)
        : isObserved(body.data)
          ? observed
          : { _tag: "Execution", ref, scope: runningStages }
    case `${group} PeanutPipeline`:
      return change === "delete" ? gone : isObserved(body.data) ? observed : { _tag: "Pipeline", ref }
    case `${group} PeanutStage`:
      // What a stage says is not checked against its pipelines, only that it is there.
      return change === "update" ? none("a stage is read when a run begins") : { _tag: "Stage", ref }
    case "batch Job":
      return jobTarget(change, body.data)
    case "v1 Pod":
      return podTarget(change, body.data)
    case "sources.knative.dev PingSource":
      return none("a PingSource is brought into line with its pipeline")
    case "v1 Event":
      // Where nothing selects what is watched, our own come back.
      return none("Kubernetes Events are for people")
    default:
      return { _tag: "Unknown", why: `objects of kind ${kind} (${apiVersion}) are not taken here` }
  }
}

/** A resource version, as all API servers give them. */
const decimal = /^[1-9]\d{0,18}$/

/** As much of an object as every event must show. */
const header = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    // They become part of a path, so they must be names.
    namespace: objectName,
    name: objectName,
    generation: z.number().optional(),
    resourceVersion: z.string().regex(decimal).optional().catch(undefined),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
    ownerReferences: z.array(ownerReference).optional(),
  }),
  spec: z.looseObject({ pipelineName: z.unknown().optional() }).optional().catch(undefined),
  status: z
    .looseObject({
      observedGeneration: z.number().optional(),
      phase: z.unknown().optional(),
      snapshot: z.looseObject({ concurrencyPolicy: z.unknown().optional() }).optional().catch(undefined),
    })
    .optional(),
})
type Body = z.infer<typeof header>

const none = (why: string): Target => ({ _tag: "None", why })
const gone = none("the object is gone")
const observed = none("this generation of the object was seen before")

/** Our own status write comes back as an update; so does a change of labels. Neither changes what to do. */
function isObserved({ metadata, status }: Body): boolean {
  return status?.observedGeneration !== undefined && status.observedGeneration === metadata.generation
}

/** Where executions take turns, one that was deleted before it ended passes its turn on. */
function turnOf({ metadata: { namespace }, spec, status }: Body): Target {
  const takesTurns =
    status?.snapshot?.concurrencyPolicy !== undefined && !isFinished({ status: status as ExecutionStatus })
  return takesTurns && isName(spec?.pipelineName) ? { _tag: "Turn", ref: { namespace, name: spec.pipelineName } } : gone
}

function jobTarget(change: Change, body: Body): Target {
  const owner = body.metadata.ownerReferences?.find((owner) => owner.controller)
  const isExecution = owner?.kind === "PeanutPipelineExecution" && owner.apiVersion.startsWith(`${group}/`)
  if (!isExecution || !isName(owner.name)) {
    return none("the Job does not belong to an execution")
  }
  const parsed = job.safeParse(body)
  if (change !== "delete" && parsed.success && !isJobFinished(parsed.data)) return none("the Job has not ended")
  const ref = { namespace: body.metadata.namespace, name: owner.name }
  return { _tag: "Execution", ref, scope: thisJob(body.metadata.name) }
}

function podTarget(change: Change, body: Body): Target {
  const { annotations, labels, namespace, ownerReferences, resourceVersion: podVersion } = body.metadata
  const name = annotations?.[executionKey] ?? labels?.[executionKey]
  if (!isName(name)) return none("the pod does not belong to an execution")
  if (change === "delete") return none("the Job controller answers for deleted pods")
  if (!isTelling(body)) return none("the pod neither ended just now nor says why it cannot start")
  const jobName = ownerReferences?.find((owner) => owner.controller)?.name
  const asOf = podVersion === undefined ? {} : { podVersion }
  const scope = jobName === undefined ? { ...runningStages, ...asOf } : thisJob(jobName, podVersion)
  return { _tag: "Execution", ref: { namespace, name }, scope }
}

const isName = (name: unknown): name is string => objectName.safeParse(name).success

/** A start that took this long may have been in trouble, which the stage's message then says and must stop saying. */
const slowStartSeconds = 3

function isTelling(body: Body): boolean {
  const parsed = pod.safeParse(body)
  if (!parsed.success) return true
  const { metadata, status } = parsed.data
  switch (status?.phase) {
    case "Succeeded":
      // Once the Job controller has counted it, only the Job can say more.
      return metadata.finalizers.includes(trackingFinalizer)
    case "Failed":
      return true
    case "Pending":
      return podTrouble(parsed.data) !== undefined
    case "Running": {
      const starts = (status.containerStatuses ?? []).map((s) => Date.parse(s.state?.running?.startedAt ?? ""))
      const created = Date.parse(metadata.creationTimestamp)
      return starts.some((started) => started - created >= slowStartSeconds * 1000)
    }
    default:
      return false
  }
}
