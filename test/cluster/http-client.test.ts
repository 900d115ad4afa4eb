// Calls on connections that the server closes just as they are used again.

import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as Effect from "effect/Effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { kubernetesApi } from "../../src/cluster/kubernetes/api.ts"
import { httpClient } from "../../src/cluster/kubernetes/http-client.ts"
import { resources } from "../../src/cluster/object-api.ts"

const calls: string[] = []
const used = new WeakSet()
const server = createServer((request, response) => {
  calls.push(request.method ?? "")
  if (used.has(request.socket)) return request.socket.destroy()
  used.add(request.socket)
  response.writeHead(200, { "content-type": "application/json" }).end('{"metadata":{}}')
})
beforeEach(async () => {
  calls.length = 0
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const makeApi = () => {
  const { port } = server.address() as AddressInfo
  const authorization = async () => undefined
  return kubernetesApi(httpClient({ server: new URL(`http://127.0.0.1:${port}`), tls: {}, authorization }))
}
const ref = { namespace: "default", name: "web-1" }
const create = (metadata: object) => {
  const api = makeApi()
  const object = { metadata, spec: { pipelineName: "web" } }
  return Effect.runPromise(
    Effect.andThen(api.get(resources.executions, ref), api.create(resources.executions, "default", object)),
  )
}

describe("a call on a connection that was closed meanwhile", () => {
  it("is made again under its name, which can be taken only once", async () => {
    await create({ name: "web-1" })
    expect(calls).toEqual(["GET", "POST", "POST"])
  })

  it("is not made again where the API server makes up the name: there might be two", async () => {
    await expect(create({ generateName: "web-" })).rejects.toMatchObject({ _tag: "Unavailable" })
    expect(calls).toEqual(["GET", "POST"])
  })
})
