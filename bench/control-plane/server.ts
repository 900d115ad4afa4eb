// The built server as a process of its own, on a port that stays when it is started anew.

import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Running, ready, start } from "../../test/control-plane/processes.ts"
import { Metrics } from "./metrics.ts"

export interface Server {
  readonly url: string
  readonly pid: number
  readonly metrics: () => Promise<Metrics>
  readonly stop: () => Promise<void>
}

export interface ServerOptions {
  readonly kubeconfig: string
  readonly port: number
  /** Where its log goes. */
  readonly folder: string
  /** Has it write a CPU profile for Chrome's tools into this folder as it ends. */
  readonly profileFolder?: string | undefined
}

const bundle = fileURLToPath(new URL("../../dist/server.js", import.meta.url))
let starts = 0

export async function startServer({ kubeconfig, port, folder, profileFolder }: ServerOptions): Promise<Server> {
  const profiling = profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`]
  const running: Running = start({
    program: process.execPath,
    args: [...profiling, bundle],
    env: { PORT: String(port), KUBECONFIG: kubeconfig, NODE_ENV: "production" }, // As the Dockerfile says.
    logFile: join(folder, `server-${++starts}.log`),
  })
  const url = `http://127.0.0.1:${port}`
  await ready("the server", running, () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  return {
    url,
    pid: running.pid,
    metrics: async () => Metrics.parse(await (await fetch(`${url}/metrics`)).text()),
    stop: () => running.stop(30_000),
  }
}
