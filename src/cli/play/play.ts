// Plays one run on this machine: the controller's own handlers, fed with the events of an in-memory store, and a
// runner for the Jobs that they create.

import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import { durationSeconds } from "../../api/duration.ts"
import { type ExecutionStatus, isFinished, isStageFinished, type StageStatus } from "../../api/execution.ts"
import type { PipelineSpec, PipelineStage } from "../../api/pipeline.ts"
import { deliverChanges } from "../../cluster/local/delivery.ts"
import { LocalJobs, layerLocal, type Runner } from "../../cluster/local.ts"
import type { Store, StoredObject } from "../../cluster/memory/store.ts"
import { makeStore } from "../../cluster/memory.ts"
import { resources } from "../../cluster/object-api.ts"
import { handle } from "../../controller/handle.ts"
import { reconcile } from "../../controller/reconcile.ts"
import type { Manifest } from "../../manifests/manifest.ts"
import type { Run } from "../../manifests/select.ts"

/** A run whose state can be read at any time. */
export interface Play {
  /** Those of the graph, then those of `finally`. */
  readonly stages: readonly PipelineStage[]
  readonly atEnd: ReadonlySet<string>
  readonly statuses: ReadonlyMap<string, StageStatus>
  /** How long a stage has taken so far, in milliseconds, if it started. */
  readonly elapsed: (stage: string) => number | undefined
  /** Applies the objects of the run, as `kubectl apply` would. */
  readonly start: () => void
  /** Lets a stage start that waits for an approval. */
  readonly approve: (stage: string) => void
  /** Asks the controller to cancel the run, as `spec.cancel` does. */
  readonly cancel: () => void
  /** Ends what runs at once. */
  readonly kill: () => void
  /** The execution as it was left, once all has ended. */
  readonly done: Promise<StoredObject & { readonly status: ExecutionStatus }>
}

export interface Listener {
  /** A stage wrote a line; of one with a matrix, this combination of it did. */
  readonly output: (stage: string, line: string, combination?: string) => void
  readonly changed: (stage: string) => void
}

export async function play(run: Run, runner: Runner, listener: Listener): Promise<Play> {
  const store = makeStore()
  const runtime = ManagedRuntime.make(
    Layer.mergeAll(
      layerLocal(store, runner, listener.output),
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
  const { stages, finally: last = [], ...pipeline } = run.pipeline.object.spec as PipelineSpec
  const { timeout = pipeline.timeout } = run.execution.object.spec as { timeout?: string }
  let alarm: NodeJS.Timeout | undefined
  return {
    stages: [...stages, ...last],
    atEnd: new Set(last.map(({ name }) => name)),
    statuses,
    elapsed: (stage) => {
      const time = times.get(stage)
      return time && (time.end ?? performance.now()) - time.start
    },
    start: () => {
      for (const stage of run.stages) put(store, resources.stages, stage)
      put(store, resources.pipelines, run.pipeline)
      put(store, resources.executions, run.execution)
      // On a cluster it is the resync that looks again when nothing else happens.
      if (timeout !== undefined) alarm = setTimeout(lookAgain, (durationSeconds(timeout) + 1) * 1000).unref()
    },
    approve: (stage) => {
      const { approved = [] } = store.get(resources.executions, ref).spec as { approved?: readonly string[] }
      store.patch(resources.executions, ref, { spec: { approved: [...new Set([...approved, stage])] } })
    },
    cancel: () => void store.patch(resources.executions, ref, { spec: { cancel: true } }),
    kill: jobs.killAll,
    done: end(),
  }

  function lookAgain(): void {
    runtime.runPromise(redelivered(reconcile(ref))).catch(reject)
  }

  /** The verdict may come before the last Job says Complete: what runs on this machine is waited for. */
  async function end() {
    try {
      await Promise.race([finished, failed])
      await runtime.runPromise(jobs.idle)
      await delivery.idle()
      return store.get(resources.executions, ref) as StoredObject & { status: ExecutionStatus }
    } finally {
      clearTimeout(alarm)
      await runtime.dispose()
    }
  }

  function follow(stage: StageStatus): void {
    const before = statuses.get(stage.name)
    statuses.set(stage.name, stage)
    const { phase = "Waiting", message, reason, combinations } = before ?? {}
    const isOld =
      stage.phase === phase &&
      stage.message === message &&
      stage.reason === reason &&
      isSameProgress(stage.combinations, combinations)
    if (isOld) return
    if (stage.startTime !== undefined) {
      const time = times.get(stage.name) ?? { start: performance.now() }
      if (isStageFinished(stage.phase)) time.end ??= performance.now()
      times.set(stage.name, time)
    }
    listener.changed(stage.name)
  }
}

/** Whether as many combinations have ended as before. */
function isSameProgress(now = "", before = ""): boolean {
  return now.replace(/[WR]/g, "").length === before.replace(/[WR]/g, "").length
}

/** As Knative does, an event that was answered with 503 is sent again. */
function redelivered(work: ReturnType<typeof handle> | ReturnType<typeof reconcile>) {
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
