// The bundled server as a process: how it starts, how it refuses to start, and how it ends.

import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { freePort, spawnServer, startServer } from "./bundle.ts"
import { added, binary } from "./events.ts"
import { type FakeApiServer, failure, kubeconfigFor, startFakeApiServer } from "./fake-api-server.ts"
import { sender } from "./raw.ts"
import { post } from "./serve.ts"

let api: FakeApiServer
let folder: string
beforeAll(async () => {
  api = await startFakeApiServer()
  folder = mkdtempSync(join(tmpdir(), "peanut-test-"))
})
afterAll(() => {
  api?.close()
  rmSync(folder, { recursive: true })
})

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** What it says when it refuses to start. */
async function refusal(env: Readonly<Record<string, string>>): Promise<string> {
  const server = spawnServer(env)
  expect(await server.ended).toBe(1)
  expect(server.stdout()).toBe("")
  return server.stderr()
}

describe("the server does not start, and says why in one line,", () => {
  it.each(["http", "0", "65536", ""])("when PORT is %j", async (PORT) => {
    expect(await refusal({ PORT, KUBECONFIG: api.kubeconfig })).toBe(
      `peanut: PORT is "${PORT}"; it must be a number from 1 to 65535\n`,
    )
  })

  it("when its port is taken", async () => {
    const other = createServer().listen(0)
    await once(other, "listening")
    const { port } = other.address() as { port: number }
    expect(await refusal({ PORT: String(port), KUBECONFIG: api.kubeconfig })).toMatch(
      new RegExp(`^peanut: cannot listen on port ${port}: .*EADDRINUSE.*\\n$`),
    )
    other.close()
  })

  const noConnection = /^peanut: no connection to a Kubernetes API server: .{10,}\n$/
  it.each([
    { kubeconfig: "is not there", env: () => ({ KUBECONFIG: "/nonexistent/config" }) },
    { kubeconfig: "is not set, nor is there one at home or in a pod", env: () => ({}) },
    { kubeconfig: "is not YAML", env: () => ({ KUBECONFIG: file("bad", "a: [\n  b: }\n") }) },
    { kubeconfig: "is empty", env: () => ({ KUBECONFIG: file("empty", "") }) },
    { kubeconfig: "names no cluster", env: () => ({ KUBECONFIG: file("none", "apiVersion: v1\nkind: Config\n") }) },
    { kubeconfig: "names a server that is no URL", env: () => ({ KUBECONFIG: file("url", kubeconfigFor("nowhere")) }) },
    {
      kubeconfig: "is that of a pod without a token",
      env: () => ({ KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" }),
    },
  ])("when the kubeconfig $kubeconfig", async ({ env }) => {
    const PORT = String(await freePort())
    expect(await refusal({ PORT, ...env() })).toMatch(noConnection)
  })
})

const isListening = (port: number) =>
  sender(port).then(
    (raw) => {
      raw.destroy()
      return true
    },
    () => false,
  )

describe("the server", () => {
  it("listens on port 8080 when nobody says where", async () => {
    const server = spawnServer({ KUBECONFIG: api.kubeconfig })
    const deadline = Date.now() + 10_000
    while (!server.stdout().includes("listening") && server.stderr() === "" && Date.now() < deadline) await sleep(10)
    // Somebody else on this machine may have it; then the complaint names it.
    expect(server.stdout() + server.stderr()).toMatch(/"message":"listening","port":8080|cannot listen on port 8080/)
    server.signal("SIGKILL")
    await server.ended
  })

  it("answers 503 when nobody is where the API server should be", async () => {
    const nobody = file("nobody", kubeconfigFor(`http://127.0.0.1:${await freePort()}`))
    const server = await startServer(nobody)
    expect(await post(server.url, binary(added))).toMatchObject({
      status: 503,
      text: expect.stringMatching(/^try again: GET .*ECONNREFUSED/),
    })
    server.signal("SIGTERM")
    expect(await server.ended).toBe(0)
  })

  it.each(["SIGTERM", "SIGINT"] as const)("answers what runs at %s, then exits with 0", async (signal) => {
    const server = await startServer(api.kubeconfig)
    const called = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    api.next((request, response) => {
      called.resolve()
      release.promise.then(() => failure(404, "NotFound")(request, response))
    })
    await sender(server.port)
    const answer = post(server.url, binary(added))
    await called.promise
    server.signal(signal)
    while (await isListening(server.port)) await sleep(5)
    await sleep(50)
    release.resolve()
    release.resolve()
    expect(await answer).toMatchObject({ status: 202, text: "" })
    expect(await server.ended).toBe(0)
    expect(server.stderr()).toBe("")
  })

  it("exits at once with connections that are idle, half in a head, or never used", async () => {
    const server = await startServer(api.kubeconfig)
    const [used, half] = await Promise.all([sender(server.port), sender(server.port), sender(server.port)])
    used.write("GET /healthz HTTP/1.1\r\nHost: peanut\r\n\r\n")
    half.write("POST / HTTP/1.1\r\nHost:")
    expect(await used.status()).toBe(200)
    const started = Date.now()
    server.signal("SIGTERM")
    expect(await server.ended).toBe(0)
    expect(Date.now() - started).toBeLessThan(3000)
  })
})
