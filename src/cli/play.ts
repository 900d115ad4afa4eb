// Plays one run on this machine: the controller's own handlers, fed with the events of an in-memory store, and a
// runner for the Jobs that they create.

import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as References from "effect/References"
import { type ExecutionStatus, isFinished, type StageStatus } from "../api/execution.ts"
import type { PipelineStage } from "../api/pipeline.ts"
import { LocalJobs, layerLocal, type Runner } from "../cluster/local.ts"
import type { Store, StoredObject } from "../cluster/memory/store.ts"
import { makeStore } from "../cluster/memory.ts"
import { resources } from "../cluster/object-api.ts"
import { handle } from "../controller/handle.ts"
import { deliverChanges } from "../events/delivery.ts"
import type { Manifest, Run } from "./load.ts"

/** A run whose state can be read at any time. */
export interface Play {
  readonly stages: readonly PipelineStage[]
  readonly statuses: ReadonlyMap<string, StageStatus>
  /** How long a stage has taken so far, in milliseconds, if it started. */
  readonly elapsed: (stage: string) => number | undefined
  /** Applies the objects of the run, as `kubectl apply` would. */
  readonly start: () => void
  /** Asks the controller to cancel the run, as `spec.cancel` does. */
  readonly cancel: () => void
  /** Ends what runs at once. */
  readonly kill: () => void
  /** The execution as it was left, once all has ended. */
  readonly done: Promise<StoredObject & { readonly status: ExecutionStatus }>
}

export interface Listener {
  readonly output: (stage: string, line: string) => void
  readonly changed: (stage: string) => void
}

export async function play(run: Run, runner: Runner, listener: Listener): Promise<Play> {
  const store = makeStore()
  const runtime = ManagedRuntime.make(
    Layer.mergeAll(
      layerLocal(store, runner, (stage, line) => listener.output(stage, line)),
      Logger.layer([Logger.withConsoleError(Logger.formatLogFmt)]),
      Layer.succeed(References.MinimumLogLevel, "Warn"),
    ),
  )
  const jobs = await runtime.runPromise(LocalJobs)
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const delivery = deliverChanges(store, (event) => runtime.runPromise(handle(event)), reject)
  const ref = { namespace: run.execution.namespace, name: run.execution.name }
  const times = new Map<string, { start: number; end?: number }>()
  const statuses = new Map<string, StageStatus>()
  const finished = new Promise<void>((resolve) => {
    store.onChange(({ resource, object }) => {
      if (resource !== resources.executions) return
      const { status } = object as StoredObject & { status?: ExecutionStatus }
      for (const stage of status?.stages ?? []) follow(stage)
      if (isFinished({ status })) resolve()
    })
  })
  return {
    stages: (run.pipeline.object as { spec: { stages: readonly PipelineStage[] } }).spec.stages,
    statuses,
    elapsed: (stage) => {
      const time = times.get(stage)
      return time && (time.end ?? performance.now()) - time.start
    },
    start: () => {
      for (const stage of run.stages) put(store, resources.stages, stage)
      put(store, resources.pipelines, run.pipeline)
      put(store, resources.executions, run.execution)
    },
    cancel: () => void store.patch(resources.executions, ref, { spec: { cancel: true } }),
    kill: jobs.killAll,
    done: Promise.race([end(), failed]),
  }

  /** The verdict may come before the last Job says Complete: what runs on this machine is waited for. */
  async function end() {
    await finished
    await runtime.runPromise(jobs.idle)
    await delivery.idle()
    await runtime.dispose()
    return store.get(resources.executions, ref) as StoredObject & { status: ExecutionStatus }
  }

  function follow(stage: StageStatus): void {
    const before = statuses.get(stage.name)
    statuses.set(stage.name, stage)
    const phase = before?.phase ?? "Waiting"
    if (stage.phase === phase && stage.message === before?.message) return
    const time = times.get(stage.name)
    if (time === undefined && stage.startTime !== undefined) times.set(stage.name, { start: performance.now() })
    if (time !== undefined && stage.phase !== "Running") time.end ??= performance.now()
    listener.changed(stage.name)
  }
}

function put(
  store: Store,
  resource: (typeof resources)[keyof typeof resources],
  { object, namespace }: Manifest,
): void {
  store.create(resource, namespace, object)
}
