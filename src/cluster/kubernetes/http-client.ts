// JSON over HTTP to one API server, on connections that are kept alive. The Kubernetes client's own transport opens a
// new TLS connection for every call, which costs more than the call.

import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http"
import { Agent as HttpsAgent, request as requestHttps } from "node:https"
import type { Connection } from "./connection.ts"

export interface Answer {
  readonly status: number
  readonly body: unknown
  /** Of the body as it came. */
  readonly bytes: number
}

/** An object as the body of a call. */
export const json = (object: object): Buffer => Buffer.from(JSON.stringify(object))

export interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE"
  readonly path: string
  readonly body?: Buffer
  readonly contentType?: string
  /** What to answer with, where it is not the whole of it. */
  readonly accept?: string
  /** The most bytes that are read of the answer; more fails with {@link AnswerTooLong}. */
  readonly maxBytes?: number
  /** Twice would not be the same as once. */
  readonly isOnce?: boolean
}

export type HttpClient = (call: Call, signal: AbortSignal) => Promise<Answer>

/** Sends a call, and returns its answer as it begins: whoever asked reads the rest, or destroys it. */
export type Opener = (call: Call, signal: AbortSignal) => Promise<IncomingMessage>

/** An answer of more bytes than were to be read; the rest of it was not. */
export class AnswerTooLong extends Error {
  constructor(maxBytes: number) {
    super(`the answer is longer than ${maxBytes} bytes`)
  }
}

/**
 * The most that is read of one answer, in bytes. No object is larger: etcd takes 1.5 MiB by default, which JSON can make six
 * times as long.
 */
const maxAnswerBytes = 16 * 1024 * 1024

/** Most requests at once; further ones wait for a connection to come free. */
const maxSockets = 16
const userAgent = "peanut"

export function httpClient(connection: Connection): HttpClient {
  // The answer is read as a part of the call: one that is cut off on an old connection is asked for again.
  return caller(connection, maxSockets, readAnswer)
}

/** The same for answers that go on and on, each on a connection of its own. */
export function opener(connection: Connection): Opener {
  return caller(connection, Number.POSITIVE_INFINITY, async (incoming) => incoming)
}

function caller<T>(
  { server, tls, authorization }: Connection,
  maxSockets: number,
  read: (incoming: IncomingMessage, maxBytes?: number) => Promise<T>,
): (call: Call, signal: AbortSignal) => Promise<T> {
  const isTls = server.protocol === "https:"
  const options = { keepAlive: true, maxSockets, scheduling: "lifo" as const }
  const agent = isTls ? new HttpsAgent({ ...options, ...tls }) : new HttpAgent(options)
  const send = isTls ? requestHttps : requestHttp
  const prefix = server.pathname.replace(/\/$/, "")

  return async (
    { method, path, body, contentType = "application/json", accept = "application/json", maxBytes, isOnce = false },
    signal,
  ) => {
    const signedBy = await authorization()
    const request: RequestOptions = {
      agent,
      method,
      signal,
      host: server.hostname.replace(/^\[|\]$/g, ""),
      port: server.port || (isTls ? 443 : 80),
      path: prefix + path,
      headers: {
        accept,
        "user-agent": userAgent,
        ...(signedBy !== undefined && { authorization: signedBy }),
        ...(body !== undefined && { "content-type": contentType, "content-length": body.length }),
      },
    }
    return exchange(!isOnce)

    function exchange(mayRepeat: boolean): Promise<T> {
      return new Promise((resolve, reject) => {
        const outgoing = send(request, (incoming) => read(incoming, maxBytes).then(resolve, reject))
        outgoing.on("error", (error) => {
          // The server closed an idle connection as we took it up. The calls of the controller may be repeated: its
          // names are computed and its status writes carry a version.
          if (mayRepeat && outgoing.reusedSocket && !signal.aborted) exchange(false).then(resolve, reject)
          else reject(error)
        })
        outgoing.end(body)
      })
    }
  }
}

/** The whole of an answer; of one that is too long no more is read. */
export async function readAnswer(incoming: IncomingMessage, maxBytes = maxAnswerBytes): Promise<Answer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming) {
    length += chunk.length
    // To leave the loop closes the connection.
    if (length > maxBytes) throw new AnswerTooLong(maxBytes)
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks.splice(0), length).toString("utf8")
  const isJson = incoming.headers["content-type"]?.startsWith("application/json") ?? false
  return { status: incoming.statusCode ?? 0, body: isJson ? JSON.parse(text) : text, bytes: length }
}
