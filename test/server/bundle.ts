// The built server as a process of its own.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"

const file = fileURLToPath(new URL("../../dist/server.js", import.meta.url))

export interface ServerProcess {
  readonly port: number
  readonly url: string
  readonly pid: number
  readonly stdout: () => string
  readonly stderr: () => string
  readonly signal: (signal: NodeJS.Signals) => void
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>
}

/** Starts it, and waits for nothing. */
export function spawnServer(env: Readonly<Record<string, string>>): ServerProcess {
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env.PATH, HOME: "/nonexistent", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  let stdout = ""
  let stderr = ""
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text))
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text))
  const port = Number(env.PORT ?? 8080)
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    pid: child.pid!,
    stdout: () => stdout,
    stderr: () => stderr,
    signal: (signal) => child.kill(signal),
    // "close" comes when the output was read, too.
    ended: once(child, "close").then(([code, signal]) => code ?? signal),
  }
}

/** Starts it on a free port, and waits until it listens. */
export async function startServer(kubeconfig: string): Promise<ServerProcess> {
  const server = spawnServer({ PORT: String(await freePort()), KUBECONFIG: kubeconfig })
  let hasEnded = false
  server.ended.then(() => {
    hasEnded = true
  })
  while (!server.stdout().includes('"message":"listening"')) {
    if (hasEnded) throw new Error(`the server ended: ${server.stderr()}`)
    await sleep(10)
  }
  return server
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, "close")
  return port
}
