// The built server as a process, with nothing but PORT, a kubeconfig and what a test sets.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { type CloudEvent, HTTP } from "cloudevents"

export interface PeanutServer {
  readonly url: string
  readonly pid: number
  /** What it logged so far. */
  readonly log: () => string
  readonly post: (event: CloudEvent<unknown>) => Promise<Response>
  readonly stop: () => Promise<number | null>
}

const bundle = fileURLToPath(new URL("../../dist/server.js", import.meta.url))

export async function startServer(
  kubeconfig: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<PeanutServer> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const child = spawn(process.execPath, [bundle], {
    env: { PATH: process.env.PATH, PORT: String(port), KUBECONFIG: kubeconfig, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let log = ""
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (log += text))
  await isReady(child, url, () => log)
  return {
    url,
    pid: child.pid!,
    log: () => log,
    post: (event) => {
      const { headers, body } = HTTP.binary(event)
      return fetch(url, { method: "POST", headers: headers as Record<string, string>, body: body as string })
    },
    stop: async () => {
      if (child.exitCode === null && child.kill("SIGTERM")) await once(child, "exit")
      return child.exitCode
    },
  }
}

async function isReady(child: ChildProcess, url: string, log: () => string): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (child.exitCode !== null) throw new Error(`the server ended: ${log()}`)
    const answer = await fetch(`${url}/readyz`).catch(() => undefined)
    if (answer?.ok) return
    await sleep(50)
  }
  throw new Error(`the server does not get ready: ${log()}`)
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  return port
}
