// peanut watch, when the stream of changes breaks off in every way that it can.

import type { ServerResponse } from "node:http"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { failure } from "../../server/fake-api-server.ts"
import { peanut } from "../run-peanut.ts"
import { execution, type FakeCluster, startFakeCluster, uid } from "./fake-cluster.ts"

const startTime = "2026-01-01T00:00:00Z"
const running = () => execution("Running", [{ name: "Build", phase: "Running", startTime }])
const succeeded = () =>
  execution("Succeeded", [{ name: "Build", phase: "Succeeded", startTime, completionTime: "2026-01-01T00:00:07Z" }])
const change = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`

let cluster: FakeCluster
beforeEach(async () => {
  cluster = await startFakeCluster()
  cluster.execution = running()
})
afterEach(() => cluster.close())

const watch = () => peanut(["watch", "web-1"], { env: { KUBECONFIG: cluster.kubeconfig } })
const watches = () => cluster.calls.filter((call) => call.includes("watch=true"))

describe("peanut watch", () => {
  it("asks for the changes of this execution after the version that it has read", async () => {
    cluster.watch = (response) => {
      const text = change("BOOKMARK", {}) + change("MODIFIED", succeeded())
      // A change may come in pieces, and several in one.
      response.write(text.slice(0, 50))
      setTimeout(() => response.end(text.slice(50)), 50)
    }
    const { code, stdout, stderr } = await watch().ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(
      stdout
        .split("\n")
        .slice(1)
        .map((line) => line.replace(/^\[.{6}\]/, "[]")),
    ).toEqual([
      expect.stringMatching(/^\[\] Build: ● Running/),
      "[] Build: ✔ Succeeded (7.0s)",
      "STAGE  STATE           TIME",
      "Build  ✔ Succeeded     7.0s",
      "Succeeded: so far",
      "",
    ])
    expect(watches()).toEqual([
      "GET /apis/pipeline.peanut.dev/v1alpha1/namespaces/default/peanutpipelineexecutions?watch=true&fieldSelector=metadata.name%3Dweb-1&resourceVersion=1&timeoutSeconds=240",
    ])
  })

  const breaks: readonly (readonly [string, FakeCluster["watch"]])[] = [
    ["the server ends it", (response) => response.end(change("MODIFIED", running()))],
    ["the connection is lost", (response) => response.writeHead(200).write(" ", () => response.destroy())],
    ["its history is gone", (response) => response.end(change("ERROR", { code: 410 }))],
    ["the server is busy", (response) => failure(429, "TooManyRequests")({} as never, response as never)],
  ]
  it.each(breaks)("reads again and watches on when %s", async (_, broken) => {
    cluster.watch = (response) => {
      if (watches().length === 1) return broken(response)
      response.end(change("MODIFIED", succeeded()))
    }
    const { code, stdout } = await watch().ended
    expect(code).toBe(0)
    expect(stdout.match(/● Running/g)).toHaveLength(1)
    expect(watches()).toHaveLength(2)
  })

  it("misses nothing that happens while it is not watching", async () => {
    cluster.watch = (response) => {
      cluster.execution = succeeded()
      response.end()
    }
    expect((await watch().ended).code).toBe(0)
    expect(watches()).toHaveLength(1)
  })

  it("asks again and again where it may not watch", async () => {
    cluster.watch = (response) => failure(403, "Forbidden")({} as never, response as never)
    const started = watch()
    await started.says("● Running")
    await vi.waitFor(() => expect(cluster.calls.length - watches().length).toBeGreaterThan(3), 10_000)
    cluster.execution = succeeded()
    const { code, stderr } = await started.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(watches()).toHaveLength(1)
  })

  it("waits for an API server that went away, and says so once", async () => {
    const { promise: watched, resolve } = Promise.withResolvers<ServerResponse>()
    cluster.watch = (response) => {
      response.writeHead(200).write(" ")
      resolve(response)
    }
    const started = watch()
    const response = await watched
    cluster.instead = failure(503, "ServiceUnavailable")
    response.destroy()
    await started.says("no connection to the API server; trying again")
    cluster.execution = succeeded()
    setTimeout(() => {
      cluster.instead = undefined
    }, 1500)
    const { code, stdout } = await started.ended
    expect(code).toBe(0)
    expect(stdout.match(/no connection/g)).toHaveLength(1)
  })

  it("takes another execution of the same name for another one", async () => {
    const other = { ...succeeded(), metadata: { ...succeeded().metadata, uid: `${uid}-new` } }
    cluster.watch = (response) => response.end(change("DELETED", running()) + change("ADDED", other))
    const gone = { code: 1, stderr: 'error: execution "web-1" was deleted before it ended\n' }
    expect(await watch().ended).toMatchObject(gone)
    cluster.watch = (response) => {
      cluster.execution = other
      response.end()
    }
    expect(await watch().ended).toMatchObject(gone)
  })

  it("says what an execution without stages waits for, and why it never had any", async () => {
    const condition = (status: string, reason: string, message: string) => ({
      ...running(),
      status: { phase: "Pending", conditions: [{ type: "Succeeded", status, reason, message }] } as never,
    })
    cluster.execution = condition("Unknown", "Queued", 'execution "web-0" runs')
    cluster.watch = (response) => {
      const failed = condition("False", "PipelineInvalid", "a → b → a")
      response.end(change("MODIFIED", { ...failed, status: { ...(failed.status as object), phase: "Failed" } }))
    }
    const { code, stdout } = await watch().ended
    expect(stdout).toBe('execution web-1: Queued: execution "web-0" runs\nFailed: \nPipelineInvalid: a → b → a\n')
    expect(code).toBe(1)
  })
})
