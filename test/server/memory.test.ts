// The memory of the built server, in a process of its own with a small heap, before an API server that has more in it than fits.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { apiVersion } from "../../src/api/meta.ts"
import { freePort, spawnServer } from "./bundle.ts"
import { ping, structured } from "./events.ts"
import { kubeconfigFor } from "./fake-api-server.ts"
import { post } from "./serve.ts"

const megabyte = 1_000_000
const meta = (name: string, more: object = {}) => ({
  name,
  namespace: "team",
  uid: `uid-${name}`,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
  ...more,
})

const stages = 500
const ended = 1500
const objects: Readonly<Record<string, { readonly count: number; readonly make: (i: number) => object }>> = {
  peanutstages: {
    count: stages,
    make: (i) => ({
      metadata: meta(`stage-${i}`),
      spec: { image: "busybox", jobTemplate: { spec: { template: { spec: { x: "x".repeat(megabyte) } } } } },
    }),
  },
  peanutpipelines: {
    count: 20,
    make: (i) => {
      const types = Array.from({ length: 50 }, (_, j) => `stage-${(i * 25 + j) % stages}`)
      return { metadata: meta(`web-${i}`), spec: { stages: types.map((type) => ({ name: type, type })) } }
    },
  },
  peanutpipelineexecutions: {
    count: ended,
    make: (i) => ({
      metadata: meta(`run-${i}`, { annotations: { "pipeline.peanut.dev/event-id": "i".repeat(250_000) } }),
      spec: { pipelineName: "web-0" },
      status: { phase: "Succeeded", completionTime: "2026-01-01T00:00:00Z" },
    }),
  },
}

/** An API server that makes up its objects as they are asked for, and holds none. */
async function startLargeApiServer() {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://api")
    asked.push(url.pathname)
    const [, plural = "", name] = /\/(peanut\w+)(?:\/([^/]+))?/.exec(url.pathname) ?? []
    const kind = objects[plural]
    const answer = (body: string) => response.writeHead(200, { "content-type": "application/json" }).end(body)
    if (name !== undefined && kind !== undefined) {
      request.resume()
      return answer(JSON.stringify({ apiVersion, ...kind.make(Number(name.split("-")[1])) }))
    }
    const query = url.searchParams
    // Those that have not ended are none.
    const isUnfinished = query.get("fieldSelector")?.includes("Succeeded") ?? false
    const count = kind === undefined || isUnfinished ? 0 : kind.count
    const from = Number(query.get("continue") ?? 0)
    const to = Math.min(count, from + Number(query.get("limit")))
    response.writeHead(200, { "content-type": "application/json" })
    response.write(`{"metadata":{"continue":"${to < count ? to : ""}"},"items":[`)
    for (let i = from; i < to && !response.destroyed; i++) {
      response.write((i > from ? "," : "") + JSON.stringify(kind!.make(i)))
    }
    response.end("]}")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const folder = mkdtempSync(join(tmpdir(), "peanut-test-"))
  const kubeconfig = join(folder, "kubeconfig")
  writeFileSync(kubeconfig, kubeconfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  return {
    asked,
    kubeconfig,
    close: () => {
      server.closeAllConnections()
      server.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** The most that a process had in memory, in megabytes. */
const peakMegabytes = (pid: number) =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024

describe("a server with a heap of 256 MB", () => {
  it("answers 20 pings at once where there are 500 stages of a megabyte and 1,500 executions with ids of 250 kB", async () => {
    const api = await startLargeApiServer()
    const server = spawnServer({
      PORT: String(await freePort()),
      KUBECONFIG: api.kubeconfig,
      NODE_OPTIONS: "--max-old-space-size=256",
    })
    try {
      while (!server.stdout().includes('"message":"listening"')) await sleep(10)
      let slowestProbe = 0
      let isDone = false
      const probing = (async () => {
        while (!isDone) {
          const start = performance.now()
          await fetch(`${server.url}/healthz`)
          slowestProbe = Math.max(slowestProbe, performance.now() - start)
          await sleep(20)
        }
      })()
      const begun = performance.now()
      const answers = await Promise.all(Array.from({ length: 20 }, () => post(server.url, structured(ping))))
      const seconds = (performance.now() - begun) / 1000
      isDone = true
      await probing
      const peak = peakMegabytes(server.pid)
      console.info({ seconds, peak, slowestProbe, calls: api.asked.length })
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202))
      expect(peak).toBeLessThan(400)
      // One resync for all of them.
      expect(server.stdout().match(/"message":"resync"/g)).toHaveLength(1)
      expect(slowestProbe).toBeLessThan(1000)
    } finally {
      server.signal("SIGKILL")
      await server.ended
      api.close()
    }
  }, 120_000)
})
