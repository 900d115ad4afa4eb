import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { approve } from "../../src/client/approve.ts"
import { type Client, clientOf } from "../../src/client/client.ts"
import { type ClientError, isForbidden, isMissing, isWithoutPeanut, whilst } from "../../src/client/errors.ts"
import { createExecution, readExecution, readPipeline } from "../../src/client/executions.ts"
import { steer } from "../../src/client/steer.ts"
import { failure } from "../../src/cluster/kubernetes/failure.ts"
import type { Streams } from "../../src/cluster/kubernetes/streams.ts"
import { storeApi } from "../../src/cluster/memory/api.ts"
import { makeStore } from "../../src/cluster/memory.ts"
import { type ObjectApi, Refused, resources, Unavailable } from "../../src/cluster/object-api.ts"

const noStreams: Streams = {
  watch: () => {
    throw new Error("no watch")
  },
  log: () => {
    throw new Error("no log")
  },
}

/** A client of a cluster that has the pipeline `web` and the execution `web-1`, with this status. */
function world(status: object = {}, change: (api: ObjectApi) => ObjectApi = (api) => api) {
  const store = makeStore()
  const ref = { namespace: "team", name: "web-1" }
  const stages = [
    { name: "Build", type: "task" },
    { name: "Deploy", type: "task", approval: true },
    { name: "Tell", type: "task", approval: true },
  ]
  store.create(resources.pipelines, "team", { metadata: { name: "web" }, spec: { stages } })
  store.create(resources.executions, "team", { metadata: { name: "web-1" }, spec: { pipelineName: "web" } })
  store.patch(resources.executions, ref, { status: { snapshot: { stages }, ...status } }, "status")
  const spec = () => (store.get(resources.executions, ref) as unknown as { spec: object }).spec
  const client = clientOf(change(storeApi(store)), noStreams, { namespace: "team", server: "https://api/" })
  return { client, spec, store }
}

const failed = (effect: Effect.Effect<unknown, ClientError>) => Effect.runPromise(Effect.flip(effect))

describe("a name that nothing has", () => {
  it("is an error about what it names, and says who was probably meant", async () => {
    const { client } = world()
    expect(await failed(readExecution(client, "wbe-1"))).toMatchObject({
      ...{ _tag: "Missing", kind: "execution", name: "wbe-1" },
      message: 'there is no execution "wbe-1" in namespace "team"; did you mean "web-1"?',
    })
    expect(await failed(readPipeline(client, "other"))).toMatchObject({
      ...{ _tag: "Missing", kind: "pipeline", name: "other" },
      message: 'there is no pipeline "other" in namespace "team"',
    })
  })

  it("is told also to those who may not list", async () => {
    const refused = Effect.fail(
      new Refused({ status: 403, reason: "Forbidden", causes: [], said: "no", message: "no" }),
    )
    const { client } = world({}, (api) => ({ ...api, list: () => refused }))
    expect(await failed(readExecution(client, "wbe-1"))).toMatchObject({ _tag: "Missing" })
  })

  it("is not blamed where the cluster does not know the kind", async () => {
    const unknown = failure(404, "404 page not found\n")
    const { client } = world({}, (api) => ({ ...api, get: () => Effect.fail(unknown as never) }))
    const error = await failed(readExecution(client, "web-1"))
    expect(error).toBe(unknown)
    expect(isWithoutPeanut(error)).toBe(true)
    expect(isMissing(error)).toBe(false)
  })
})

describe("the answers of an API server, as errors with fields", () => {
  const status = (code: number, more: object) => failure(code, { kind: "Status", code, message: "whatever", ...more })

  it("tell an object that is missing from a kind that is", () => {
    const object = status(404, { details: { name: "web-1", kind: "peanutpipelineexecutions" } })
    expect([isMissing(object), isWithoutPeanut(object)]).toEqual([true, false])
    for (const kind of [failure(404, "404 page not found\n"), status(404, { details: {} }), status(404, {})]) {
      expect([isMissing(kind), isWithoutPeanut(kind)]).toEqual([false, true])
    }
  })

  it("have their status, whatever their text says", () => {
    expect(status(401, {})).toMatchObject({ _tag: "Unavailable", status: 401 })
    expect(status(503, {})).toMatchObject({ _tag: "Unavailable", status: 503 })
    expect(isForbidden(status(403, {}))).toBe(true)
    expect(isForbidden(status(422, {}))).toBe(false)
    expect(isWithoutPeanut(new Unavailable({ message: "404 page not found" }))).toBe(false)
  })
})

describe("whilst", () => {
  it("fails with what the client threw, and dies of all else", async () => {
    const away = new Unavailable({ message: "away" })
    expect(await failed(whilst(() => Promise.reject(away)))).toBe(away)
    const bug = new TypeError("undefined is not a function")
    await expect(
      Effect.runPromise(
        Effect.catch(
          whilst(() => Promise.reject(bug)),
          () => Effect.void,
        ),
      ),
    ).rejects.toBe(bug)
  })
})

describe("steering", () => {
  it("changes the spec of an execution that goes on", async () => {
    const { client, spec } = world({ phase: "Running" })
    await Effect.runPromise(steer(client, "web-1", { suspend: true }))
    await Effect.runPromise(steer(client, "web-1", { cancel: true }))
    expect(spec()).toEqual({ pipelineName: "web", suspend: true, cancel: true })
  })

  it("refuses one that has ended", async () => {
    const { client, spec } = world({ phase: "Failed" })
    expect(await failed(steer(client, "web-1", { cancel: true }))).toMatchObject({
      ...{ _tag: "Unfit", execution: "web-1" },
      message: 'execution "web-1" has ended: Failed; there is nothing to steer',
    })
    expect(spec()).toEqual({ pipelineName: "web" })
  })
})

describe("approving", () => {
  const waiting = { phase: "Running", stages: [{ name: "Deploy", phase: "Waiting", reason: "AwaitingApproval" }] }
  const approved = (client: Client, stages?: readonly string[]) => Effect.runPromise(approve(client, "web-1", stages))

  it("adds stages by their names, or all that wait, and says which were approved before", async () => {
    const { client, spec } = world(waiting)
    expect(await approved(client)).toEqual([{ stage: "Deploy", isOld: false }])
    expect(await approved(client, ["Tell", "Deploy", "Tell"])).toEqual([
      { stage: "Tell", isOld: false },
      { stage: "Deploy", isOld: true },
    ])
    expect(spec()).toMatchObject({ approved: ["Deploy", "Tell"] })
  })

  it("loses no approval of somebody who writes in between", async () => {
    let others = 3
    const { client, spec, store } = world(waiting, (api) => ({
      ...api,
      patch: (resource, ref, patch, subresource) =>
        Effect.suspend(() => {
          if (others-- > 0) store.patch(resource, ref, { spec: { approved: ["Tell"] } })
          return api.patch(resource, ref, patch, subresource)
        }),
    }))
    expect(await approved(client, ["Deploy"])).toEqual([{ stage: "Deploy", isOld: false }])
    expect(spec()).toMatchObject({ approved: ["Tell", "Deploy"] })
  })

  it("gives up where somebody always writes in between", async () => {
    let writes = 0
    const { client } = world(waiting, (api) => ({
      ...api,
      patch: () => Effect.suspend(() => Effect.fail(failure(409, { message: `write ${++writes}` }) as never)),
    }))
    expect(await failed(approve(client, "web-1", ["Deploy"]))).toMatchObject({ _tag: "Conflict" })
    expect(writes).toBe(6)
  })

  it.each([
    ["an unknown stage", ["Deploi"], "Missing", 'execution "web-1" has no stage "Deploi"; did you mean "Deploy"?'],
    ["one that needs none", ["Deploy", "Build"], "Unfit", 'stage "Build" of execution "web-1" needs no approval'],
  ] as const)("refuses %s, and approves none", async (_, stages, _tag, message) => {
    const { client, spec } = world(waiting)
    expect(await failed(approve(client, "web-1", stages))).toMatchObject({ _tag, message })
    expect(spec()).toEqual({ pipelineName: "web" })
  })
})

describe("creating an execution", () => {
  it("under a name that is taken says so", async () => {
    const { client } = world()
    expect(await failed(createExecution(client, { pipelineName: "web" }, "web-1"))).toMatchObject({
      _tag: "AlreadyExists",
      message: 'there is an execution "web-1" in namespace "team" already',
    })
    const created = await Effect.runPromise(createExecution(client, { pipelineName: "web" }, "web-2"))
    expect(created.metadata.name).toBe("web-2")
  })
})
