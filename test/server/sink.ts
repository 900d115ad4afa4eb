// Where lifecycle events go in the tests; it can be dead in many ways.

import { once } from "node:events"
import { createServer, type IncomingMessage, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"

export interface Delivery {
  readonly method: string | undefined
  readonly type: string | undefined
  readonly event: Record<string, unknown>
}

export interface Sink {
  readonly url: string
  readonly requests: readonly Delivery[]
  /** The Authorization header of each request. */
  readonly authorizations: readonly (string | undefined)[]
  /** How to answer from now on; without an argument, with 202. */
  readonly answerWith: (answer?: RequestListener) => void
  readonly die: (death: Death) => void
  readonly close: () => void
}

export type Death = RequestListener | "closed"

/** Ways to be dead, and what the log then says. */
export const deaths: readonly (readonly [string, Death, RegExp])[] = [
  ["refuses connections", "closed", /ECONNREFUSED/],
  ["never answers", () => undefined, /no answer in 800 millis/],
  ["answers 500", (_, response) => response.writeHead(500).end(), /the sink answered 500/],
  ["resets connections", ({ socket }) => socket.resetAndDestroy(), /ECONNRESET|other side closed/],
  ["redirects to a page", (_, response) => response.writeHead(302, { location: "/login" }).end(), /answered 302/],
  ["does not speak HTTP", ({ socket }) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"), /./],
]

export async function openSink(): Promise<Sink> {
  const requests: Delivery[] = []
  const authorizations: (string | undefined)[] = []
  const accept: RequestListener = (_request, response) => response.writeHead(202).end()
  let answer = accept
  const server = createServer(async (request, response) => {
    const { method, headers } = request
    const text = await bodyOf(request)
    authorizations.push(headers.authorization)
    requests.push({ method, type: headers["content-type"], event: text === "" ? {} : JSON.parse(text) })
    answer(request, response)
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const answerWith = (next: RequestListener = accept) => {
    answer = next
  }
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  const die = (death: Death) => (death === "closed" ? close() : answerWith(death))
  return { url: `http://127.0.0.1:${port}/events?of=peanut`, requests, authorizations, answerWith, die, close }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString("utf8")
}
