// The cluster as the controller sees it: a handful of questions and commands about executions. Every answer is read
// afresh; nothing is cached. Its layers differ only in the API below it.

import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as z from "zod"
import {
  type Contender,
  contenderOf,
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
import { type Pipeline, type PipelineOutline, type PipelineStatus, pipeline } from "./api/pipeline.ts"
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
import { room } from "./cluster/weight.ts"
import type { Definition } from "./execution/accept.ts"
import type { Observed } from "./execution/advance.ts"
import { type Scope, stagesIn } from "./execution/scope.ts"
import { runningJobNames } from "./execution/tasks.ts"
import type { StartedExecution } from "./resources/execution.ts"
import type { KubernetesEvent } from "./resources/kubernetes-event.ts"
import { executionKey, executionLabel, managedByKey, stageKey, stageLabel } from "./resources/labels.ts"
import { type PingSourceManifest, pingSourcePatch } from "./resources/ping-source.ts"
import { stopPatch } from "./resources/stop.ts"

export { AlreadyExists, Conflict, isDenial, NotFound, Refused, Unavailable } from "./cluster/object-api.ts"

/** An object that does not have the shape of its kind, such as a status edited by hand. It alone stops. */
export class Malformed extends Data.TaggedError("Malformed")<{ readonly message: string }> {}

type Failed = Refused | Unavailable

export class Cluster extends Context.Service<
  Cluster,
  {
    /** One execution, as it is now. */
    execution(ref: Ref): Effect.Effect<Execution, NotFound | Malformed | Failed>
    /** The pipeline an execution names and the stages that it uses; the names of the others, where one of those is missing. */
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
    createExecution(execution: StartedExecution): Effect.Effect<void, AlreadyExists | NotFound | Failed>
    /** The executions of a pipeline that have not ended. */
    unfinishedOf(pipeline: Ref): Effect.Effect<readonly Contender[], Failed>
    /** Cancels a run, as a person would. */
    cancelExecution(execution: { readonly metadata: Ref }): Effect.Effect<void, Failed>
    /** Writes Kubernetes Events for people to read. Never fails: nothing depends on them. */
    announce(events: readonly KubernetesEvent[]): Effect.Effect<void>
    /** The executions that have not ended, and that nobody deletes. */
    unfinished(): Effect.Effect<readonly Ref[], Failed>
    /** The executions that have ended, in outline. */
    ended(): Effect.Effect<readonly ExecutionOutline[], Failed>
    /** Every pipeline there is; the whole of it, unless it is large or they are many. */
    pipelines(): Effect.Effect<readonly PipelineRead[], Failed>
    /** The names of the stages there are, by namespace; and of those that `isUsed`, the whole, unless it is large or they are many. */
    stages(isUsed: (stage: Ref) => boolean): Effect.Effect<ReadonlyMap<string, Definition["stages"]>, Failed>
    /** The executions with a Job that has not ended, whether they have or not. */
    withRunningJobs(): Effect.Effect<readonly Ref[], Failed>
    deleteExecution(execution: ExecutionOutline): Effect.Effect<void, Failed>
    /** A pipeline, and the stages of its namespace: of those that it does not use, the names, where one is missing. */
    pipeline(ref: Ref): Effect.Effect<Definition & { readonly pipeline: Pipeline }, NotFound | Malformed | Failed>
    /** A pipeline without its stages, which cost more to read. */
    pipelineAlone(ref: Ref): Effect.Effect<Pipeline, NotFound | Malformed | Failed>
    /** The stages of a pipeline, as `pipeline` has them. */
    stagesOf(pipeline: Pipeline): Effect.Effect<Definition["stages"], Failed>
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

  /**
   * What `pick` makes of the objects that have the shape of their kind, each as it comes. A malformed one must not stop the
   * others, whatever happens when somebody looks at it.
   */
  const list = Effect.fnUntraced(function* <T, U>(
    resource: Resource,
    selection: Selection,
    schema: z.ZodType<T>,
    pick: (object: T) => U | undefined,
  ) {
    const malformed: string[] = []
    const picked = yield* api.list(resource, selection, (object) => {
      try {
        const result = schema.safeParse(object)
        if (result.success) return pick(result.data)
      } catch {}
      malformed.push(nameOf(object))
      return undefined
    })
    if (malformed.length > 0) {
      const names = malformed.slice(0, maxNamesLogged)
      yield* Effect.logWarning("skipped malformed objects", { kind: resource.kind, count: malformed.length, names })
    }
    return picked.filter((object) => object !== undefined)
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
        const labelled = areFew ? [] : yield* list(resources.jobs, { namespace, labels }, job, whole)
        const owned = labelled.filter((job) => controllerUid(job.metadata) === uid)
        const jobs = [...owned, ...(yield* unlabelled(execution, owned))]
        // A pod that succeeded may be older than its Job; but what a Job that has ended is told by is how its pods ended.
        const notOlderThan = jobs.some(isJobFinished) ? undefined : podVersion
        const pods = yield* list(resources.pods, { namespace, labels, notOlderThan }, pod, whole)
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
        contenderOf,
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

    unfinished: () =>
      list(
        resources.executions,
        { ...everywhere, notFields: { "status.phase": finalPhases }, isMetadataOnly: true },
        z.object({ metadata: outlineMeta }),
        (object) => (object.metadata.deletionTimestamp === undefined ? refOf(object) : undefined),
      ),

    ended: () =>
      list(
        resources.executions,
        { ...everywhere, notFields: { "status.phase": ["", "Pending", "Running"] } },
        executionOutline,
        whole,
      ),

    pipelines: () => {
      const memory = room(maxHeldBytes, maxHeldBytesOfOne)
      return list(resources.pipelines, everywhere, pipeline, (object): PipelineRead => {
        const { successfulExecutionsHistoryLimit, failedExecutionsHistoryLimit } = object.spec
        return {
          metadata: refOf(object),
          spec: { successfulExecutionsHistoryLimit, failedExecutionsHistoryLimit },
          whole: memory.has(object) ? object : undefined,
        }
      })
    },

    stages: (isUsed) => {
      const memory = room(maxHeldBytes, maxHeldBytesOfOne)
      const pick = (object: Stage) => {
        const isHeld = isUsed(refOf(object)) && memory.has(object)
        return { ref: refOf(object), stage: isHeld ? object : undefined }
      }
      return Effect.map(list(resources.stages, everywhere, stage, pick), (stages) => {
        const groups = Map.groupBy(stages, ({ ref }) => ref.namespace)
        return new Map(
          [...groups].map(([namespace, group]) => [
            namespace,
            new Map(group.map(({ ref, stage }) => [ref.name, stage] as const)),
          ]),
        )
      })
    },

    withRunningJobs: () =>
      Effect.map(
        // Jobs that were kept after they succeeded may be many; the API server leaves those out.
        list(
          resources.jobs,
          { ...everywhere, labels: { [managedByKey]: "peanut" }, fields: { "status.successful": "0" } },
          job,
          ownerOf,
        ),
        (owners) => [...new Map(owners.map((ref) => [`${ref.namespace}/${ref.name}`, ref])).values()],
      ),

    deleteExecution: ({ metadata }) =>
      api.delete(resources.executions, metadata).pipe(
        // Somebody else deleted it, and may have made another of its name.
        Effect.catchTags({ NotFound: () => Effect.void, Conflict: () => Effect.void }),
      ),

    pipelineAlone: (ref) => parsed(api.get(resources.pipelines, ref), pipeline),
    stagesOf: usedStages,
    pipeline: Effect.fnUntraced(function* (ref) {
      const found = yield* parsed(api.get(resources.pipelines, ref), pipeline)
      return { pipeline: found, stages: yield* usedStages(found) }
    }),

    pipelinesOf: (stage) =>
      list(resources.pipelines, { namespace: stage.namespace }, pipeline, (pipeline) =>
        typesIn(pipeline.spec).has(stage.name) ? refOf(pipeline) : undefined,
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

  /**
   * The stages that a pipeline uses; where one is missing, also the names of the others of its namespace, among which may be
   * the one that was meant. Those that are together far more than a run can keep are not read to the end.
   */
  function usedStages({ metadata: { namespace }, spec }: Pipeline) {
    const types = typesIn(spec)
    const memory = room(maxUsedBytes)
    const light = (object: Stage) => (memory.has(object) ? object : undefined)
    return Effect.gen(function* () {
      const found = new Map<string, Stage | undefined>()
      if (types.size > maxByName) {
        // Many are listed, unless there is too much beside them: then the rest is read by name.
        const scan = room(maxUsedBytes / 2)
        const others: (readonly [string, undefined])[] = []
        let isEnough = false
        yield* list(resources.stages, { namespace, isEnough: () => isEnough }, stage, (object) => {
          const { name } = object.metadata
          if (types.has(name)) found.set(name, light(object))
          else others.push([name, undefined])
          isEnough ||= !scan.has(object)
        })
        if (!isEnough) return new Map([...found, ...others])
      }
      for (const name of types) {
        if (found.has(name)) continue
        // Where one is left out, the others are more than a run can keep: no more is read.
        if ([...found.values()].includes(undefined)) found.set(name, undefined)
        else {
          const read = yield* parsed(api.get(resources.stages, { namespace, name }), stage).pipe(
            Effect.catchTags({ NotFound: () => Effect.undefined, Malformed: () => Effect.undefined }),
          )
          if (read !== undefined) found.set(name, light(read))
        }
      }
      if (found.size === types.size) return found
      const names = yield* list(
        resources.stages,
        { namespace, isMetadataOnly: true },
        z.object({ metadata: outlineMeta }),
        ({ metadata: { name } }) => (types.has(name) ? undefined : name),
      )
      return new Map([...found, ...names.map((name) => [name, undefined] as const)])
    })
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

const whole = <T>(object: T) => object
const outlineMeta = objectMeta.pick({ name: true, namespace: true, deletionTimestamp: true })

/** The types of the stages of a pipeline. */
const typesIn = ({ stages, finally: atEnd = [] }: Pipeline["spec"]) =>
  new Set([...stages, ...atEnd].map(({ type }) => type))

/** The execution that owns a Job that has not ended, if one does. */
function ownerOf(job: Job): Ref | undefined {
  const { namespace, ownerReferences } = job.metadata
  const owner = ownerReferences.find((owner) => owner.controller)
  const isExecution = owner?.kind === resources.executions.kind && owner.apiVersion.startsWith(`${group}/`)
  if (isJobFinished(job) || !isExecution || !objectName.safeParse(owner.name).success) return undefined
  return { namespace, name: owner.name }
}

/** Where an object is, as far as it says; for the log. */
function nameOf(object: unknown): string {
  const { namespace, name } = (object as { metadata?: Partial<Ref> } | null)?.metadata ?? {}
  return `${namespace}/${name}`
}

/** What an API call returned, as its kind. */
function parsed<T, E>(call: Effect.Effect<unknown, E>, schema: z.ZodType<T>): Effect.Effect<T, E | Malformed> {
  return Effect.flatMap(call, (object) => {
    const { kind, metadata } = object as { kind?: string; metadata?: { name?: string } }
    const malformed = (problems: string) =>
      Effect.fail(new Malformed({ message: `${kind} "${metadata?.name}": ${problems}` }))
    try {
      const result = schema.safeParse(object)
      if (result.success) return Effect.succeed(result.data)
      return malformed(result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; "))
    } catch (error) {
      // An object can be made so that looking at it takes more stack than there is.
      return malformed(String(error))
    }
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

/** A pipeline as a list of all finds it. */
export type PipelineRead = PipelineOutline & {
  /** The whole of it, unless it would take too much memory to hold: then it has to be read by itself. */
  readonly whole: Pipeline | undefined
}

/** How much of all pipelines, and of all stages, is held at once, and how much of one of them, in bytes. */
const maxHeldBytes = 16 * 1024 * 1024
const maxHeldBytesOfOne = 512 * 1024
/** How much of the stages of one pipeline is read: many times what a run can keep in JSON, in which a value can take two bytes. */
const maxUsedBytes = 16 * 1024 * 1024
/** How many malformed objects are named in the log. */
const maxNamesLogged = 5

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
