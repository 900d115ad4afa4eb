// Plays one run on this machine: the controller's own handlers, fed with the events of an in-memory store, and a
// runner for the Jobs that they create.

import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import { type ExecutionStatus, isFinished, isStageFinished, type StageStatus } from "../api/execution.ts"
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
  const delivery = deliverChanges(store, (event) => runtime.runPromise(redelivered(handle(event))), reject)
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
    done: end(),
  }

  /** The verdict may come before the last Job says Complete: what runs on this machine is waited for. */
  async function end() {
    try {
      await Promise.race([finished, failed])
      await runtime.runPromise(jobs.idle)
      await delivery.idle()
      return store.get(resources.executions, ref) as StoredObject & { status: ExecutionStatus }
    } finally {
      await runtime.dispose()
    }
  }

  function follow(stage: StageStatus): void {
    const before = statuses.get(stage.name)
    statuses.set(stage.name, stage)
    const phase = before?.phase ?? "Waiting"
    if (stage.phase === phase && stage.message === before?.message) return
    if (stage.startTime !== undefined) {
      const time = times.get(stage.name) ?? { start: performance.now() }
      if (isStageFinished(stage.phase)) time.end ??= performance.now()
      times.set(stage.name, time)
    }
    listener.changed(stage.name)
  }
}

/** As Knative does, an event that was answered with 503 is sent again. */
function redelivered(work: ReturnType<typeof handle>) {
  const pauses = Schedule.exponential("20 millis")
  return Effect.retry(work, { while: ({ _tag }) => _tag === "Unavailable", schedule: pauses, times: 10 })
}

function put(
  store: Store,
  resource: (typeof resources)[keyof typeof resources],
  { object, namespace }: Manifest,
): void {
  store.create(resource, namespace, object)
}
