// JSON over HTTP to one API server, on connections that are kept alive. The Kubernetes client's own transport opens a
// new TLS connection for every call, which costs more than the call.

import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http"
import { Agent as HttpsAgent, request as requestHttps } from "node:https"
import type { Connection } from "./connection.ts"

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export interface Call {
  readonly method: "GET" | "POST" | "PATCH"
  readonly path: string
  readonly body?: object
  readonly contentType?: string
}

export type HttpClient = (call: Call, signal: AbortSignal) => Promise<Answer>

/** Most requests at once; further ones wait for a connection to come free. */
const maxSockets = 16
const userAgent = "peanut"

export function httpClient({ server, tls, authorization }: Connection): HttpClient {
  const isTls = server.protocol === "https:"
  const options = { keepAlive: true, maxSockets, scheduling: "lifo" as const }
  const agent = isTls ? new HttpsAgent({ ...options, ...tls }) : new HttpAgent(options)
  const send = isTls ? requestHttps : requestHttp
  const prefix = server.pathname.replace(/\/$/, "")

  return async ({ method, path, body, contentType = "application/json" }, signal) => {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const signedBy = await authorization()
    const request: RequestOptions = {
      agent,
      method,
      signal,
      host: server.hostname.replace(/^\[|\]$/g, ""),
      port: server.port || (isTls ? 443 : 80),
      path: prefix + path,
      headers: {
        accept: "application/json",
        "user-agent": userAgent,
        ...(signedBy !== undefined && { authorization: signedBy }),
        ...(payload !== undefined && { "content-type": contentType, "content-length": payload.length }),
      },
    }
    return exchange(true)

    function exchange(mayRepeat: boolean): Promise<Answer> {
      return new Promise((resolve, reject) => {
        const outgoing = send(request, (incoming) => readAnswer(incoming).then(resolve, reject))
        outgoing.on("error", (error) => {
          // The server closed an idle connection as we took it up. Every call we make may be repeated: names are
          // computed and status writes carry a version.
          if (mayRepeat && outgoing.reusedSocket && !signal.aborted) exchange(false).then(resolve, reject)
          else reject(error)
        })
        outgoing.end(payload)
      })
    }
  }
}

async function readAnswer(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString("utf8")
  const isJson = incoming.headers["content-type"]?.startsWith("application/json") ?? false
  return { status: incoming.statusCode ?? 0, body: isJson ? JSON.parse(text) : text }
}
