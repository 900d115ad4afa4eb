// The bundled server as a process before an API server that has nothing: what hostile tests send to, and what must be
// true of it after anything that was sent.

import { readFileSync } from "node:fs"
import { expect } from "vitest"
import { startServer } from "../server/bundle.ts"
import { added, binary } from "../server/events.ts"
import { type FakeApiServer, startFakeApiServer } from "../server/fake-api-server.ts"
import { post } from "../server/serve.ts"
import { type End, exchange } from "./exchange.ts"

export interface Victim {
  readonly port: number
  readonly url: string
  readonly api: FakeApiServer
  /** Sends these bytes; what came back until the first whole answer or the end of the connection. */
  readonly send: (bytes: string | Uint8Array, end?: End) => Promise<string>
  /** It lives, answers a good event, called the API server for names alone, and logged no failure. */
  readonly expectWell: () => Promise<void>
  readonly memoryMegabytes: () => number
  readonly stop: () => Promise<void>
}

export async function startVictim(): Promise<Victim> {
  const api = await startFakeApiServer()
  const server = await startServer(api.kubeconfig)
  return {
    port: server.port,
    url: server.url,
    api,
    send: (bytes, end) => exchange(server.port, bytes, end),
    expectWell: async () => {
      expect(await post(server.url, binary(added))).toMatchObject({ status: 202, text: "" })
      for (const call of api.calls) expect(call).toMatch(ownCall)
      api.reset()
      expect(server.stdout().trimEnd().split("\n").filter(isFailure)).toEqual([])
      expect(server.stderr()).toBe("")
    },
    memoryMegabytes: () =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]) / 1024,
    stop: async () => {
      server.signal("SIGKILL")
      await server.ended
      api.close()
    },
  }
}

/** What a sender says may not lead a call elsewhere than to the resources that Peanut has, by their names. */
const name = "[a-z0-9]([-a-z0-9.]*[a-z0-9])?"
const ours = "(pipeline\\.peanut\\.dev/v1alpha1|batch/v1)"
const ownCall = new RegExp(
  `^(GET|POST|PATCH) /(apis/${ours}|api/v1)(/namespaces/${name})?/(peanut[a-z]+|jobs|pods|events)(/${name}(/status)?)?([?][-\\w=&.%]*)?$`,
)

const isFailure = (line: string) => !/"message":"(listening|resync)"/.test(line)
