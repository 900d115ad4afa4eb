// Executions that events start, through a real socket: what senders are told, and what people find.

import { CloudEvent } from "cloudevents"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { afterEach, describe, expect, it, vi } from "vitest"
import { apiVersion } from "../../src/api/meta.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { TokenReviewer, type TokenReviewerService } from "../../src/cluster/token-reviewer.ts"
import { Unavailable } from "../../src/cluster.ts"
import { graph } from "../builders/graph.ts"
import { namespace } from "../builders/objects.ts"
import { batch, binary, structured, version03 } from "./events.ts"
import { attributes, head, sender } from "./raw.ts"
import { type Served, serving, spyOnConsole } from "./serve.ts"

afterEach(() => vi.restoreAllMocks())

const push = new CloudEvent({ id: "42", type: "com.example.push", source: "/git/web", data: { ref: "main" } })
const path = `/namespaces/${namespace}/pipelines/web`

/** The executions beside the one that `serving` makes. */
const started = ({ store }: Served) =>
  store.list(resources.executions).filter(({ metadata }) => metadata.name !== "run")
const kubernetesEvents = ({ store }: Served) =>
  store.list(resources.events) as unknown as readonly { involvedObject: object; reason: string; message: string }[]

describe("an event posted to the path of a pipeline", () => {
  it.each([
    { mode: "binary", message: binary(push) },
    { mode: "structured", message: structured(push) },
    { mode: "binary 0.3", message: binary(version03(push)) },
    { mode: "without data", message: binary(new CloudEvent({ id: "1", type: "t", source: "/s" })) },
  ])("starts an execution, which runs when the empty 202 comes ($mode)", ({ message }) =>
    serving(async (served) => {
      expect(await served.post(message, path)).toMatchObject({ status: 202, text: "" })
      expect(started(served)).toMatchObject([{ spec: { pipelineName: "web" }, status: { phase: "Running" } }])
      expect(served.jobs()).toBe(1)
    }),
  )

  it("starts one, if it comes ten times, and if it comes ten times at once", () =>
    serving(async (served) => {
      for (let i = 0; i < 10; i++) expect((await served.post(binary(push), path)).status).toBe(202)
      expect(started(served)).toHaveLength(1)
      const other = push.cloneWith({ id: "43" })
      const answers = await Promise.all(Array.from({ length: 10 }, () => served.post(structured(other), path)))
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 202))
      expect(started(served)).toHaveLength(2)
      expect(served.jobs()).toBe(2)
    }))

  it("starts one for each pipeline that it is sent to", () =>
    serving(async (served) => {
      served.store.create(resources.pipelines, namespace, pipelineObject("other"))
      await served.post(binary(push), path)
      await served.post(binary(push), path.replace("web", "other"))
      expect(
        started(served)
          .map(({ metadata }) => metadata.name.replace(/-[^-]*$/, ""))
          .toSorted(),
      ).toEqual(["other", "web"])
    }))

  it("may be of a type that Peanut's own sources send: the path says what is meant", () =>
    serving(async (served) => {
      const ping = push.cloneWith({ type: "dev.knative.sources.ping" })
      expect((await served.post(binary(ping), path)).status).toBe(202)
      expect(started(served)).toHaveLength(1)
    }))

  it("may have an id and a source of any text", () =>
    serving(async (served) => {
      const strange = push.cloneWith({ id: "../../ä\u{1F95C} ".repeat(50), source: "urn:uuid:6e8bc430-9c3a" })
      expect((await served.post(structured(strange), path)).status).toBe(202)
      expect(started(served)[0]?.metadata.name).toMatch(/^web-[0-9a-z]{13}$/)
    }))

  it("is answered with 503, and starts the execution when it comes again, if the API was away", () => {
    let isAway = true
    vi.spyOn(console, "log").mockImplementation(() => undefined)
    return serving(
      async (served) => {
        const { status, headers } = await served.post(binary(push), path)
        expect({ status, retry: headers.get("retry-after") }).toEqual({ status: 503, retry: "1" })
        isAway = false
        expect((await served.post(binary(push), path)).status).toBe(202)
        expect(started(served)).toHaveLength(1)
      },
      {
        wrap: (api) => ({
          ...api,
          get: (...args) => Effect.suspend(() => (isAway ? Effect.fail(new Unavailable(away)) : api.get(...args))),
        }),
      },
    )
  })
})

const pipelineObject = (name: string, spec: object = {}) => ({
  apiVersion,
  kind: "PeanutPipeline",
  metadata: { name },
  spec: { stages: graph("a"), events: [{}], ...spec },
})

describe("an event that can start nothing", () => {
  const refusals: readonly { what: string; name: string; arrange?: (served: Served) => void; says: RegExp }[] = [
    {
      what: "is suspended",
      name: "idle",
      arrange: ({ store }) => store.create(resources.pipelines, namespace, pipelineObject("idle", { suspend: true })),
      says: /^pipeline "idle" is suspended\n$/,
    },
    {
      what: "has a cycle",
      name: "ring",
      arrange: ({ store }) =>
        store.create(resources.pipelines, namespace, pipelineObject("ring", { stages: graph("a → b, b → a") })),
      says: /^stages of pipeline "ring" wait for each other: a → b → a\n$/,
    },
    {
      what: "names a stage that is not there",
      name: "typo",
      arrange: ({ store }) =>
        store.create(
          resources.pipelines,
          namespace,
          pipelineObject("typo", { stages: [{ name: "a", type: "tasks" }] }),
        ),
      says: /"a" is of type "tasks", but there is no PeanutStage of that name; did you mean "task"\?\n$/,
    },
  ]

  it.each(refusals)("because the pipeline $what is answered with 400, and a Kubernetes Event says why, once", (given) =>
    serving(async (served) => {
      given.arrange?.(served)
      for (let i = 0; i < 3; i++) {
        const { status, text } = await served.post(binary(push), path.replace("web", given.name))
        expect({ status, text }).toEqual({ status: 400, text: expect.stringMatching(given.says) })
      }
      expect(started(served)).toEqual([])
      expect(kubernetesEvents(served)).toMatchObject([
        {
          involvedObject: { kind: "PeanutPipeline", name: given.name, namespace },
          type: "Warning",
          reason: "NotStarted",
        },
      ])
      expect(`${kubernetesEvents(served)[0]?.message}\n`).toMatch(/^an event started nothing: /)
    }),
  )

  it.each([
    { what: "that does not exist", spec: undefined, says: 'there is no PeanutPipeline "wbe" in namespace "team"\n' },
    {
      what: "that did not ask for it",
      spec: { events: undefined, concurrencyPolicy: "Replace" },
      says: 'pipeline "wbe" starts by no event; events: [{}] in its spec lets events start it\n',
    },
  ])("for a pipeline $what is answered with 400, and nothing at all is written", ({ spec, says }) =>
    serving(async (served) => {
      if (spec !== undefined) served.store.create(resources.pipelines, namespace, pipelineObject("wbe", spec))
      const changes: unknown[] = []
      served.store.onChange((change) => changes.push(change))
      for (const event of [push, push.cloneWith({ id: "x".repeat(5000), data: { params: { a: "b" } } })]) {
        const { status, text } = await served.post(structured(event), path.replace("web", "wbe"))
        expect({ status, text }).toEqual({ status: 400, text: says })
      }
      expect(changes).toEqual([])
    }),
  )

  it("in a namespace that is not served is answered with 400, and the API is not asked", () => {
    const calls: string[] = []
    const settings = { callers: undefined, namespace: "blue" }
    return serving(
      async (served) => {
        const { status, text } = await served.post(binary(push), path)
        expect({ status, text }).toEqual({ status: 400, text: 'this Peanut serves namespace "blue" only\n' })
        expect(calls).toEqual([])
      },
      {
        settings,
        wrap: (api) => ({
          ...api,
          get: (resource, ref) => Effect.tap(api.get(resource, ref), () => Effect.sync(() => calls.push("get"))),
          list: (...list) => Effect.tap(api.list(...list), () => Effect.sync(() => calls.push("list"))),
        }),
      },
    )
  })

  it.each([
    "/namespaces/team/pipelines/Web",
    "/namespaces/team/pipelines/web%2Fstatus",
    "/namespaces/team/pipelines/..%2F..%2Fother",
    "/namespaces/team/pipelines/%2e%2e%2f",
    "/namespaces/te%2Fam/pipelines/web",
    "/namespaces/Team/pipelines/web",
    "/namespaces/team/pipelines/%zz",
    "/namespaces/team/pipelines/web%00",
    "/namespaces/team/pipelines/web%20",
    "/namespaces/team/pipelines/-web",
    `/namespaces/team/pipelines/${"w".repeat(300)}`,
    "/namespaces/team/pipelines/",
    "/namespaces//pipelines/web",
    "/namespaces/team/pipelines",
    "/namespaces/team/pipelines/web/more",
    "/namespaces/team/pipelines/../pipelines/../../etc",
    "/namespaces/team/pipelines/..",
    "/namespaces/team/pipelines/%2e%2e",
    "//namespaces/team/pipelines/webb",
  ])("as its path has no valid names is answered with 400 (%s)", (given) =>
    serving(async (served) => {
      // As it is, without what `fetch` makes of dots.
      const raw = await sender(served.port)
      raw.write(head(...attributes, "content-length: 0").replace(/^POST \S+/, `POST ${given}`))
      expect(await raw.status()).toBe(400)
      raw.destroy()
      expect(started(served)).toEqual([])
      expect(served.jobs()).toBe(0)
    }),
  )

  it("since it is none, or a batch of some, is answered with 400", () =>
    serving(async (served) => {
      const none = await served.post({ headers: { "content-type": "application/json" }, body: "{}" }, path)
      expect(none).toMatchObject({ status: 400, text: expect.stringMatching(/^not a CloudEvent: /) })
      for (const message of [batch(push), batch(), batch(push, push.cloneWith({ id: "43" }))]) {
        const { status, text } = await served.post(message, path)
        expect({ status, text }).toEqual({
          status: 400,
          text: "one event starts one execution; batches are taken at /\n",
        })
      }
      expect(started(served)).toEqual([])
    }))
})

describe("with tokens asked for, a pipeline's path", () => {
  const settings = { callers: { audience: "peanut", subjects: new Set(["source"]) }, namespace: undefined }
  const reviewer: TokenReviewerService = {
    review: (token) => Effect.succeed(token === "bad" ? undefined : { username: token }),
    mayStart: ({ username }, where) =>
      username === "unknown"
        ? Effect.fail(new Unavailable({ message: "no answer" }))
        : Effect.succeed(username === "jane" && where === namespace),
  }
  const layer = Layer.succeed(TokenReviewer, reviewer)
  const withToken = (token: string | undefined) => {
    const { headers, body } = binary(push)
    return { headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) }, body }
  }

  it.each([
    ["jane", 202],
    ["source", 403],
    ["joe", 403],
    [`system:serviceaccount:${namespace}:default`, 403],
    ["bad", 401],
    [undefined, 401],
    ["unknown", 503],
  ])("answers %s with %i", (token, status) => {
    spyOnConsole()
    return serving(
      async (served) => {
        expect((await served.post(withToken(token), path)).status).toBe(status)
        expect(started(served).map(({ metadata }) => metadata.annotations?.["pipeline.peanut.dev/started-by"])).toEqual(
          status === 202 ? ["jane"] : [],
        )
      },
      { settings, layer },
    )
  })

  it("is not opened by being named for /, nor / by a right", () =>
    serving(
      async (served) => {
        expect((await served.post(withToken("source"))).status).not.toBe(403)
        expect((await served.post(withToken("jane"))).status).toBe(403)
      },
      { settings, layer },
    ))
})

describe("the path of a pipeline", () => {
  it.each([
    ["GET", 200],
    ["HEAD", 200],
    ["OPTIONS", 204],
    ["PUT", 405],
    ["DELETE", 405],
  ])("answers %s with %i", (method, status) =>
    serving(async ({ url }) => {
      const answer = await fetch(url + path, { method })
      expect(answer.status).toBe(status)
      if (status !== 200) expect(answer.headers.get("allow")).toBe("POST, OPTIONS")
    }),
  )
})

describe("the trace of an event", () => {
  const byHeader = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
  const byAttribute = "00-11111111111111111111111111111111-2222222222222222-01"

  it.each([
    { of: "its attribute", extension: byAttribute, header: undefined, trace: "11111111111111111111111111111111" },
    { of: "the request", extension: undefined, header: byHeader, trace: "0af7651916cd43dd8448eb211c80319c" },
    { of: "its attribute first", extension: byAttribute, header: byHeader, trace: "11111111111111111111111111111111" },
    {
      of: "the request, if its own is none",
      extension: "x",
      header: byHeader,
      trace: "0af7651916cd43dd8448eb211c80319c",
    },
    { of: "nothing, if both are none", extension: "x", header: "00-0-0-00", trace: undefined },
  ])("is in the log lines, from $of", async ({ extension, header, trace }) => {
    const { log } = spyOnConsole()
    await serving(
      async (served) => {
        const event = extension === undefined ? push : push.cloneWith({ traceparent: extension })
        const { headers, body } = binary(event)
        const message = { headers: { ...headers, ...(header && { traceparent: header }) }, body }
        expect((await served.post(message, path)).status).toBe(503)
      },
      { wrap: (api) => ({ ...api, get: () => Effect.fail(new Unavailable(away)) }) },
    )
    const lines = log().map((line) => JSON.parse(line))
    expect(lines).toMatchObject([{ level: "WARN", message: "not now", id: "42", error: "etcd has no leader" }])
    expect(lines[0].trace).toBe(trace)
  })
})

const away = { message: "etcd has no leader" }
