// The Kubernetes API over plain node:https, as much as the harness itself needs: the tests of Peanut's own client
// must not stand on the client library they test.
import type { IncomingMessage } from "node:http"
import { Agent, request } from "node:https"
import { createInterface } from "node:readline"

export interface ApiClient {
  readonly get: <T = unknown>(path: string) => Promise<T>
  readonly create: <T = unknown>(path: string, body: unknown) => Promise<T>
  /** A strategic merge patch, unless told otherwise: lists with a key (conditions) are merged, not replaced. */
  readonly patch: <T = unknown>(path: string, body: unknown, type?: "strategic-merge" | "merge") => Promise<T>
  readonly delete: <T = unknown>(path: string, options?: unknown) => Promise<T>
  /** Calls back for each change until the server ends the watch, or the signal does. */
  readonly watch: (path: string, onChange: (change: Change) => void, signal: AbortSignal) => Promise<void>
  /** Ends its connections. */
  readonly close: () => void
}

export interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR"
  readonly object: unknown
}

/** An answer of the API server other than 2xx. */
export class ApiError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export interface Access {
  readonly server: string
  readonly ca: string
  readonly token: string
  /** Another user to act as; the token's must be allowed to impersonate. */
  readonly impersonate?: { readonly user: string; readonly groups?: readonly string[] }
}

/** By which an audit log tells the harness's own calls from those of the programs that it watches. */
export const userAgent = "test-harness"

export function apiClient({ server, ca, token, impersonate }: Access): ApiClient {
  const agent = new Agent({ keepAlive: true, ca, maxCachedSessions: 0 })

  const send = (method: string, path: string, body: unknown, contentType: string, signal?: AbortSignal) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const content = body === undefined ? "" : JSON.stringify(body)
      const headers = {
        authorization: `Bearer ${token}`,
        accept: "application/json",
        "user-agent": userAgent,
        ...(impersonate && {
          "impersonate-user": impersonate.user,
          "impersonate-group": ["system:authenticated", ...(impersonate.groups ?? [])],
        }),
        "content-type": contentType,
        // Node.js gives the body of a DELETE no length by itself; the server would take it for the next request.
        "content-length": Buffer.byteLength(content),
      }
      const outgoing = request(
        new URL(path, server),
        { method, agent, headers, ...(signal ? { signal } : {}) },
        resolve,
      )
      outgoing.once("error", reject)
      outgoing.end(content)
    })

  const call = async <T>(method: string, path: string, body?: unknown, contentType = "application/json") => {
    const response = await send(method, path, body, contentType)
    const text = await textOf(response)
    const code = response.statusCode ?? 0
    if (code >= 300) throw new ApiError(code, `${method} ${path}: ${code} ${messageOf(text)}`)
    return (text.startsWith("{") ? JSON.parse(text) : text) as T
  }

  return {
    get: (path) => call("GET", path),
    create: (path, body) => call("POST", path, body),
    patch: (path, body, type = "strategic-merge") => call("PATCH", path, body, `application/${type}-patch+json`),
    delete: (path, options) => call("DELETE", path, options),
    watch: async (path, onChange, signal) => {
      const response = await send("GET", path, undefined, "application/json", signal)
      const code = response.statusCode ?? 0
      if (code >= 300) throw new ApiError(code, `watch ${path}: ${code} ${messageOf(await textOf(response))}`)
      const broken = new Promise<never>((_, reject) => response.once("error", reject))
      const lines = async () => {
        for await (const line of createInterface({ input: response })) if (line) onChange(JSON.parse(line) as Change)
      }
      await Promise.race([lines(), broken])
    },
    close: () => agent.destroy(),
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding("utf8")
  let text = ""
  for await (const part of response) text += part
  return text
}

/** The message of a Kubernetes Status; or the text itself, when a proxy or a filter answered. */
function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text
  } catch {
    return text
  }
}
