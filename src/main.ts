// The in-cluster entry: one HTTP server that takes CloudEvents. It needs PORT and the usual credentials of a pod, or
// a KUBECONFIG; what it keeps between requests only saves work.

import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { layerKubernetes } from "./cluster/kubernetes.ts"
import { layerEndedJobs } from "./controller/ended-jobs.ts"
import { layerLanes } from "./controller/lanes.ts"
import { layerOneResync } from "./controller/one-resync.ts"
import { layerHttpSink } from "./event-sink.ts"
import { layerScheduleSink } from "./schedule-sink.ts"
import { makeApp } from "./server/app.ts"
import { listen } from "./server/listen.ts"
import { layerLog } from "./server/log.ts"
import { gracefulClose } from "./server/shutdown.ts"
import { readSettings } from "./settings.ts"

const settings = readSettings(process.env)
if ("problem" in settings) fail(settings.problem)
const { port, namespace, sink } = settings
const runtime = ManagedRuntime.make(
  Layer.mergeAll(
    layerKubernetes(process.env, namespace),
    layerEndedJobs,
    layerLanes,
    layerOneResync,
    layerLog,
    layerScheduleSink(settings),
    sink === undefined ? Layer.empty : layerHttpSink(sink.url, sink.extensions),
  ),
)
let isReady = true

// Credentials are read before anybody is told that we listen: a probe must not find a server that cannot work.
await runtime.context().catch((error) => fail("no connection to a Kubernetes API server", error))
const server = await listen(
  makeApp(runtime, () => isReady, settings),
  port,
).catch((error) => fail(`cannot listen on port ${port}`, error))

// Knative sends SIGTERM some 30 s after the last request. What runs is finished; nothing is lost if it is not.
const close = gracefulClose(server)
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, async () => {
    isReady = false
    await close()
    await runtime.dispose()
    process.exit(0)
  })
}
// How long a cold start took of it, since the process began; operators and bench/cold.ts read it.
runtime.runFork(Effect.logInfo("listening", { port, startMillis: Math.round(performance.now()) }))

/** Ends the process with one line for whoever started it. */
function fail(what: string, why?: unknown): never {
  const reason = why instanceof Error ? why.message : why
  console.error(`peanut: ${reason === undefined ? what : `${what}: ${String(reason).split("\n", 1)[0]}`}`)
  process.exit(1)
}
