// The app behind a socket, with limits on what a sender may do before a request reaches it.

import type { Server, ServerOptions } from "node:http"
import type { Duplex } from "node:stream"
import { serve } from "@hono/node-server"
import type { Hono } from "hono"

/** A sender that dribbles must not hold a connection for ever; these are milliseconds. */
const limits: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 65_000,
}

/** Resolves when the server takes connections; rejects when it cannot, as with a port that is taken. */
export function listen(app: Hono, port: number, options: ServerOptions = {}): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, port, serverOptions: { ...limits, ...options } }) as Server
    server.on("clientError", refuse)
    server.once("error", reject)
    server.once("listening", () => resolve(server))
  })
}

/**
 * Answers what Node.js cannot read as HTTP. It would do so itself, but with 413 for long chunk extensions, which
 * Knative's senders repeat.
 */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (socket.writable) socket.write(`HTTP/1.1 ${status(error.code)}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  socket.destroy()
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
