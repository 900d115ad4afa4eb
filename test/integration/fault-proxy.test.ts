// The proxy that the tests of faults stand on: each fault is what it says it is, and the API server has or has not acted.

import { readFileSync } from "node:fs"
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest"
import { type ApiClient, type ApiError, apiClient } from "../control-plane/api-client.ts"
import { describeWithControlPlane, useControlPlane } from "../control-plane/describe.ts"
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts"
import { apiCall } from "./fault-proxy-call.ts"
import { conflict, cut, type Fault, slow, storageError, throttled, unavailable } from "./fault-proxy-faults.ts"

it.each([
  ["GET", "/apis/batch/v1/namespaces/n/jobs/j", "get jobs", "n", "j"],
  ["GET", "/apis/batch/v1/namespaces/n/jobs?limit=500&labelSelector=a%3Db", "list jobs", "n", ""],
  ["GET", "/api/v1/pods", "list pods", undefined, ""],
  ["POST", "/api/v1/namespaces/n/events", "create events", "n", ""],
  ["PATCH", "/apis/g/v1/namespaces/n/things/t/status", "patch things/status", "n", "t"],
])("reads %s %s as %s", (method, url, what, namespace, name) => {
  expect(apiCall(method, url)).toMatchObject({ what, namespace, name })
})

it("takes nothing else for a call about objects", () => {
  for (const url of ["/readyz", "/api", "/apis/batch/v1", "/openapi/v3"]) expect(apiCall("GET", url)).toBeUndefined()
})

describeWithControlPlane("the fault proxy", () => {
  const controlPlane = useControlPlane()
  let proxy: FaultProxy
  let client: ApiClient
  let count = 0
  let name = ""
  const path = "/api/v1/namespaces/default/configmaps"
  beforeAll(async () => {
    const { ca, token, kubeconfig } = controlPlane()
    proxy = await startFaultProxy(controlPlane())
    const copy = JSON.parse(readFileSync(proxy.kubeconfig(kubeconfig), "utf8"))
    client = apiClient({ server: copy.clusters[0].cluster.server, ca, token })
  })
  afterAll(async () => {
    client?.close()
    await proxy?.stop()
  })
  beforeEach(() => {
    name = `map-${++count}`
  })

  const create = () => client.create(path, { metadata: { name } })
  const exists = () =>
    controlPlane()
      .api.get(`${path}/${name}`)
      .then(
        () => true,
        () => false,
      )
  /** What the client makes of a creation that meets a fault. */
  const spoilt = async (fault: Fault) => {
    const rule = proxy.rule({ what: "create configmaps", fault: (nth) => (nth === 1 ? fault : undefined) })
    const outcome = await create().then(
      () => "created",
      (error: ApiError) => error.code,
    )
    expect(rule.hits()).toBe(1)
    rule.lift()
    return outcome
  }

  it("passes on what no rule is about", async () => {
    const rule = proxy.rule({ namespace: "other", fault: () => unavailable })
    expect(await create()).toMatchObject({ metadata: { name } })
    expect(await exists()).toBe(true)
    expect(rule.hits()).toBe(0)
    rule.lift()
  })

  it.each([
    [conflict, 409],
    [throttled, 429],
    [storageError, 500],
    [unavailable, 503],
  ])("answers in place of the API server, which never acts (%#)", async (fault, code) => {
    expect(await spoilt(fault)).toBe(code)
    expect(await exists()).toBe(false)
  })

  it("cuts the connection before the API server acts", async () => {
    expect(await spoilt(cut("before"))).toMatch(/^E|UND/)
    expect(await exists()).toBe(false)
  })

  it.each(["after", "within"] as const)("cuts the connection when the API server has acted (%s)", async (when) => {
    await expect(spoilt(cut(when))).resolves.not.toBe("created")
    expect(await exists()).toBe(true)
  })

  it("keeps an answer back while the API server has acted", async () => {
    const answer = spoilt(slow(1_000))
    await expect.poll(exists).toBe(true)
    expect(await Promise.race([answer, "still waiting"])).toBe("still waiting")
    expect(await answer).toBe("created")
  })

  it("words a conflict as the API server does", async () => {
    await create()
    const stale = { metadata: { resourceVersion: "1" }, data: { a: "b" } }
    const said = (api: ApiClient) =>
      api.patch(`${path}/${name}`, stale, "merge").then(
        () => "",
        (error: Error) => error.message,
      )
    const rule = proxy.rule({ what: "patch configmaps", fault: () => conflict })
    expect(await said(client)).toBe(await said(controlPlane().api))
    rule.lift()
  })
})
