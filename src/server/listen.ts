// The app behind a socket, with limits on what a sender may do before a request reaches it.

import type { Server, ServerOptions } from "node:http"
import type { Duplex } from "node:stream"
import { serve } from "@hono/node-server"
import type { App } from "./app.ts"

/** A sender that dribbles must not hold a connection for ever; these are milliseconds. */
const limits: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 65_000,
}

/** Resolves when the server takes connections; rejects when it cannot, as with a port that is taken. */
export function listen(app: App, port: number, options: ServerOptions = {}): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, serverOptions: { ...limits, ...options } }) as Server
    server.on("clientError", refuse)
    server.once("error", reject)
    server.once("listening", () => resolve(server))
  })
}

/** How long a sender may go on sending what nobody reads, in milliseconds. */
const lingering = 500

/**
 * Answers what Node.js cannot read as HTTP. It would do so itself, but with 413 for long chunk extensions, which
 * Knative's senders repeat; and it would close at once, which resets the connection if more is on its way, and the sender
 * may then never see the answer.
 */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) {
    // What follows an answer is unreadable, too; a connection that broke has nothing that follows.
    if (!socket.writableEnded) socket.destroy()
    return
  }
  socket.end(`HTTP/1.1 ${status(error.code)}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  const timer = setTimeout(() => socket.destroy(), lingering)
  socket.once("close", () => clearTimeout(timer))
}

function status(code: string | undefined): string {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return "431 Request Header Fields Too Large"
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return "408 Request Timeout"
    default:
      return "400 Bad Request"
  }
}
