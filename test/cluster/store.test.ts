import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { storeApi } from "../../src/cluster/memory/api.ts"
import { type Change, Store, StoreError } from "../../src/cluster/memory/store.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { ownerOf } from "../builders/objects.ts"

const { executions, jobs, pods } = resources
const ref = (name: string, namespace = "team") => ({ namespace, name })
const spec = { pipelineName: "web", deep: { list: [1, { x: 1 }] } }

function arrange() {
  let uids = 0
  const store = new Store({ now: () => "2026-01-01T00:00:00Z", newUid: () => `uid-${++uids}` })
  const changes: Change[] = []
  store.onChange((change) => changes.push(change))
  const create = (
    name: string,
    more: object = {},
    resource: typeof executions | typeof jobs | typeof pods = executions,
  ) =>
    store.create(resource, "team", {
      apiVersion: "v1",
      kind: resource.kind,
      spec,
      ...more,
      metadata: { name, ...("metadata" in more ? (more.metadata as object) : {}) },
    })
  return { store, changes, create }
}

const reasonOf = (call: () => unknown) => {
  try {
    call()
  } catch (error) {
    return error instanceof StoreError ? error.reason : error
  }
  return "nothing went wrong"
}

describe("the store, creating", () => {
  it("gives each object a UID, a version, its first generation and a time", () => {
    const { create } = arrange()
    expect(create("a").metadata).toEqual({
      name: "a",
      namespace: "team",
      uid: "uid-1",
      resourceVersion: "1",
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:00Z",
    })
    expect(create("b").metadata).toMatchObject({ uid: "uid-2", resourceVersion: "2" })
  })

  it("takes no UID, version or generation from outside", () => {
    const { create } = arrange()
    const metadata = { uid: "mine", resourceVersion: "99", generation: 7, creationTimestamp: "1970-01-01T00:00:00Z" }
    expect(create("a", { metadata }).metadata).toMatchObject({ uid: "uid-1", resourceVersion: "1", generation: 1 })
  })

  it("lets one object have a name, in each namespace and of each kind", () => {
    const { store, create } = arrange()
    create("a")
    expect(reasonOf(() => create("a"))).toBe("AlreadyExists")
    create("a", {}, jobs)
    store.create(executions, "other", { metadata: { name: "a" } })
    expect(store.list(executions)).toHaveLength(2)
  })

  it("gives a name that was freed a new UID", () => {
    const { store, create } = arrange()
    create("a")
    store.delete(executions, ref("a"))
    expect(create("a").metadata.uid).toBe("uid-2")
  })

  it.each([{}, { name: "" }])("refuses an object without a name: %j", (metadata) => {
    const { store } = arrange()
    expect(reasonOf(() => store.create(executions, "team", { metadata }))).toBe("Invalid")
  })
})

describe("the store, reading", () => {
  it("does not find what is not there", () => {
    const { store, create } = arrange()
    create("a")
    expect(reasonOf(() => store.get(executions, ref("b")))).toBe("NotFound")
    expect(reasonOf(() => store.get(executions, ref("a", "other")))).toBe("NotFound")
    expect(reasonOf(() => store.get(jobs, ref("a")))).toBe("NotFound")
    expect(reasonOf(() => store.patch(executions, ref("b"), {}))).toBe("NotFound")
    expect(reasonOf(() => store.delete(executions, ref("b")))).toBe("NotFound")
  })

  it("lists by namespace and by labels, all of which must be equal", () => {
    const { store, create } = arrange()
    create("a", { metadata: { labels: { app: "web", tier: "1" } } })
    create("b", { metadata: { labels: { app: "web", tier: "2" } } })
    create("c")
    store.create(executions, "other", { metadata: { name: "d", labels: { app: "web" } } })
    const names = (...args: Parameters<typeof store.list>) => store.list(...args).map((object) => object.metadata.name)
    expect(names(executions)).toEqual(["a", "b", "c", "d"])
    expect(names(executions, { namespace: "team" })).toEqual(["a", "b", "c"])
    expect(names(executions, { labels: { app: "web" } })).toEqual(["a", "b", "d"])
    expect(names(executions, { namespace: "team", labels: { app: "web", tier: "2" } })).toEqual(["b"])
    expect(names(jobs)).toEqual([])
  })

  it("lists Jobs by how many of their pods succeeded, and takes no other field, as an API server", () => {
    const { store, create } = arrange()
    create("run")
    for (const name of ["a", "b"]) store.create(jobs, "team", { metadata: { name } })
    store.patch(jobs, ref("b"), { status: { succeeded: 1 } }, "status")
    const names = (value: string) =>
      store.list(jobs, { fields: { "status.successful": value } }).map(({ metadata }) => metadata.name)
    expect([names("0"), names("1")]).toEqual([["a"], ["b"]])
    expect(reasonOf(() => store.list(jobs, { fields: { "status.failed": "0" } }))).toBe("Invalid")
    expect(reasonOf(() => store.list(executions, { notFields: { "status.summary": [""] } }))).toBe("Invalid")
  })

  it("hands out frozen objects, and takes copies: nobody changes an object by hand", () => {
    const { store, changes } = arrange()
    const given = { metadata: { name: "a" }, spec: { list: [1] } }
    const patch = { status: { list: [1] } }
    const out = [
      store.create(executions, "team", given),
      store.get(executions, ref("a")),
      store.list(executions)[0]!,
      changes[0]!.object,
      store.patch(executions, ref("a"), patch, "status"),
      store.patch(executions, ref("a"), {}),
    ]
    for (const object of out) {
      expect(() => (object as unknown as { spec: { list: number[] } }).spec.list.push(2)).toThrow(TypeError)
    }
    given.spec.list.push(2)
    patch.status.list.push(2)
    expect(store.get(executions, ref("a"))).toMatchObject({ spec: { list: [1] }, status: { list: [1] } })
  })
})

describe("the store, patching", () => {
  it("merges objects, replaces lists and values, removes nulls (RFC 7386)", () => {
    const { store, create } = arrange()
    create("a", { spec: { keep: 1, change: 1, remove: 1, nested: { keep: 1, remove: 1 }, list: [1, 2] } })
    const patch = {
      spec: { change: 2, remove: null, nested: { remove: null, add: { x: null, y: 1 } }, list: [3], unknown: null },
    }
    expect(store.patch(executions, ref("a"), patch).spec).toEqual({
      keep: 1,
      change: 2,
      nested: { keep: 1, add: { y: 1 } },
      list: [3],
    })
  })

  it("makes a new version of what changed, and a new generation of a new spec", () => {
    const { store, create } = arrange()
    create("a")
    const meta = (patch: object, subresource?: "status") =>
      store.patch(executions, ref("a"), patch, subresource).metadata
    expect(meta({ metadata: { labels: { x: "1" } } })).toMatchObject({ resourceVersion: "2", generation: 1 })
    expect(meta({ spec: { suspend: true } })).toMatchObject({ resourceVersion: "3", generation: 2 })
    expect(meta({ status: { phase: "Running" } }, "status")).toMatchObject({ resourceVersion: "4", generation: 2 })
  })

  it("makes nothing new of a patch that changes nothing", () => {
    const { store, changes, create } = arrange()
    create("a")
    for (const patch of [{}, { spec }, { metadata: { labels: null } }, { spec: { unknown: null } }]) {
      expect(store.patch(executions, ref("a"), patch).metadata.resourceVersion).toBe("1")
    }
    expect(changes).toHaveLength(1)
  })

  it("takes a version only while it is current, and then changes nothing", () => {
    const { store, changes, create } = arrange()
    const old = create("a").metadata.resourceVersion
    const { resourceVersion } = store.patch(executions, ref("a"), {
      metadata: { resourceVersion: old },
      spec: { x: 1 },
    }).metadata
    const late = { metadata: { resourceVersion: old }, spec: { x: 2 } }
    expect(reasonOf(() => store.patch(executions, ref("a"), late))).toBe("Conflict")
    expect(store.get(executions, ref("a"))).toMatchObject({ metadata: { resourceVersion }, spec: { x: 1 } })
    expect(changes).toHaveLength(2)
  })

  it("keeps an object's UID", () => {
    const { store, create } = arrange()
    const { uid } = create("a").metadata
    expect(store.patch(executions, ref("a"), { metadata: { uid: "mine", labels: { x: "1" } } }).metadata.uid).toBe(uid)
  })

  it("changes the status only by the subresource, and by it nothing else", () => {
    const { store, create } = arrange()
    create("a")
    store.patch(executions, ref("a"), { status: { phase: "Failed" } })
    expect(store.get(executions, ref("a")).status).toBeUndefined()
    const patch = { status: { phase: "Running" }, spec: { pipelineName: "evil" }, metadata: { labels: { x: "1" } } }
    store.patch(executions, ref("a"), patch, "status")
    expect(store.get(executions, ref("a"))).toMatchObject({ status: { phase: "Running" }, spec })
    expect(store.get(executions, ref("a")).metadata.labels).toBeUndefined()
  })

  it("pollutes no prototype", () => {
    const { store, create } = arrange()
    create("a")
    store.patch(executions, ref("a"), JSON.parse('{"spec":{"__proto__":{"polluted":true}}}'))
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

describe("the store, deleting", () => {
  it("deletes what an object owned, and what that owned, and nothing else", () => {
    const { store, changes, create } = arrange()
    const run = create("run")
    const owned = (by: { metadata: { name: string; uid: string } }) => ({
      metadata: { ownerReferences: [ownerOf("v1", "X", by.metadata)] },
    })
    const job = create("job", owned(run), jobs)
    create("pod", owned(job), pods)
    create("other", {}, jobs)
    store.delete(executions, ref("run"))
    expect([...store.list(executions), ...store.list(jobs), ...store.list(pods)].map((o) => o.metadata.name)).toEqual([
      "other",
    ])
    expect(changes.slice(-3).map(({ type, object }) => `${type} ${object.metadata.name}`)).toEqual([
      "delete run",
      "delete job",
      "delete pod",
    ])
  })

  // The pod goes with the Job, and is then looked for a second time; the deletion throws halfway.
  it("deletes once what two of the deleted own", () => {
    const { store, create } = arrange()
    const run = create("run")
    const job = create("job", { metadata: { ownerReferences: [ownerOf("v1", "X", run.metadata)] } }, jobs)
    const owners = [ownerOf("v1", "X", job.metadata), ownerOf("v1", "X", run.metadata)]
    create("a-pod", { metadata: { ownerReferences: owners } }, jobs)
    store.delete(executions, ref("run"))
    expect(store.list(jobs)).toEqual([])
  })

  it("leaves what names an owner of that name with another UID", () => {
    const { store, create } = arrange()
    create("run")
    create("job", { metadata: { ownerReferences: [ownerOf("v1", "X", { name: "run", uid: "older" })] } }, jobs)
    store.delete(executions, ref("run"))
    expect(store.list(jobs)).toHaveLength(1)
  })
})

describe("the store, telling", () => {
  it("tells of every change, in order, with the object as it is then", () => {
    const { store, changes, create } = arrange()
    create("a")
    store.patch(executions, ref("a"), { spec: { x: 1 } })
    store.delete(executions, ref("a"))
    expect(
      changes.map(({ type, resource, object }) => [type, resource.plural, object.metadata.resourceVersion]),
    ).toEqual([
      ["add", "peanutpipelineexecutions", "1"],
      ["update", "peanutpipelineexecutions", "2"],
      ["delete", "peanutpipelineexecutions", "2"],
    ])
  })

  it("tells nothing of what it refused", () => {
    const { store, changes, create } = arrange()
    create("a")
    reasonOf(() => create("a"))
    reasonOf(() => store.patch(executions, ref("a"), { metadata: { resourceVersion: "0" }, spec: {} }))
    expect(changes).toHaveLength(1)
  })
})

describe("storeApi", () => {
  it("answers with the errors of an API server", async () => {
    const { store, create } = arrange()
    create("a")
    const api = storeApi(store)
    const tag = async <A, E extends { readonly _tag: string }>(call: Effect.Effect<A, E>) =>
      (await Effect.runPromise(Effect.flip(call)))._tag
    expect(await tag(api.get(executions, ref("b")))).toBe("NotFound")
    expect(await tag(api.create(executions, "team", { metadata: { name: "a" } }))).toBe("AlreadyExists")
    expect(await tag(api.create(executions, "team", { metadata: {} }))).toBe("Refused")
    expect(await tag(api.patch(executions, ref("a"), { metadata: { resourceVersion: "0" } }))).toBe("Conflict")
  })

  it("does nothing until it is run, and does it again each time", async () => {
    const { store } = arrange()
    const create = storeApi(store).create(executions, "team", { metadata: { name: "a" } })
    expect(store.list(executions)).toEqual([])
    await Effect.runPromise(create)
    expect(await Effect.runPromise(Effect.flip(create))).toMatchObject({ _tag: "AlreadyExists" })
  })
})
