import { once } from "node:events"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, it } from "vitest"
import { gracefulClose } from "../../src/server/shutdown.ts"
import { head, sender } from "./raw.ts"

async function serve(answer: RequestListener, patienceMs?: number) {
  const server = createServer(answer).listen(0, "127.0.0.1")
  await once(server, "listening")
  return { close: gracefulClose(server, patienceMs), port: (server.address() as AddressInfo).port }
}

describe("gracefulClose", () => {
  it("closes a server without connections", async () => {
    const { close } = await serve(() => undefined)
    await close()
  })

  it("waits for an answer that is due, and takes no new connection", async () => {
    const asked = Promise.withResolvers<() => void>()
    const { close, port } = await serve((_request, response) => asked.resolve(() => response.end("done")))
    const raw = await sender(port)
    raw.write(head("content-length: 0"))
    const answer = await asked.promise
    let isClosed = false
    const closed = close().then(() => {
      isClosed = true
    })
    await expect(sender(port)).rejects.toThrow("ECONNREFUSED")
    expect(isClosed).toBe(false)
    answer()
    expect(await raw.status()).toBe(200)
    await closed
    await raw.closed()
  })

  it("does not wait for connections on which no request came", async () => {
    const { close, port } = await serve(() => undefined)
    const raw = await sender(port)
    await close()
    await raw.closed()
  })

  it("does not wait beyond its patience for a body that never ends", async () => {
    const asked = Promise.withResolvers<void>()
    const { close, port } = await serve((request) => {
      request.resume()
      asked.resolve()
    }, 100)
    const raw = await sender(port)
    raw.write(head("content-length: 10"), "12345")
    await asked.promise
    await close()
    await raw.closed()
  })
})
