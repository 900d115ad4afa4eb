// The cluster as the controller sees it: a handful of questions and commands about executions. Every answer is read
// afresh; nothing is cached. Its layers differ only in the API below it.

import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as z from "zod"
import {
  type Execution,
  type ExecutionOutline,
  type ExecutionStatus,
  execution,
  executionOutline,
  finalPhases,
} from "./api/execution.ts"
import { isJobFinished, type Job, type JobManifest, job, pod } from "./api/job.ts"
import { byName, controllerUid, group, objectMeta, objectName, type Ref } from "./api/meta.ts"
import { type PingSource, pingSource } from "./api/ping-source.ts"
import { type Pipeline, type PipelineStatus, pipeline } from "./api/pipeline.ts"
import { type Stage, stage } from "./api/stage.ts"
import {
  type AlreadyExists,
  type Conflict,
  type NotFound,
  type ObjectApi,
  type Refused,
  type Resource,
  resources,
  type Selection,
  type Unavailable,
} from "./cluster/object-api.ts"
import { statusPatch } from "./cluster/status-patch.ts"
import type { Definition } from "./execution/accept.ts"
import type { Observed } from "./execution/advance.ts"
import { type Scope, stagesIn } from "./execution/scope.ts"
import { runningJobNames } from "./execution/tasks.ts"
import type { startedExecution } from "./resources/execution.ts"
import type { KubernetesEvent } from "./resources/kubernetes-event.ts"
import { executionKey, executionLabel, managedByKey, stageKey, stageLabel } from "./resources/labels.ts"
import { type PingSourceManifest, pingSourcePatch } from "./resources/ping-source.ts"
import { stopPatch } from "./resources/stop.ts"

export { AlreadyExists, Conflict, NotFound, Refused, Unavailable } from "./cluster/object-api.ts"

/** An object that does not have the shape of its kind, such as a status edited by hand. It alone stops. */
export class Malformed extends Data.TaggedError("Malformed")<{ readonly message: string }> {}

type Failed = Refused | Unavailable

export class Cluster extends Context.Service<
  Cluster,
  {
    /** One execution, as it is now. */
    execution(ref: Ref): Effect.Effect<Execution, NotFound | Malformed | Failed>
    /** The pipeline an execution names and the stages that it uses; all of the namespace, where one of those is missing. */
    definition(execution: Execution): Effect.Effect<Definition, Malformed | Failed>
    /**
     * The Jobs in this scope that the execution owns, and their pods. While none of the Jobs has ended, pods may be as old
     * as the scope's `podVersion`.
     */
    run(execution: Execution, scope: Scope): Effect.Effect<Pick<Observed, "jobs" | "pods">, Failed>
    /** One Job by name, whoever owns it. */
    job(ref: Ref): Effect.Effect<Job, NotFound | Malformed | Failed>
    createJob(job: JobManifest): Effect.Effect<Job, AlreadyExists | NotFound | Malformed | Failed>
    /** Ends a running Job and its pods; the Job itself stays. */
    stopJob(job: Job): Effect.Effect<void, Failed>
    /** Writes the status unless somebody wrote the execution since it was read; the execution as written. */
    writeStatus(
      execution: Execution,
      status: ExecutionStatus,
    ): Effect.Effect<Execution, Conflict | NotFound | Malformed | Failed>
    createExecution(
      execution: ReturnType<typeof startedExecution>,
    ): Effect.Effect<void, AlreadyExists | NotFound | Failed>
    /** The executions of a pipeline that have not ended. */
    unfinishedOf(pipeline: Ref): Effect.Effect<readonly Execution[], Failed>
    /** Cancels a run, as a person would. */
    cancelExecution(execution: Execution): Effect.Effect<void, Failed>
    /** Writes Kubernetes Events for people to read. Never fails: nothing depends on them. */
    announce(events: readonly KubernetesEvent[]): Effect.Effect<void>
    /** Every execution there is, in outline. */
    executions(): Effect.Effect<readonly ExecutionOutline[], Failed>
    /** Every pipeline there is. */
    pipelines(): Effect.Effect<readonly Pipeline[], Failed>
    /** Every stage there is. */
    stages(): Effect.Effect<readonly Stage[], Failed>
    /** The executions with a Job that has not ended, whether they have or not. */
    withRunningJobs(): Effect.Effect<readonly Ref[], Failed>
    deleteExecution(execution: ExecutionOutline): Effect.Effect<void, Failed>
    /** A pipeline, and the stages of its namespace. */
    pipeline(ref: Ref): Effect.Effect<Definition & { readonly pipeline: Pipeline }, NotFound | Malformed | Failed>
    /** The pipelines of the stage's namespace that use it. */
    pipelinesOf(stage: Ref): Effect.Effect<readonly Ref[], Failed>
    /** Writes the status unless somebody wrote the pipeline since it was read; the pipeline as written. */
    writePipelineStatus(
      pipeline: Pipeline,
      status: PipelineStatus,
    ): Effect.Effect<Pipeline, Conflict | NotFound | Malformed | Failed>
    /** One PingSource by name, whoever owns it. */
    pingSource(ref: Ref): Effect.Effect<PingSource, NotFound | Malformed | Failed>
    createPingSource(pingSource: PingSourceManifest): Effect.Effect<void, AlreadyExists | NotFound | Failed>
    /** Gives a PingSource what the manifest says, unless somebody wrote it since it was read. */
    changePingSource(
      pingSource: PingSource,
      manifest: PingSourceManifest,
    ): Effect.Effect<void, Conflict | NotFound | Failed>
    deletePingSource(pingSource: PingSource): Effect.Effect<void, Failed>
  }
>()("peanut/Cluster") {}

/** The cluster behind an API; confined to one namespace, if one is named. */
export function makeCluster(api: ObjectApi, namespace?: string): Cluster["Service"] {
  const everywhere = namespace === undefined ? {} : { namespace }
  const stagesOf = (namespace: string) => Effect.map(list(resources.stages, { namespace }, stage), byName)

  /** The objects that have the shape of their kind: a malformed one must not stop the others. */
  const list = Effect.fnUntraced(function* <T>(resource: Resource, selection: Selection, schema: z.ZodType<T>) {
    const results = yield* api.list(resource, selection, (object) => schema.safeParse(object))
    const malformed = results.filter((result) => !result.success).length
    if (malformed > 0) yield* Effect.logWarning("skipped malformed objects", { count: malformed })
    return results.flatMap((result) => (result.success ? [result.data] : []))
  })

  return Cluster.of({
    execution: (ref) => parsed(api.get(resources.executions, ref), execution),

    definition: Effect.fnUntraced(function* ({ metadata: { namespace }, spec }) {
      const ref = { namespace, name: spec.pipelineName }
      const found = yield* parsed(api.get(resources.pipelines, ref), pipeline).pipe(
        Effect.catchTag("NotFound", () => Effect.undefined),
      )
      return { pipeline: found, stages: found === undefined ? new Map() : yield* usedStages(found) }
    }),

    run: (execution, scope) => {
      const { namespace, uid } = execution.metadata
      const stages = stagesIn(scope, execution)
      const labels = labelsOf(execution, stages)
      const podVersion = scope._tag === "AllJobs" ? undefined : scope.podVersion
      if (labels === undefined) return Effect.succeed({ jobs: new Map(), pods: new Map() })
      // Pods last: a pod that was seen before it ended, beside its Job that was seen Complete, would hide its outputs.
      return Effect.gen(function* () {
        // A few are found by their names, for which the API server need not look through all Jobs of the namespace.
        const running = runningJobNames(execution).length
        const areFew = stages !== undefined && running > 0 && running <= maxByName
        const labelled = areFew ? [] : yield* list(resources.jobs, { namespace, labels }, job)
        const owned = labelled.filter((job) => controllerUid(job.metadata) === uid)
        const jobs = [...owned, ...(yield* unlabelled(execution, owned))]
        // A pod that succeeded may be older than its Job; but what a Job that has ended is told by is how its pods ended.
        const notOlderThan = jobs.some(isJobFinished) ? undefined : podVersion
        const pods = yield* list(resources.pods, { namespace, labels, notOlderThan }, pod)
        return {
          jobs: byName(jobs),
          pods: Map.groupBy(pods, (pod) => controllerUid(pod.metadata) ?? ""),
        }
      })
    },

    job: getJob,
    createJob: (manifest) => parsed(api.create(resources.jobs, manifest.metadata.namespace, manifest), job),
    stopJob: ({ metadata }) =>
      api.patch(resources.jobs, metadata, stopPatch).pipe(
        Effect.asVoid,
        // A Job that went away meanwhile has stopped; without a version in the patch there is no conflict.
        Effect.catchTags({ NotFound: () => Effect.void, Conflict: () => Effect.void }),
      ),

    writeStatus: (previous, status) =>
      written(api.patch(resources.executions, previous.metadata, statusPatch(previous, status), "status"), {
        ...previous,
        status,
      }),

    createExecution: (execution) =>
      Effect.asVoid(api.create(resources.executions, execution.metadata.namespace, execution)),

    unfinishedOf: ({ namespace, name }) =>
      // Of those that ended many may be kept; the API server leaves them out.
      list(
        resources.executions,
        { namespace, fields: { "spec.pipelineName": name }, notFields: { "status.phase": finalPhases } },
        execution,
      ),

    cancelExecution: ({ metadata }) =>
      api
        .patch(resources.executions, metadata, { spec: { cancel: true } })
        .pipe(Effect.asVoid, Effect.catchTags({ NotFound: () => Effect.void, Conflict: () => Effect.void })),

    announce: (events) =>
      Effect.forEach(
        events,
        (event) =>
          api.create(resources.events, event.metadata.namespace, event).pipe(
            Effect.catchTag("AlreadyExists", () => Effect.void),
            Effect.catch((error) => Effect.logDebug("a Kubernetes Event was not written", { error: error.message })),
          ),
        { concurrency: 8, discard: true },
      ),

    executions: () => list(resources.executions, everywhere, executionOutline),
    pipelines: () => list(resources.pipelines, everywhere, pipeline),

    stages: () => list(resources.stages, everywhere, stage),

    withRunningJobs: () =>
      Effect.map(
        // Jobs that were kept after they succeeded may be many; the API server leaves those out.
        list(
          resources.jobs,
          { ...everywhere, labels: { [managedByKey]: "peanut" }, fields: { "status.successful": "0" } },
          job,
        ),
        (jobs) => {
          const owners = jobs
            .filter((job) => !isJobFinished(job))
            .flatMap(({ metadata: { namespace, ownerReferences } }) => {
              const owner = ownerReferences.find((owner) => owner.controller)
              const isExecution = owner?.kind === resources.executions.kind && owner.apiVersion.startsWith(`${group}/`)
              return isExecution && objectName.safeParse(owner.name).success ? [{ namespace, name: owner.name }] : []
            })
          return [...new Map(owners.map((ref) => [`${ref.namespace}/${ref.name}`, ref])).values()]
        },
      ),

    deleteExecution: ({ metadata }) =>
      api.delete(resources.executions, metadata).pipe(
        // Somebody else deleted it, and may have made another of its name.
        Effect.catchTags({ NotFound: () => Effect.void, Conflict: () => Effect.void }),
      ),

    pipeline: (ref) =>
      Effect.all(
        { pipeline: parsed(api.get(resources.pipelines, ref), pipeline), stages: stagesOf(ref.namespace) },
        { concurrency: 1 },
      ),

    pipelinesOf: (stage) =>
      Effect.map(list(resources.pipelines, { namespace: stage.namespace }, pipeline), (pipelines) =>
        pipelines
          .filter((pipeline) =>
            [...pipeline.spec.stages, ...(pipeline.spec.finally ?? [])].some(({ type }) => type === stage.name),
          )
          .map(refOf),
      ),

    writePipelineStatus: (previous, status) =>
      written(api.patch(resources.pipelines, previous.metadata, statusPatch(previous, status), "status"), {
        ...previous,
        status,
      }),

    pingSource: (ref) => parsed(api.get(resources.pingSources, ref), pingSource),
    createPingSource: (manifest) =>
      Effect.asVoid(api.create(resources.pingSources, manifest.metadata.namespace, manifest)),
    changePingSource: (previous, manifest) =>
      Effect.asVoid(api.patch(resources.pingSources, previous.metadata, pingSourcePatch(previous, manifest))),
    deletePingSource: ({ metadata }) =>
      api
        .delete(resources.pingSources, metadata)
        .pipe(Effect.catchTags({ NotFound: () => Effect.void, Conflict: () => Effect.void })),
  })

  /** The stages that a pipeline uses; where one is missing, all of its namespace, among which may be the one that was meant. */
  function usedStages({ metadata: { namespace }, spec }: Pipeline) {
    const types = [...new Set([...spec.stages, ...(spec.finally ?? [])].map(({ type }) => type))]
    if (types.length > maxByName) return stagesOf(namespace)
    return Effect.forEach(types, (name) => parsed(api.get(resources.stages, { namespace, name }), stage)).pipe(
      Effect.map(byName),
      Effect.catchTags({ NotFound: () => stagesOf(namespace), Malformed: () => stagesOf(namespace) }),
    )
  }

  function getJob(ref: Ref) {
    return parsed(api.get(resources.jobs, ref), job)
  }

  /**
   * The Jobs of running stages that the label did not find, because somebody removed it: what belongs to a run is
   * decided by owner alone.
   */
  function unlabelled(execution: Execution, found: readonly Job[]) {
    const { namespace, uid } = execution.metadata
    const names = new Set(found.map((job) => job.metadata.name))
    const missing = runningJobNames(execution).filter((name) => !names.has(name))
    return Effect.map(
      Effect.forEach(
        missing,
        (name) =>
          getJob({ namespace, name }).pipe(
            Effect.map((job) => (controllerUid(job.metadata) === uid ? [job] : [])),
            Effect.catchTags({ NotFound: () => Effect.succeed([]), Malformed: () => Effect.succeed([]) }),
          ),
        { concurrency: 4 },
      ),
      (jobs) => jobs.flat(),
    )
  }
}

const refOf = ({ metadata: { namespace, name } }: { readonly metadata: Ref }): Ref => ({ namespace, name })

/** What an API call returned, as its kind. */
function parsed<T, E>(call: Effect.Effect<unknown, E>, schema: z.ZodType<T>): Effect.Effect<T, E | Malformed> {
  return Effect.flatMap(call, (object) => {
    const result = schema.safeParse(object)
    if (result.success) return Effect.succeed(result.data)
    const { kind, metadata } = object as { kind?: string; metadata?: { name?: string } }
    const problems = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ")
    return Effect.fail(new Malformed({ message: `${kind} "${metadata?.name}": ${problems}` }))
  })
}

/**
 * An object with the metadata that it has since its status was written. The answer has no more of it: a status can be
 * large, and we know it.
 */
function written<T extends { readonly metadata: Ref }, E>(
  call: Effect.Effect<unknown, E>,
  object: T,
): Effect.Effect<T, E | Malformed> {
  return Effect.map(parsed(call, z.object({ metadata: objectMeta })), ({ metadata }) => ({ ...object, metadata }))
}

/** The most objects that are read one by one rather than listed. */
const maxByName = 4

/** The most stages that a selector names; beyond, whoever asks gets the Jobs of all. */
const maxSelected = 50

/** The labels of the Jobs and pods of these stages; undefined where there are none. */
function labelsOf({ metadata: { name } }: Execution, stages: readonly string[] | undefined) {
  const labels = { [executionKey]: executionLabel(name) }
  if (stages === undefined || stages.length > maxSelected) return labels
  return stages.length === 0 ? undefined : { ...labels, [stageKey]: [...new Set(stages.map(stageLabel))] }
}
