// Stands between the event source and Peanut's servers, as Knative's own proxies do: passes each event to one server
// after the other, and remembers what the sender was told.

import { once } from "node:events"
import { Agent, createServer, type IncomingMessage, request } from "node:http"
import type { AddressInfo } from "node:net"

export interface EventRelay {
  readonly url: string
  /** How often servers gave each answer, such as `202`, `503, retry after 1` or `no answer`. */
  readonly told: ReadonlyMap<string, number>
  readonly stop: () => void
}

/** `servers` are the URLs of those that take events now; where none answers, the sender is told 502. */
export async function startEventRelay(servers: () => readonly string[]): Promise<EventRelay> {
  const told = new Map<string, number>()
  const agent = new Agent({ keepAlive: true })
  let turn = 0
  const relay = createServer(async (incoming, outgoing) => {
    const answer = await passOn(incoming).catch(() => undefined)
    const { status, headers } = { status: answer?.statusCode ?? 502, headers: answer?.headers ?? {} }
    const said =
      answer === undefined ? "no answer" : [status, headers["retry-after"]].filter(Boolean).join(", retry after ")
    told.set(said, (told.get(said) ?? 0) + 1)
    const { "retry-after": retryAfter } = headers
    outgoing.writeHead(status, retryAfter === undefined ? {} : { "retry-after": retryAfter }).end()
  })
  relay.listen(0, "127.0.0.1")
  await once(relay, "listening")

  async function passOn(incoming: IncomingMessage): Promise<IncomingMessage> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const urls = servers()
    const url = urls[turn++ % urls.length]
    if (url === undefined) throw new Error("there is no server")
    const { host: _, ...headers } = incoming.headers
    const outgoing = request(url, { method: incoming.method, path: incoming.url, headers, agent })
    outgoing.end(Buffer.concat(chunks))
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage]
    answer.resume()
    return answer
  }

  return {
    url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    told,
    stop: () => {
      relay.close()
      relay.closeAllConnections()
      agent.destroy()
    },
  }
}
