// peanut approve, when others write the execution at the same time, or before it was taken up.

import { json as jsonOf } from "node:stream/consumers"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { failure, json } from "../../server/fake-api-server.ts"
import { peanut } from "../run-peanut.ts"
import { execution, type FakeCluster, startFakeCluster } from "./fake-cluster.ts"

let cluster: FakeCluster
beforeEach(async () => {
  cluster = await startFakeCluster()
})
afterEach(() => cluster.close())

const approve = (...args: readonly string[]) =>
  peanut(["approve", "web-1", ...args], { env: { KUBECONFIG: cluster.kubeconfig } }).ended
const stages = ["A", "B"].map((name) => ({ name, type: "task", approval: true }))
const waiting = (version: string, approved?: readonly string[]) => {
  const { metadata, spec, status, ...rest } = execution("Running", [
    { name: "A", phase: "Waiting", reason: "AwaitingApproval" },
    { name: "B", phase: "Waiting" },
  ])
  return {
    ...rest,
    metadata: { ...metadata, resourceVersion: version },
    spec: { ...spec, ...(approved && { approved }) },
    status: { ...status, snapshot: { stages, stageSpecs: {} } },
  }
}

describe("peanut approve", () => {
  it("reads again and keeps what somebody else approved meanwhile", async () => {
    const patches: unknown[] = []
    let now = waiting("1")
    cluster.instead = async (request, response) => {
      if (request.method !== "PATCH") return json(200, now)(request, response)
      patches.push(await jsonOf(request))
      if (patches.length > 1) return json(200, now)(request, response)
      now = waiting("2", ["B"])
      failure(409, "Conflict")(request, response)
    }
    expect(await approve("A")).toEqual({ code: 0, stdout: 'stage "A" approved\n', stderr: "" })
    expect(patches).toEqual([
      { metadata: { resourceVersion: "1" }, spec: { approved: ["A"] } },
      { metadata: { resourceVersion: "2" }, spec: { approved: ["B", "A"] } },
    ])
  })

  it("gives up when the execution never stands still", async () => {
    cluster.instead = (request, response) =>
      (request.method === "PATCH" ? failure(409, "Conflict", "the object has been modified") : json(200, waiting("1")))(
        request,
        response,
      )
    expect(await approve("A")).toEqual({ code: 1, stdout: "", stderr: "error: the object has been modified\n" })
  })

  it("writes nothing for what was approved before, and with --all only for what waits now", async () => {
    const patches: unknown[] = []
    cluster.instead = async (request, response) => {
      if (request.method === "PATCH") patches.push(await jsonOf(request))
      json(200, waiting("1", ["B"]))(request, response)
    }
    expect((await approve("B")).stdout).toBe('stage "B" was approved before\n')
    expect(patches).toEqual([])
    expect((await approve("--all")).stdout).toBe('stage "A" approved\n')
    expect(patches).toMatchObject([{ spec: { approved: ["B", "A"] } }])
  })

  it("knows the stages of an execution that was not taken up yet by its pipeline", async () => {
    const { status: _, ...pending } = waiting("1")
    const pipeline = { metadata: { name: "web" }, spec: { stages } }
    cluster.instead = (request, response) =>
      json(200, request.url?.endsWith("/peanutpipelines/web") ? pipeline : pending)(request, response)
    expect((await approve("B")).stdout).toBe('stage "B" approved\n')
    expect((await approve("C")).stderr).toBe('error: execution "web-1" has no stage "C"\n')
  })
})
