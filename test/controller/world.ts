// A cluster in memory with the controller beside it, and everything that can go wrong between the two: the stories of
// this folder are told with it.

import type { CloudEventV1 } from "cloudevents"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import type { Execution, ExecutionSpec } from "../../src/api/execution.ts"
import { apiVersion } from "../../src/api/meta.ts"
import type { PipelineStage } from "../../src/api/pipeline.ts"
import type { StageSpec } from "../../src/api/stage.ts"
import { sourceEvent } from "../../src/cluster/local/source.ts"
import { storeApi } from "../../src/cluster/memory/api.ts"
import { type Change, Store } from "../../src/cluster/memory/store.ts"
import {
  type ObjectApi,
  type Refused,
  type Resource,
  resources,
  type Selection,
  type Unavailable,
} from "../../src/cluster/object-api.ts"
import { Cluster, makeCluster } from "../../src/cluster.ts"
import { handle } from "../../src/controller/handle.ts"
import { eventTypes } from "../../src/events/target.ts"
import { stageKey } from "../../src/resources/labels.ts"
import { graph, states } from "../builders/graph.ts"
import { type JobState, jobStatus, namespace, ownerOf, taskSpec, trackingFinalizer } from "../builders/objects.ts"

export interface Call {
  readonly verb: "get" | "list" | "create" | "patch" | "delete"
  readonly resource: Resource
  readonly name: string
  readonly subresource?: "status" | undefined
  readonly selection?: Selection
}

/** What comes between the controller and the API: a delay, an error, a crash, or somebody else's write. */
export type Fault = (call: Call) => Effect.Effect<void, Refused | Unavailable>

export const resyncEvent = { type: eventTypes.ping } as CloudEventV1<unknown>

export class World {
  readonly store: Store
  /** Everything that ever changed. */
  readonly changes: Change[] = []
  /** The calls made since they were last counted. */
  readonly calls: Call[] = []
  /** What the process keeps between events; by default nothing. */
  process: Context.Context<never> = Context.empty()
  before: Fault = () => Effect.void
  after: Fault = () => Effect.void
  /** The clock of the controller, which need not be that of the API server. */
  clockMillis: () => number = () => Date.now()
  #undelivered: Change[] = []

  constructor() {
    let ids = 0
    this.store = new Store({ now: () => `${new Date().toISOString().slice(0, 19)}Z`, newUid: () => `uid-${++ids}` })
    this.store.onChange((change) => {
      this.changes.push(change)
      this.#undelivered.push(change)
    })
  }

  // Arranging

  create(resource: Resource, name: string, spec: object, metadata: object = {}): void {
    const version = resource.group === "batch" ? "batch/v1" : apiVersion
    this.store.create(resource, namespace, {
      apiVersion: version,
      kind: resource.kind,
      metadata: { ...metadata, name },
      spec,
    })
  }

  pipeline(stages: string | PipelineStage[], name = "web"): void {
    this.create(resources.pipelines, name, { stages: typeof stages === "string" ? graph(stages) : stages })
  }

  /** Lets any event start a pipeline. */
  openToEvents(name = "web"): void {
    this.store.patch(resources.pipelines, { namespace, name }, { spec: { events: [{}] } })
  }

  stage(name = "task", spec: StageSpec = taskSpec): void {
    this.create(resources.stages, name, spec)
  }

  execution(name = "run", spec: Partial<ExecutionSpec> = {}): void {
    this.create(resources.executions, name, { pipelineName: "web", ...spec })
  }

  edit(spec: Partial<ExecutionSpec>, name = "run"): void {
    this.store.patch(resources.executions, { namespace, name }, { spec })
  }

  /** Brings Jobs into a state, as the Job controller would: `a Complete, b Failed`. */
  finish(jobs: string, name = "run"): void {
    for (const [stage, state] of states(jobs)) this.finishStage(stage, state as JobState, name)
  }

  finishStage(stage: string, state: JobState = "Complete", name = "run"): void {
    this.store.patch(resources.jobs, this.jobOf(stage, name).metadata, { status: jobStatus(state) }, "status")
  }

  /** A pod of the stage's Job succeeds; the Job controller has yet to count it, unless it says otherwise. */
  succeedPod(stage: string, { finalizers = [trackingFinalizer] }: { readonly finalizers?: string[] } = {}): void {
    const { name, uid, labels, annotations } = this.jobOf(stage).metadata
    this.store.create(resources.pods, namespace, {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: `${name}-pod`,
        labels,
        annotations,
        ownerReferences: [ownerOf("batch/v1", "Job", { name, uid })],
        finalizers,
      },
      spec: {},
      status: { phase: "Succeeded" },
    })
  }

  /** Deletes what an owner left behind, as the garbage collector does in time also with what came after its deletion. */
  collectGarbage(): void {
    for (const { metadata } of this.store.list(resources.jobs)) {
      const owner = metadata.ownerReferences?.find(({ kind }) => kind === resources.executions.kind)
      const isThere = this.store.list(resources.executions).some(({ metadata: { uid } }) => uid === owner?.uid)
      if (owner !== undefined && !isThere) this.store.delete(resources.jobs, metadata)
    }
  }

  /** Somebody else writes an execution, which is then of another version. */
  touch(name = "run"): void {
    const labels = { touched: String(this.changes.length) }
    this.store.patch(resources.executions, { namespace, name }, { metadata: { labels } })
  }

  // The controller

  /** The events of all changes since the last time. */
  events(): CloudEventV1<unknown>[] {
    return this.#undelivered.splice(0).map(sourceEvent)
  }

  handle(event: CloudEventV1<unknown>): Promise<void> {
    return Effect.runPromise(this.#handling(event))
  }

  /** The error with which an event is answered. */
  refusal(event: CloudEventV1<unknown>) {
    return Effect.runPromise(Effect.flip(this.#handling(event)))
  }

  /** Several replicas handle an event each, at the same time. */
  handleAtOnce(events: readonly CloudEventV1<unknown>[]) {
    const handling = events.map((event) => Effect.exit(this.#handling(event)))
    return Effect.runPromise(Effect.all(handling, { concurrency: "unbounded" }))
  }

  /** Delivers every event, and those of what follows from it, until nothing more happens. */
  async deliver(): Promise<void> {
    for (let events = this.events(); events.length > 0; events = this.events()) {
      for (const event of events) await this.handle(event)
    }
  }

  /** All events so far are lost; only the periodic resync comes. */
  async resync(): Promise<void> {
    this.events()
    await this.handle(resyncEvent)
    this.events()
  }

  // Seeing

  run(name = "run"): Execution {
    return this.store.get(resources.executions, { namespace, name }) as unknown as Execution
  }

  /** `Running: a Succeeded, b Running` */
  state(name = "run"): string {
    const { status } = this.run(name)
    return `${status?.phase}: ${(status?.stages ?? []).map((stage) => `${stage.name} ${stage.phase}`).join(", ")}`
  }

  condition(name = "run") {
    return this.run(name).status?.conditions?.[0]
  }

  stageStatus(stage: string, name = "run") {
    return this.run(name).status?.stages?.find((status) => status.name === stage)
  }

  validity(name = "web") {
    const { status } = this.store.get(resources.pipelines, { namespace, name }) as { status?: Execution["status"] }
    return status?.conditions?.[0]
  }

  /** The stages that have a Job, by annotation. */
  jobs(): string {
    return this.store
      .list(resources.jobs)
      .map(({ metadata }) => metadata.annotations?.[stageKey] ?? metadata.name)
      .join(", ")
  }

  jobOf(stage: string, execution = "run") {
    const { uid } = this.run(execution).metadata
    const job = this.store
      .list(resources.jobs)
      .find(({ metadata }) => metadata.annotations?.[stageKey] === stage && metadata.ownerReferences?.[0]?.uid === uid)
    if (job === undefined) throw new Error(`stage ${stage} of ${execution} has no Job`)
    return job
  }

  /** How often a Job was created for a stage. */
  creations(): Readonly<Record<string, number>> {
    const jobs = this.changes.filter(({ type, resource }) => type === "add" && resource.plural === "jobs")
    const stages = Map.groupBy(jobs, ({ object }) => object.metadata.annotations?.[stageKey] ?? "")
    return Object.fromEntries([...stages].map(([stage, created]) => [stage, created.length]))
  }

  /** Runs what needs a cluster on this one. */
  perform<A, E>(effect: Effect.Effect<A, E, Cluster>): Promise<A> {
    return Effect.runPromise(this.#provided(effect))
  }

  #handling(event: CloudEventV1<unknown>) {
    return this.#provided(handle(event))
  }

  #provided<A, E>(effect: Effect.Effect<A, E, Cluster>): Effect.Effect<A, E> {
    return Clock.clockWith((clock) =>
      effect.pipe(
        Effect.provideService(Cluster, makeCluster(this.#api())),
        Effect.provideService(Clock.Clock, this.#clock(clock)),
        Effect.provideContext(this.process),
        Effect.provide(Logger.layer([])),
      ),
    )
  }

  /** Tells the controller its own time, and lets it wait in ours. */
  #clock(clock: Clock.Clock): Clock.Clock {
    const millis = () => this.clockMillis()
    return {
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: () => BigInt(millis()) * 1_000_000n,
      currentTimeNanos: Effect.sync(() => BigInt(millis()) * 1_000_000n),
      monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
      monotonicTimeNanos: clock.monotonicTimeNanos,
      sleep: (duration) => clock.sleep(duration),
    }
  }

  #api(): ObjectApi {
    const api = storeApi(this.store)
    const around = <A, E>(call: Call, effect: Effect.Effect<A, E>) =>
      Effect.suspend(() => {
        this.calls.push(call)
        return Effect.andThen(this.before(call), Effect.tap(effect, this.after(call)))
      })
    return {
      delete: (resource, object) =>
        around({ verb: "delete", resource, name: object.name }, api.delete(resource, object)),
      get: (resource, ref) => around({ verb: "get", resource, name: ref.name }, api.get(resource, ref)),
      list: (resource, selection, read) =>
        around({ verb: "list", resource, name: "", selection }, api.list(resource, selection, read)),
      create: (resource, namespace, object) => {
        const { name } = (object as { metadata: { name: string } }).metadata
        return around({ verb: "create", resource, name }, api.create(resource, namespace, object))
      },
      patch: (resource, ref, patch, subresource) =>
        around({ verb: "patch", resource, name: ref.name, subresource }, api.patch(resource, ref, patch, subresource)),
    }
  }
}

/** A world with a pipeline, its stage `task` and an execution `run` of it, whose events are yet to be delivered. */
export function arrange(stages: string | PipelineStage[], spec: Partial<ExecutionSpec> = {}): World {
  const world = new World()
  world.stage()
  world.pipeline(stages)
  world.execution("run", spec)
  return world
}
