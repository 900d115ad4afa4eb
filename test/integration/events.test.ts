// Events in and out of the built server on a real API server: executions that events start, what people and programs
// are told of a run, who may call, and what all of it costs.

import { execFile } from "node:child_process"
import { createSign } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import { CloudEvent, HTTP } from "cloudevents"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import * as z from "zod"
import { describeWithControlPlane } from "../control-plane/describe.ts"
import { findPrograms } from "../control-plane/programs.ts"
import { kubeconfigFor } from "../server/fake-api-server.ts"
import { counts, parseMetrics } from "../server/prometheus.ts"
import { deaths, openSink, type Sink } from "../server/sink.ts"
import { type PeanutServer, startServer } from "./server.ts"
import { eventually, inNamespace, pipeline, repository, run, stage, succeed, useWorld } from "./world.ts"

const quick = stage("quick", ["true"])
const broken = stage("broken", ["sh", "-c", "exit 3"])
const held = stage("held", ["hold"])
const push = new CloudEvent({ id: "42", type: "com.example.push", source: "/git/web", data: { ref: "main" } })
const ping = new CloudEvent({ type: "dev.knative.sources.ping", source: "/test" })

/** The pipeline, started by any event. */
const open = <T extends { readonly spec: object }>(object: T) => ({ ...object, spec: { ...object.spec, events: [{}] } })

/** Whether this machine can run what the documentation shows. */
const hasProgram = (name: string) => process.env.PATH?.split(delimiter).some((folder) => existsSync(join(folder, name)))

async function postTo(url: string, event: CloudEvent<unknown>, more: Readonly<Record<string, string>> = {}) {
  const { headers, body } = HTTP.structured(event)
  const answer = await fetch(url, {
    method: "POST",
    headers: { ...(headers as Record<string, string>), ...more },
    body: body as string,
  })
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

describeWithControlPlane("events and Peanut on a real API server", () => {
  let sink: Sink
  beforeAll(async () => {
    sink = await openSink()
  })
  const world = useWorld({
    auditLog: true,
    settings: () => ({ K_SINK: sink.url, K_CE_OVERRIDES: '{"extensions":{"cluster":"blue","Bad Name":"x"}}' }),
  })
  afterAll(() => sink?.close())

  let here: ReturnType<typeof inNamespace>
  beforeEach(async () => {
    const { controlPlane } = world()
    here = inNamespace(controlPlane, await controlPlane.createNamespace())
  })

  const path = (name: string, namespace = here.namespace) => `/namespaces/${namespace}/pipelines/${name}`
  const executions = async () =>
    (await world().controlPlane.api.get<{ items: { metadata: { name: string } }[] }>(here.executions)).items.map(
      ({ metadata }) => metadata.name,
    )
  const kubernetesEvents = async () => {
    const all = `/api/v1/namespaces/${here.namespace}/events`
    const { items } = await world().controlPlane.api.get<{ items: KubernetesEvent[] }>(all)
    return items.filter(({ source }) => source.component === "peanut")
  }
  const describeObject = (kind: string, name: string) =>
    succeed(world().controlPlane.kubectl("describe", "-n", here.namespace, kind, name))
  /** What the sink got of one execution. */
  const lifecycle = (name: string) =>
    sink.requests
      .map(({ event }) => event as unknown as LifecycleEvent)
      .filter(({ data }) => data.execution.namespace === here.namespace && data.execution.name === name)

  describe("an event for a pipeline", () => {
    it("starts one execution, which runs to its end, however often and at however many servers it comes", async () => {
      const { server, kubeconfig } = world()
      const other = await startServer(kubeconfig)
      try {
        await here.apply(quick, open(pipeline("p", "a:quick → b:quick")))
        const urls = [server.url, other.url].map((url) => url + path("p"))
        const answers = await Promise.all([...urls, ...urls, ...urls].map((url) => postTo(url, push)))
        expect(answers.map(({ status, text }) => [status, text])).toEqual(answers.map(() => [202, ""]))
        const [name, ...more] = await executions()
        expect(more).toEqual([])
        expect((await here.finished(name!)).status).toMatchObject({ phase: "Succeeded", summary: "2/2 succeeded" })
        for (let i = 0; i < 10; i++) expect((await postTo(urls[i % 2]!, push)).status).toBe(202)
        expect(await executions()).toEqual([name])
        expect(await here.jobs()).toHaveLength(2)
      } finally {
        await other.stop()
      }
    })

    it("is refused with 400 where nothing can start, and the pipeline's Kubernetes Events say why", async () => {
      const { server } = world()
      const idle = open(pipeline("idle", "a:quick"))
      await here.apply(
        quick,
        { ...idle, spec: { ...idle.spec, suspend: true } },
        open(pipeline("ring", "a:quick → b:quick → a:quick")),
      )
      const refused = {
        idle: 'pipeline "idle" is suspended',
        ring: 'stages of pipeline "ring" wait for each other: a → b → a',
      }
      for (const [name, why] of Object.entries(refused)) {
        for (let i = 0; i < 3; i++) {
          expect(await postTo(server.url + path(name), push)).toMatchObject({ status: 400, text: `${why}\n` })
        }
      }
      const told = (await kubernetesEvents()).filter(({ reason }) => reason === "NotStarted")
      expect(Object.fromEntries(told.map((event) => [event.involvedObject.name, event.message]))).toEqual(
        Object.fromEntries(Object.entries(refused).map(([name, why]) => [name, `an event started nothing: ${why}`])),
      )
      expect(told).toHaveLength(2)
      expect(await describeObject("peanutpipeline", "idle")).toMatch(
        /Warning +NotStarted .*pipeline "idle" is suspended/,
      )
      expect(await executions()).toEqual([])
    })

    it("is refused with 400 where nobody asked for it, and nothing is written", async () => {
      const { server } = world()
      await here.apply(quick, pipeline("closed", "a:quick"))
      for (const [name, why] of [
        ["nope", `there is no PeanutPipeline "nope" in namespace "${here.namespace}"`],
        ["closed", 'pipeline "closed" starts by no event; events: [{}] in its spec lets events start it'],
      ] as const) {
        expect(await postTo(server.url + path(name), push)).toMatchObject({ status: 400, text: `${why}\n` })
      }
      expect(await executions()).toEqual([])
      expect(await kubernetesEvents()).toEqual([])
    })

    it("is refused with 400 where another one of its source and id has started a run", async () => {
      const { server } = world()
      await here.apply(quick, open(pipeline("p", "a:quick")))
      expect((await postTo(server.url + path("p"), push)).status).toBe(202)
      const other = push.cloneWith({ data: { ref: "another" } })
      for (let i = 0; i < 2; i++) {
        const { status, text } = await postTo(server.url + path("p"), other)
        expect({ status, text }).toEqual({
          status: 400,
          text: expect.stringMatching(/^another event with this source/),
        })
      }
      expect((await postTo(server.url + path("p"), push)).status).toBe(202)
      expect(await executions()).toHaveLength(1)
      expect((await kubernetesEvents()).filter(({ reason }) => reason === "NotStarted")).toHaveLength(1)
    })

    it.each([
      "/namespaces/no-such-namespace/pipelines/p",
      "/namespaces/x/pipelines/P",
      "/namespaces/x/pipelines/%2e%2e%2f",
    ])("is refused with 400 at %s", async (given) => {
      expect((await postTo(world().server.url + given, push)).status).toBe(400)
    })

    it("with an id of 50 kB starts an execution that keeps a digest of it", async () => {
      await here.apply(quick, open(pipeline("p", "a:quick")))
      const huge = push.cloneWith({ id: "x".repeat(50_000) })
      expect((await postTo(world().server.url + path("p"), huge)).status).toBe(202)
      const { items } = await world().controlPlane.api.get<{
        items: { metadata: { annotations: Readonly<Record<string, string>> } }[]
      }>(here.executions)
      const [annotations] = items.map(({ metadata }) => metadata.annotations)
      expect(annotations?.["pipeline.peanut.dev/event-id"]).toMatch(/^sha256:[0-9a-f]{64}$/)
      expect(JSON.stringify(annotations).length).toBeLessThan(1000)
    })

    it("for a namespace that is not served is refused with 400, and the API is not asked", async () => {
      const { controlPlane } = world()
      await controlPlane.api.create("/api/v1/namespaces/peanut-system/serviceaccounts", { metadata: { name: "one" } })
      const kubeconfig = await controlPlane.kubeconfigFor("peanut-system", "one")
      const server = await startServer(kubeconfig, { PEANUT_NAMESPACE: "blue" })
      try {
        expect(await postTo(server.url + path("p"), push)).toMatchObject({
          status: 400,
          text: 'this Peanut serves namespace "blue" only\n',
        })
        expect(await callsOf("one")).toEqual([])
      } finally {
        await server.stop()
      }
    })
  })

  describe("a run", () => {
    const strange = 'Zoë\'s "ß" 🥜, line two'
    const stages = [
      { name: "a", type: "quick" },
      { name: strange, type: "broken", dependsOn: ["a"] },
      { name: "c", type: "quick", dependsOn: [strange] },
      { name: "d", type: "held" },
    ]
    const trace = "0af7651916cd43dd8448eb211c80319c"
    let name: string

    /** Starts the run by a traced event, and waits until only `d` is left. */
    async function startRun() {
      await here.apply(quick, broken, held, { ...pipeline("p"), spec: { stages, events: [{}] } })
      const traceparent = `00-${trace}-b7ad6b7169203331-01`
      expect((await postTo(world().server.url + path("p"), push, { traceparent })).status).toBe(202)
      name = (await executions())[0]!
      await here.until(name, ({ status }) => status?.stages?.[2]?.phase === "Skipped")
    }

    it("is told to people and to a sink, each thing once, however often a step is repeated", async () => {
      const { server, controlPlane, kubelet } = world()
      await startRun()
      const halfway = await controlPlane.api.get<{ status: object }>(`${here.executions}/${name}`)
      await kubelet.release("d")
      expect((await here.finished(name)).status).toMatchObject({
        phase: "Failed",
        summary: "2/4 succeeded, 1 failed, 1 skipped",
      })
      const before = lifecycle(name)
      // As if the last write had been lost, ten times: the status is as it was halfway, and the end comes again.
      const end = { status: { ...halfway.status, completionTime: null } }
      for (let i = 0; i < 10; i++) {
        await controlPlane.api.patch(`${here.executions}/${name}/status`, end, "merge")
        expect((await server.post(ping)).status).toBe(202)
        await here.finished(name)
      }

      const story = (await kubernetesEvents()).map(({ reason, message }) => `${reason}: ${message}`)
      expect(story.toSorted()).toEqual([
        expect.stringMatching(/^Failed: 2\/4 succeeded, 1 failed, 1 skipped; stage "Zoë/),
        expect.stringMatching(/^StageFailed: stage "Zoë's "ß" 🥜, line two" failed: exit code 3/),
        expect.stringMatching(/^StageSkipped: stage "c" was skipped: stage "Zoë/),
        'Started: started pipeline "p"',
      ])
      const described = await describeObject("peanutpipelineexecution", name)
      const shown = [...described.matchAll(/^ +(Normal|Warning) +(\w+) /gm)].map(
        ([, type, reason]) => `${type} ${reason}`,
      )
      expect(shown.toSorted()).toEqual([
        "Normal StageSkipped",
        "Normal Started",
        "Warning Failed",
        "Warning StageFailed",
      ])

      const after = lifecycle(name)
      expect(after.length).toBeGreaterThan(before.length)
      expect(new Set(after.map(({ id }) => id))).toEqual(new Set(before.map(({ id }) => id)))
      const distinct = new Map(after.map(({ id, type, data }) => [id, `${type} ${data.stage?.name ?? ""}`.trim()]))
      expect([...distinct.values()].toSorted()).toEqual([
        "dev.peanut.execution.failed",
        "dev.peanut.execution.started",
        `dev.peanut.stage.failed ${strange}`,
        "dev.peanut.stage.skipped c",
        `dev.peanut.stage.started ${strange}`,
        "dev.peanut.stage.started a",
        "dev.peanut.stage.started d",
        "dev.peanut.stage.succeeded a",
        "dev.peanut.stage.succeeded d",
      ])
    })

    it("sends CloudEvents that keep to the specification and to the schema, with what the overrides add", async () => {
      await startRun()
      await world().kubelet.release("d")
      await here.finished(name)
      const schema = z.fromJSONSchema(JSON.parse(readFileSync(repository("docs/lifecycle-event.schema.json"), "utf8")))
      for (const event of lifecycle(name)) {
        expect(schema.safeParse(event.data).error).toBeUndefined()
        // The SDK checks an event against the specification as it makes it.
        expect(new CloudEvent(event as never).toJSON()).toMatchObject({
          specversion: "1.0",
          cluster: "blue",
          source: `/apis/pipeline.peanut.dev/v1alpha1/namespaces/${here.namespace}/peanutpipelineexecutions/${name}`,
        })
        expect(Object.keys(event)).not.toContain("Bad Name")
        expect(event.subject).toBe(event.data.stage?.name.replace("\n", "\uFFFD"))
      }
      for (const { type } of sink.requests) expect(type).toBe("application/cloudevents+json; charset=utf-8")
    })

    it("goes on without Kubernetes Events where the rights for them are missing", async () => {
      const { controlPlane } = world()
      const role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/peanut"
      const { rules } = await controlPlane.api.get<{ rules: { resources: string[] }[] }>(role)
      const without = rules.filter(({ resources }) => !resources.includes("events"))
      expect(without).toHaveLength(rules.length - 1)
      await controlPlane.api.patch(role, { rules: without }, "merge")
      try {
        await sleep(500)
        await here.apply(quick, pipeline("p", "a:quick → b:quick"), run("x", "p"))
        expect((await here.finished("x")).status?.phase).toBe("Succeeded")
        expect((await postTo(world().server.url + path("nope"), push)).status).toBe(400)
        expect(await kubernetesEvents()).toEqual([])
      } finally {
        await controlPlane.api.patch(role, { rules }, "merge")
      }
    })
  })

  it("measures what it did, by verb, resource and code", async () => {
    const { server } = world()
    await here.apply(quick, pipeline("p", "a:quick → b:quick"), run("x", "p"))
    await here.finished("x")
    const text = await (await fetch(`${server.url}/metrics`)).text()
    const families = parseMetrics(text)
    for (const { name } of families) expect(name).toMatch(/^peanut_[a-z_]+_(total|seconds)$/)
    const calls = counts(families, "peanut_api_requests_total")
    for (const call of Object.keys(calls)) {
      expect(call).toMatch(/^(get|list|create|patch) (peanut\w+|jobs|pods|events) (\d{3}|none)$/)
    }
    expect(calls["create jobs 201"]).toBeGreaterThanOrEqual(2)
    expect(calls["patch peanutpipelineexecutions 200"]).toBeGreaterThanOrEqual(3)
    expect(counts(families, "peanut_events_total")["Execution done"]).toBeGreaterThanOrEqual(3)
    expect(counts(families, "peanut_executions_total").Succeeded).toBeGreaterThanOrEqual(1)
    expect(counts(families, "peanut_stages_total").Started).toBeGreaterThanOrEqual(2)
    expect(text).not.toContain(here.namespace)
  })

  describe("the examples in docs/", () => {
    const service = "http://peanut.peanut-system.svc.cluster.local"
    const blocks = (file: string, holds: string) =>
      [...readFileSync(repository(`docs/${file}.md`), "utf8").matchAll(/```sh\n([\s\S]*?)```/g)]
        .map(([, block = ""]) => block)
        .filter((block) => block.includes(holds))
    /** Runs a block as it is, but for the address and the namespace. */
    async function shell(block: string, replacements: Readonly<Record<string, string>> = {}) {
      const { controlPlane, server } = world()
      const here = { [service]: server.url, "/namespaces/default/": `/namespaces/${namespaceOf()}/`, ...replacements }
      const text = Object.entries(here).reduce((text, [from, to]) => text.replaceAll(from, to), block)
      const PATH = `${findPrograms()}:${process.env.PATH}`
      const env = { ...process.env, PATH, KUBECONFIG: controlPlane.kubeconfig }
      return (await promisify(execFile)("bash", ["-euo", "pipefail", "-c", text], { env })).stdout
    }
    const namespaceOf = () => here.namespace

    it.skipIf(!hasProgram("curl"))("start an execution, and show why one was not started", async () => {
      const sample = readFileSync(repository("examples/trigger/pipeline.yaml"), "utf8")
      await succeed(world().controlPlane.kubectl("apply", "-n", here.namespace, "-f", "-", { input: sample }))
      const [start = "", ...more] = blocks("events", "/pipelines/on-push")
      expect(more).toEqual([])
      expect(await shell(start)).toMatch(/^HTTP\/1\.1 202 /)
      expect(await executions()).toEqual([expect.stringMatching(/^on-push-[0-9a-z]{13}$/)])
      expect(await shell(start, { "on-push": "nope" })).toMatch(/^HTTP\/1\.1 400 /)
      const event = push.cloneWith({ data: { params: { sha: "1" } } })
      expect((await postTo(world().server.url + path("on-push"), event)).status).toBe(400)
      const [list = ""] = blocks("events", "kubectl get events")
      expect(await shell(list, { "-n default": `-n ${here.namespace}` })).toMatch(/NotStarted +peanutpipeline\/on-push/)
    })

    it.skipIf(!hasProgram("curl"))("make a resync", async () => {
      const [resync = "", ...more] = blocks("operations", service)
      expect(more).toEqual([])
      expect(await shell(resync)).toMatch(/^HTTP\/1\.1 202 /)
      expect(linesOf(world().server)).toContainEqual(expect.objectContaining({ message: "resync", failures: 0 }))
    })

    it.skipIf(!hasProgram("jq"))("bring stages and pipelines back from a backup", async () => {
      await here.apply(quick, pipeline("p", "a:quick → b:quick"))
      const [backup = ""] = blocks("operations", "jq")
      const file = join(world().controlPlane.folder, "backup.json")
      await shell(backup, { "-A": `-n ${here.namespace}`, "peanut.json": file })
      const { kubectl } = world().controlPlane
      await succeed(kubectl("delete", "-n", here.namespace, "peanutstages,peanutpipelines", "--all"))
      await succeed(kubectl("apply", "-f", file))
      await here.apply(run("x", "p"))
      expect((await here.finished("x")).status?.phase).toBe("Succeeded")
    })
  })

  describe("while no source sends anything", () => {
    beforeAll(() => world().adapter.stop())
    afterAll(() => world().adapter.restart())

    it("lifecycle events go out in the trace of the event that caused them", async () => {
      await here.apply(quick, open(pipeline("p", "a:quick → b:quick")))
      const trace = "0af7651916cd43dd8448eb211c80319c"
      const traceparent = `00-${trace}-b7ad6b7169203331-01`
      expect((await postTo(world().server.url + path("p"), push, { traceparent })).status).toBe(202)
      const [name] = await executions()
      expect(lifecycle(name!).map(({ type }) => type)).toEqual([
        "dev.peanut.execution.started",
        "dev.peanut.stage.started",
      ])
      for (const event of lifecycle(name!)) {
        expect(event.traceparent).toMatch(new RegExp(`^00-${trace}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`))
      }
    })

    it.each(deaths)("a sink that %s stops no run and delays no answer by a second", async (_, death, says) => {
      const { kubeconfig } = world()
      const dead = await openSink()
      dead.die(death)
      // Nobody but this server works in this namespace, and no event comes but those of this test.
      const settings = { K_SINK: dead.url, PEANUT_NAMESPACE: here.namespace }
      const server = await startServer(kubeconfig, settings)
      try {
        await here.apply(quick, open(pipeline("p", "a:quick → b:quick", "c:quick")))
        const began = performance.now()
        expect((await postTo(server.url + path("p"), push)).status).toBe(202)
        const first = performance.now() - began
        const [name] = await executions()
        const again = performance.now()
        await eventually(
          async () => {
            expect((await server.post(ping)).status).toBe(202)
            return here.read(name!)
          },
          ({ status }) => status?.completionTime !== undefined,
        )
        expect((await here.read(name!)).status).toMatchObject({ phase: "Succeeded", summary: "3/3 succeeded" })
        expect(first).toBeLessThan(1500)
        expect(performance.now() - again).toBeLessThan(9000)
        const warnings = linesOf(server).filter(({ level }) => level === "WARN")
        expect(warnings).toMatchObject([
          { message: "lifecycle events were not delivered", error: expect.stringMatching(says), sink: dead.url },
        ])
      } finally {
        await server.stop()
        dead.close()
      }
    })
  })

  describe("with callers named", () => {
    const me = "oidc"
    let server: PeanutServer
    let home: string
    beforeAll(async () => {
      const { controlPlane } = world()
      const { api, kubectl, createNamespace } = controlPlane
      home = await createNamespace("callers")
      for (const name of ["source", "other", "gone"]) {
        await api.create(`/api/v1/namespaces/${home}/serviceaccounts`, { metadata: { name } })
      }
      // An account of its own, so that its calls can be told from those of the other server.
      await api.create("/api/v1/namespaces/peanut-system/serviceaccounts", { metadata: { name: me } })
      await succeed(kubectl("apply", "-f", repository("config/oidc/token-review.yaml")))
      for (const role of ["peanut", "peanut-token-review"]) {
        const account = `--serviceaccount=peanut-system:${me}`
        await succeed(kubectl("create", "clusterrolebinding", `${me}-${role}`, `--clusterrole=${role}`, account))
      }
      server = await startServer(await controlPlane.kubeconfigFor("peanut-system", me), settings())
    })
    afterAll(async () => {
      await server?.stop()
    })
    const settings = () => ({
      PEANUT_OIDC_AUDIENCE: "peanut",
      PEANUT_OIDC_SUBJECTS: `system:serviceaccount:${home}:source, system:serviceaccount:${home}:gone`,
    })

    const given: string[] = []
    async function tokenOf(account: string, audiences: readonly string[] = ["peanut"]): Promise<string> {
      const tokens = `/api/v1/namespaces/${home}/serviceaccounts/${account}/token`
      const { status } = await world().controlPlane.api.create<{ status: { token: string } }>(tokens, {
        spec: { audiences },
      })
      given.push(status.token)
      return status.token
    }
    /** The same token with other claims, signed with the very key of the API server. */
    function withClaims(token: string, claims: object): string {
      const [header, payload] = token.split(".")
      const old = JSON.parse(Buffer.from(payload!, "base64url").toString())
      const content = `${header}.${Buffer.from(JSON.stringify({ ...old, ...claims })).toString("base64url")}`
      const key = readFileSync(join(world().controlPlane.folder, "service-account.key"), "utf8")
      const signature = createSign("sha256").update(content).sign({ key, dsaEncoding: "ieee-p1363" }, "base64url")
      given.push(`${content}.${signature}`)
      return `${content}.${signature}`
    }
    const send = (authorization: string | undefined, to = server, where = path("p")) =>
      postTo(to.url + where, push, authorization === undefined ? {} : { authorization })

    /** Lets an account create executions in the namespace, as docs/install.md says. */
    async function letStart(account: string): Promise<void> {
      const [block = ""] =
        /kubectl create role start-pipelines[^`]*/.exec(readFileSync(repository("docs/install.md"), "utf8")) ?? []
      const lines = block.trim().split("\n")
      expect(lines).toHaveLength(2)
      for (const line of lines) {
        const words = line
          .replace("NAMESPACE:NAME", `${home}:${account}`)
          .replaceAll("NAMESPACE", here.namespace)
          .split(" ")
        await succeed(world().controlPlane.kubectl(...words.slice(1)))
      }
    }
    const startedBy = async () =>
      (
        await world().controlPlane.api.get<{
          items: { metadata: { annotations: Readonly<Record<string, string>> } }[]
        }>(here.executions)
      ).items.map(({ metadata }) => metadata.annotations["pipeline.peanut.dev/started-by"])

    it("starts executions for whoever may create them, by one review of the token and one of the right a minute", async () => {
      await here.apply(quick, open(pipeline("p", "a:quick")))
      await letStart("source")
      const token = await tokenOf("source")
      const before = await reviewsOf(me)
      for (let i = 0; i < 10; i++) expect(await send(`Bearer ${token}`)).toMatchObject({ status: 202, text: "" })
      expect((await reviewsOf(me)).slice(before.length)).toEqual(["create tokenreviews", "create subjectaccessreviews"])
      expect(await startedBy()).toEqual([`system:serviceaccount:${home}:source`])
      const [name] = await executions()
      expect((await here.finished(name!)).status?.phase).toBe("Succeeded")
    })

    it("also takes a token that was signed anew here, so that the refusals below are about claims", async () => {
      await here.apply(quick, open(pipeline("p", "a:quick")))
      await letStart("source")
      expect((await send(`Bearer ${withClaims(await tokenOf("source"), {})}`)).status).toBe(202)
    })

    it("refuses all others before it looks at anything", async () => {
      await here.apply(quick, open(pipeline("p", "a:quick")))
      const right = await tokenOf("source")
      const past = Math.floor(Date.now() / 1000) - 7200
      const expired = withClaims(right, { iat: past - 600, nbf: past - 600, exp: past })
      const gone = await tokenOf("gone")
      await world().controlPlane.api.delete(`/api/v1/namespaces/${home}/serviceaccounts/gone`)
      const before = (await callsOf(me)).length

      const unknown = {
        "no token": undefined,
        garbage: "Bearer garbage",
        "another scheme": `Basic ${right}`,
        expired: `Bearer ${expired}`,
        "changed by hand": `Bearer ${right.slice(0, -4)}AAAA`,
        "for another audience": `Bearer ${await tokenOf("source", ["other"])}`,
        "for the API server": `Bearer ${await tokenOf("source", [])}`,
        "of an account that is gone": `Bearer ${gone}`,
      }
      for (const [what, authorization] of Object.entries(unknown)) {
        for (const where of [path("p"), "/"]) {
          const { status, headers } = await send(authorization, server, where)
          expect({ what, status, asks: headers.get("www-authenticate") }).toEqual({ what, status: 401, asks: "Bearer" })
        }
      }
      const other = await send(`Bearer ${await tokenOf("other")}`)
      expect(other).toMatchObject({
        status: 403,
        text: expect.stringContaining(`system:serviceaccount:${home}:other may not start executions`),
      })
      expect(await send(`Bearer ${await tokenOf("other")}`, server, "/")).toMatchObject({
        status: 403,
        text: `system:serviceaccount:${home}:other may not send events here\n`,
      })
      // Being named for / is not enough to start anything.
      expect((await send(`Bearer ${right}`)).status).toBe(403)
      expect(await executions()).toEqual([])
      const calls = (await callsOf(me)).slice(before)
      expect(new Set(calls)).toEqual(new Set(["create tokenreviews", "create subjectaccessreviews"]))
    })

    it("counts the reviews among its calls, and keeps tokens out of its log and its metrics", async () => {
      const text = await (await fetch(`${server.url}/metrics`)).text()
      expect(counts(parseMetrics(text), "peanut_api_requests_total")["create tokenreviews 201"]).toBeGreaterThan(5)
      expect(counts(parseMetrics(text), "peanut_events_total")["Unread refused"]).toBe(19)
      expect(given.length).toBeGreaterThan(5)
      for (const token of given) {
        expect(server.log() + text).not.toContain(token)
        expect(server.log() + text).not.toContain(token.split(".")[2])
      }
    })

    it.skipIf(!hasProgram("curl"))("takes what the example in docs/security.md sends", async () => {
      const { controlPlane } = world()
      const text = readFileSync(repository("docs/security.md"), "utf8")
      const [, example = ""] = /```sh\n([\s\S]*?)```/.exec(text) ?? []
      const block = example
        .replace("http://peanut.peanut-system.svc.cluster.local", server.url)
        .replace("NAME -n NAMESPACE", `source -n ${home}`)
      const env = { ...process.env, PATH: `${findPrograms()}:${process.env.PATH}`, KUBECONFIG: controlPlane.kubeconfig }
      const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", block], { env })
      expect(stdout).toMatch(/^HTTP\/1\.1 202 /)
    })

    it("says 503 while the API server is away, or does not let it review", async () => {
      const { controlPlane } = world()
      const nowhere = join(controlPlane.folder, "kubeconfig-nowhere")
      writeFileSync(nowhere, kubeconfigFor("http://127.0.0.1:1"))
      await controlPlane.api.create("/api/v1/namespaces/peanut-system/serviceaccounts", { metadata: { name: "no" } })
      const token = await tokenOf("source")
      for (const kubeconfig of [nowhere, await controlPlane.kubeconfigFor("peanut-system", "no")]) {
        const helpless = await startServer(kubeconfig, settings())
        try {
          const { status, headers, text } = await send(`Bearer ${token}`, helpless)
          expect({ status, retry: headers.get("retry-after") }).toEqual({ status: 503, retry: "1" })
          expect(text).toContain("TokenReview")
          expect((await send(undefined, helpless)).status).toBe(401)
          expect(helpless.log() + text).not.toContain(token)
        } finally {
          await helpless.stop()
        }
      }
    })
  })

  /** What an account of peanut-system asked of the API server, as `verb resource`. */
  async function callsOf(account: string): Promise<readonly string[]> {
    // A line is written as its answer goes out.
    await sleep(100)
    const lines = readFileSync(world().controlPlane.auditLog, "utf8").trimEnd().split("\n")
    return lines.flatMap((line) => {
      if (!line.includes(`system:serviceaccount:peanut-system:${account}"`)) return []
      const { user, verb, objectRef } = JSON.parse(line)
      // The connection is opened with a call that is about no object.
      return user.username.endsWith(`:${account}`) && objectRef ? [`${verb} ${objectRef.resource}`] : []
    })
  }
  const reviewsOf = async (account: string) => (await callsOf(account)).filter((call) => call.endsWith("reviews"))
})

const linesOf = (server: PeanutServer): readonly Record<string, unknown>[] =>
  server
    .log()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))

interface KubernetesEvent {
  readonly reason: string
  readonly message: string
  readonly involvedObject: { readonly name: string }
  readonly source: { readonly component?: string }
}

interface LifecycleEvent {
  readonly id: string
  readonly type: string
  readonly subject?: string
  readonly traceparent?: string
  readonly data: {
    readonly execution: { readonly namespace: string; readonly name: string }
    readonly stage?: { name: string }
  }
}
