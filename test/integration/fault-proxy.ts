// A proxy before the real kube-apiserver that does as rules say: answers errors in its place, cuts connections before
// or after the API server has acted, holds answers back. It shows the API server's own certificate.

import { once } from "node:events"
import { readFileSync, writeFileSync } from "node:fs"
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http"
import { Agent, createServer, request } from "node:https"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { ControlPlane } from "../control-plane/control-plane.ts"
import { type ApiCall, apiCall } from "./fault-proxy-call.ts"
import type { Answer, Fault } from "./fault-proxy-faults.ts"

export interface Rule {
  /** The calls it is about, such as `create jobs`; all of them, if undefined. */
  readonly what?: string
  /** Only calls that name this namespace. */
  readonly namespace?: string
  /** What happens to the nth of these calls, counted from 1; undefined lets it pass. */
  readonly fault: (nth: number) => Fault | undefined
}

export interface RuleInForce {
  /** How many calls it spoilt. */
  readonly hits: () => number
  readonly lift: () => void
}

export interface FaultProxy {
  /** Of several rules about a call the first one that spoils it counts. */
  readonly rule: (rule: Rule) => RuleInForce
  /** A copy of a kubeconfig, with the proxy in place of the API server. */
  readonly kubeconfig: (original: string) => string
  readonly stop: () => Promise<void>
}

export async function startFaultProxy({ server, ca, folder }: ControlPlane): Promise<FaultProxy> {
  const rules = new Set<(call: ApiCall) => Fault | undefined>()
  const agent = new Agent({ keepAlive: true, ca })
  const proxy = createServer({ key: readFileSync(join(folder, "certs/apiserver.key")), cert: ca })
  proxy.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const call = apiCall(incoming.method ?? "", incoming.url ?? "")
    const fault = call && firstFault(call)
    const work = fault === undefined ? pass(incoming, outgoing) : spoil(fault, call!, incoming, outgoing)
    // The API server is gone, or nobody waits for the answer any more.
    work.catch(() => incoming.socket.destroy())
  })
  proxy.listen(0, "127.0.0.1")
  await once(proxy, "listening")
  const url = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`

  function firstFault(call: ApiCall): Fault | undefined {
    for (const rule of rules) {
      const fault = rule(call)
      if (fault !== undefined) return fault
    }
    return undefined
  }

  async function spoil(fault: Fault, call: ApiCall, incoming: IncomingMessage, outgoing: ServerResponse) {
    switch (fault.kind) {
      case "answer": {
        await bodyOf(incoming)
        return reply(outgoing, fault.answer(call))
      }
      case "slow": {
        const answer = await forward(incoming)
        await sleep(fault.millis, undefined, { ref: false })
        return reply(outgoing, answer)
      }
      case "cut": {
        if (fault.when === "before") return void incoming.socket.destroy()
        const { status, headers, body } = await forward(incoming)
        if (fault.when === "after") return void incoming.socket.destroy()
        outgoing.writeHead(status, headers)
        outgoing.write(body.slice(0, body.length / 2), () => incoming.socket.destroy())
      }
    }
  }

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse) {
    reply(outgoing, await forward(incoming))
  }

  /** Sends a request on, with the sender's own credentials; carried out when it resolves. */
  async function forward(incoming: IncomingMessage): Promise<Answer> {
    const body = await bodyOf(incoming)
    const { method, url: path, headers } = incoming
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request(new URL(path ?? "/", server), { method, headers, agent }, resolve)
        .once("error", reject)
        .end(body)
    })
    const text = await bodyOf(answer)
    return { status: answer.statusCode ?? 0, headers: endToEnd(answer.headers, text), body: text.toString("utf8") }
  }

  return {
    rule: ({ what, namespace, fault }) => {
      let seen = 0
      let hits = 0
      const rule = (call: ApiCall) => {
        if ((what !== undefined && what !== call.what) || (namespace !== undefined && namespace !== call.namespace)) {
          return undefined
        }
        const spoilt = fault(++seen)
        if (spoilt !== undefined) hits++
        return spoilt
      }
      rules.add(rule)
      return { hits: () => hits, lift: () => void rules.delete(rule) }
    },
    kubeconfig: (original) => {
      const copy = `${original}-by-proxy`
      writeFileSync(copy, readFileSync(original, "utf8").replaceAll(server, url), { mode: 0o600 })
      return copy
    },
    stop: async () => {
      proxy.close()
      proxy.closeAllConnections()
      agent.destroy()
    },
  }
}

function reply(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) }).end(body)
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** Headers without those about the connection to the API server. */
function endToEnd(headers: IncomingHttpHeaders, body: Buffer): Record<string, string> {
  const dropped = ["connection", "transfer-encoding", "content-length"]
  const kept = Object.entries(headers).filter(([name]) => !dropped.includes(name))
  return {
    ...Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    "content-length": String(body.length),
  }
}
