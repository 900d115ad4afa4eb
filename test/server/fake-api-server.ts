// Stands where an API server would, and answers what a test wants; it counts calls and connections.

import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

export interface FakeApiServer {
  readonly kubeconfig: string
  /** Method and path of each call since the last `reset`. */
  readonly calls: readonly string[]
  readonly connections: () => number
  /** How the next calls are answered: each of these once, then as an empty cluster would. */
  readonly next: (...answers: readonly RequestListener[]) => void
  /** Ends the connections that wait for a call. */
  readonly closeIdle: () => void
  readonly reset: () => void
  readonly close: () => void
}

export async function startFakeApiServer(): Promise<FakeApiServer> {
  const calls: string[] = []
  const queue: RequestListener[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((request, response) => {
    // The connection is opened with it; no test is about that.
    if (request.url === "/version") return json(200, {})(request, response)
    calls.push(`${request.method} ${request.url}`)
    const answer = queue.shift() ?? emptyCluster
    answer(request, response)
  })
  server.on("connection", (socket) => {
    connections++
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const folder = mkdtempSync(join(tmpdir(), "peanut-test-"))
  const kubeconfig = join(folder, "kubeconfig")
  writeFileSync(kubeconfig, kubeconfigFor(`http://127.0.0.1:${port}`))
  return {
    kubeconfig,
    calls,
    connections: () => connections,
    next: (...answers) => {
      queue.push(...answers)
    },
    closeIdle: () => server.closeIdleConnections(),
    reset: () => {
      calls.length = 0
      queue.length = 0
      connections = sockets.size
    },
    close: () => {
      server.close()
      server.closeAllConnections()
      rmSync(folder, { recursive: true })
    },
  }
}

/** The Kubernetes client takes plain HTTP only from those who say that they do not care. */
export function kubeconfigFor(server: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "fake", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "fake", user: { token: "secret" } }],
    contexts: [{ name: "fake", context: { cluster: "fake", user: "fake" } }],
    "current-context": "fake",
  })
}

export const json =
  (status: number, body: unknown): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
  }

/** An error as an API server words it; one about an object that is not there names it. */
export const failure = (code: number, reason: string, message = reason): RequestListener =>
  json(code, {
    ...{ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message },
    ...(reason === "NotFound" && { details: { name: "that" } }),
  })

function emptyCluster(request: IncomingMessage, response: ServerResponse): void {
  const isList = /\/(peanut\w+|jobs|pods|events)(\?.*)?$/.test(request.url ?? "")
  const answer = isList ? json(200, { items: [], metadata: {} }) : failure(404, "NotFound")
  answer(request, response)
}
