// The app on a real socket of this process, over a cluster in memory.

import type { AddressInfo } from "node:net"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { vi } from "vitest"
import { apiVersion } from "../../src/api/meta.ts"
import { storeApi } from "../../src/cluster/memory/api.ts"
import type { Store } from "../../src/cluster/memory/store.ts"
import { makeStore } from "../../src/cluster/memory.ts"
import { type ObjectApi, resources } from "../../src/cluster/object-api.ts"
import { Cluster, makeCluster } from "../../src/cluster.ts"
import { makeApp } from "../../src/server/app.ts"
import { listen } from "../../src/server/listen.ts"
import { layerLog } from "../../src/server/log.ts"
import { graph } from "../builders/graph.ts"
import { namespace, taskSpec } from "../builders/objects.ts"
import type { Message } from "./events.ts"

export interface Served {
  readonly url: string
  readonly port: number
  readonly store: Store
  readonly jobs: () => number
  readonly post: (message: Message, path?: string) => Promise<Answer>
  readonly setReady: (isReady: boolean) => void
}

export interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

export interface Options {
  readonly limits?: Parameters<typeof listen>[2]
  /** What comes between the controller and the store. */
  readonly wrap?: (api: ObjectApi) => ObjectApi
  readonly settings?: Parameters<typeof makeApp>[2]
  /** What else the server has, such as a sink for its events. */
  readonly layer?: Layer.Layer<never>
}

/** Serves execution `run` of pipeline `web`, which has one stage and may be started by events, to `use`. */
export async function serving<T>(
  use: (served: Served) => Promise<T>,
  { limits, wrap, settings, layer = Layer.empty }: Options = {},
): Promise<T> {
  const store = makeStore()
  const create = (resource: (typeof resources)[keyof typeof resources], name: string, spec: object) =>
    store.create(resource, namespace, { apiVersion, kind: resource.kind, metadata: { name }, spec })
  create(resources.stages, "task", taskSpec)
  create(resources.pipelines, "web", { stages: graph("a"), events: [{}] })
  create(resources.executions, "run", { pipelineName: "web" })

  let isReady = true
  const api = storeApi(store)
  const cluster = Layer.succeed(Cluster, makeCluster(wrap?.(api) ?? api))
  const runtime = ManagedRuntime.make(Layer.mergeAll(cluster, layerLog, layer))
  const app = makeApp(runtime, () => isReady, settings)
  const server = await listen(app, 0, limits)
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  try {
    return await use({
      url,
      port,
      store,
      jobs: () => store.list(resources.jobs).length,
      post: (message, path = "/") => post(url + path, message),
      setReady: (ready) => {
        isReady = ready
      },
    })
  } finally {
    server.closeAllConnections()
    server.close()
    await runtime.dispose()
  }
}

export async function post(url: string, { headers, body }: Message): Promise<Answer> {
  const answer = await fetch(url, { method: "POST", headers, body })
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

/** What is written to standard output and standard error by this process, instead of writing it. */
export function spyOnConsole() {
  const lines = (method: "log" | "error" | "info" | "warn") => {
    const spy = vi.spyOn(console, method).mockImplementation(() => undefined)
    return () => spy.mock.calls.map((call) => String(call[0]))
  }
  const log = lines("log")
  const others = [lines("error"), lines("info"), lines("warn")]
  return { log, others: () => others.flatMap((lines) => lines()) }
}
