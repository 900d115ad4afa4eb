// The in-cluster entry: one HTTP server that takes CloudEvents. It needs PORT and the usual credentials of a pod, or
// a KUBECONFIG; it keeps nothing between requests.

import type { Server } from "node:http"
import { serve } from "@hono/node-server"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { layerKubernetes } from "./cluster/kubernetes.ts"
import { makeApp } from "./server/app.ts"
import { layerLog } from "./server/log.ts"
import { gracefulClose } from "./server/shutdown.ts"

const port = Number(process.env.PORT ?? 8080)
const runtime = ManagedRuntime.make(Layer.mergeAll(layerKubernetes(process.env), layerLog))
let isReady = true

// Credentials are read before anybody is told that we listen: a probe must not find a server that cannot work.
await runtime.context().catch((error: unknown) => {
  console.error(`peanut: no connection to a Kubernetes API server: ${error instanceof Error ? error.message : error}`)
  process.exit(1)
})

const server = serve({
  fetch: makeApp(runtime, () => isReady).fetch,
  port,
  // A sender that dribbles must not hold a connection for ever; these are milliseconds.
  serverOptions: { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 65_000 },
})

// Knative sends SIGTERM some 30 s after the last request. What runs is finished; nothing is lost if it is not.
const close = gracefulClose(server as Server)
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, async () => {
    isReady = false
    await close()
    await runtime.dispose()
    process.exit(0)
  })
}
