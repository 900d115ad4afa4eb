// The replicas of Peanut: each handles any number of events at the same time, with the real handlers. Every call to the API
// stops twice, before it is carried out and before it is answered, and goes on when the scheduler says so.

import type { CloudEventV1 } from "cloudevents"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as References from "effect/References"
import type { Scheduler } from "effect/Scheduler"
import type { Ref } from "../../src/api/meta.ts"
import type { StoredObject } from "../../src/cluster/memory/store.ts"
import type { ObjectApi, Resource, Selection } from "../../src/cluster/object-api.ts"
import { Cluster, makeCluster } from "../../src/cluster.ts"
import { EndedJobs, type EndedJobsService, rememberEndedJobs } from "../../src/controller/ended-jobs.ts"
import { handle } from "../../src/controller/handle.ts"
import { Lanes, type LanesService, makeLanes } from "../../src/controller/lanes.ts"
import { makeOneResync, OneResync, type OneResyncService } from "../../src/controller/one-resync.ts"

export interface Call {
  readonly verb: "get" | "list" | "create" | "patch" | "delete"
  readonly resource: Resource
  readonly namespace: string | undefined
  readonly name: string
  readonly body?: object
  readonly selection?: Selection
}

export const isWrite = ({ verb }: Call) => verb !== "get" && verb !== "list"

/** A call that waits: to be carried out, or with the answer, to be answered. */
export interface Waiting {
  readonly call: Call
  readonly handling: Handling
  /** Carries the call out. */
  readonly commit: () => Exit.Exit<unknown, unknown>
  readonly resume: (answer: Exit.Exit<unknown, unknown>) => void
  answer?: Exit.Exit<unknown, unknown>
}

/** One event that a replica handles. */
export interface Handling {
  readonly number: number
  readonly replica: Replica
  readonly words: string
  readonly calls: Call[]
  /** Executions as it read them, by UID, and when. */
  readonly reads: Map<string, { readonly object: StoredObject; readonly time: number }>
  /** When it last saw what: the executions, the Jobs of an execution by label, or a Job by its name. */
  readonly seen: Map<string, number>
  /** How many of its calls failed, so that it may have had to look again. */
  races: number
  exit?: Exit.Exit<void, { readonly _tag: string; readonly message: string }>
}

export interface Replica {
  readonly name: string
  clockSkewSeconds: number
  /** What the process keeps between events, and loses when it dies. */
  process: Process
}

export interface Process {
  readonly lanes: LanesService
  readonly oneResync: OneResyncService
  readonly endedJobs: EndedJobsService
}

export const newProcess = (): Process => ({
  lanes: makeLanes(),
  oneResync: makeOneResync(),
  endedJobs: rememberEndedJobs(),
})

/** What the world does for a replica. */
export interface Host {
  readonly namespace: string
  readonly scheduler: Scheduler
  millis(): number
  sleep(handling: Handling, millis: number, wake: () => void): void
  park(waiting: Waiting): void
}

/** Begins to handle an event; from here on the calls of the handling come to the host. */
export function begin(host: Host, api: ObjectApi, handling: Handling, event: CloudEventV1<unknown>): void {
  const context = Context.make(Cluster, makeCluster(gate(api, host, handling))).pipe(
    Context.add(Clock.Clock, clockOf(host, handling)),
    Context.add(Lanes, handling.replica.process.lanes),
    Context.add(OneResync, handling.replica.process.oneResync),
    Context.add(EndedJobs, handling.replica.process.endedJobs),
    Context.add(References.MinimumLogLevel, "None"),
    Context.add(References.TracerEnabled, false),
  )
  const fiber = Effect.runForkWith(context)(handle(event, host.namespace), { scheduler: host.scheduler })
  fiber.addObserver((exit) => {
    handling.exit = exit
  })
}

/** The API, with a stop before and after every call. */
function gate(api: ObjectApi, host: Host, handling: Handling): ObjectApi {
  const around = <A, E>(call: Call, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.callback((resume) => {
      host.park({
        call,
        handling,
        commit: () => Effect.runSyncExit(effect),
        resume: (answer) => resume(answer as Exit.Exit<A, E>),
      })
    })
  const about = (verb: Call["verb"], resource: Resource, { namespace, name }: Ref, body?: object): Call => ({
    verb,
    resource,
    namespace,
    name,
    ...(body && { body }),
  })
  return {
    get: (resource, ref) => around(about("get", resource, ref), api.get(resource, ref)),
    list: (resource, selection, read) =>
      around(
        { verb: "list", resource, namespace: selection.namespace, name: "", selection },
        api.list(resource, selection, read),
      ),
    delete: (resource, object) => around(about("delete", resource, object), api.delete(resource, object)),
    create: (resource, namespace, object) => {
      const { name } = (object as { metadata: { name: string } }).metadata
      return around(about("create", resource, { namespace, name }, object), api.create(resource, namespace, object))
    },
    patch: (resource, ref, patch, subresource) =>
      around(about("patch", resource, ref, patch), api.patch(resource, ref, patch, subresource)),
  }
}

/** The clock of a replica's machine, which may be wrong. */
function clockOf(host: Host, handling: Handling): Clock.Clock {
  const wall = () => host.millis() + handling.replica.clockSkewSeconds * 1000
  const nanos = () => BigInt(wall()) * 1_000_000n
  const monotonic = () => BigInt(host.millis()) * 1_000_000n
  return {
    currentTimeMillisUnsafe: wall,
    currentTimeMillis: Effect.sync(wall),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: monotonic,
    monotonicTimeNanos: Effect.sync(monotonic),
    sleep: (duration: Duration.Duration) =>
      Effect.callback((resume) => host.sleep(handling, Duration.toMillis(duration), () => resume(Effect.void))),
  }
}
