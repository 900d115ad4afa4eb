// Schedules on a real API server, with the rights that Peanut has: their PingSources come, change and go with the
// pipeline; and where Knative's kind is missing or refuses one, that is told.

import { CloudEvent } from "cloudevents"
import { beforeAll, expect, it } from "vitest"
import { type Pipeline, pipeline as pipelineKind } from "../../src/api/pipeline.ts"
import { pingSourceName } from "../../src/resources/ping-source.ts"
import { describeWithControlPlane } from "../control-plane/describe.ts"
import { pingSourceDefinition, refusal, refusedCron } from "./ping-source-definition.ts"
import { startServer } from "./server.ts"
import { eventually, inNamespace, pipeline, repository, stage, succeed, useWorld } from "./world.ts"

interface PingSourceObject {
  readonly metadata: { readonly name: string; readonly uid: string }
  readonly spec: { readonly schedule: string; readonly data: string; readonly sink: { readonly uri: string } }
}

describeWithControlPlane("schedules, on a real API server", () => {
  // The namespace that a pod's service account names is here the only one that is served.
  const namespace = "team"
  const world = useWorld({ settings: () => ({ K_SERVICE: "peanut", PEANUT_NAMESPACE: namespace }) })
  const team = () => inNamespace(world().controlPlane, namespace)
  const params = [{ name: "env", default: "none" }]

  const scheduled = (name: string, ...schedules: readonly object[]) => {
    const object = pipeline(name, "a:done")
    return { ...object, spec: { ...object.spec, params, schedules } }
  }
  const path = `/apis/sources.knative.dev/v1/namespaces/${namespace}/pingsources`
  const pingSources = async () =>
    (await world().controlPlane.api.get<{ items: readonly PingSourceObject[] }>(path)).items
  const read = async (name: string): Promise<Pipeline> =>
    pipelineKind.parse(
      await world().controlPlane.api.get(
        `/apis/pipeline.peanut.dev/v1alpha1/namespaces/${namespace}/peanutpipelines/${name}`,
      ),
    )
  const conditionOf = ({ status }: Pipeline) => status?.conditions?.find(({ type }) => type === "Scheduled")
  const until = (name: string, message: RegExp) =>
    eventually(
      () => read(name),
      (found) => message.test(conditionOf(found)?.message ?? ""),
    )
  const untilThere = (...crons: readonly string[]) =>
    eventually(pingSources, (found) =>
      isSame(
        found.map(({ spec }) => spec.schedule),
        crons,
      ),
    )
  const isSame = (a: readonly string[], b: readonly string[]) => a.toSorted().join("\n") === b.toSorted().join("\n")

  beforeAll(async () => {
    await world().controlPlane.createNamespace(namespace)
    await team().apply(stage("done", ["true"]))
  }, 30_000)

  it("say so where Knative's kind is not there; the pipeline is valid and runs", async () => {
    await team().apply(scheduled("early", { name: "nightly", cron: "0 3 * * *" }))
    const found = await until("early", /is Knative Eventing there\?/)
    expect(found.status?.conditions).toMatchObject([
      { type: "Valid", status: "True" },
      { type: "Scheduled", status: "False", reason: "NotScheduled" },
    ])
    const { kubectl } = world().controlPlane
    const events = () => succeed(kubectl("get", "events", "-n", namespace, "-o", "json"))
    const told = await eventually(events, (text) => text.includes("NotScheduled"))
    const items = (JSON.parse(told) as { items: { reason: string; type: string; involvedObject: object }[] }).items
    expect(items.filter(({ reason }) => reason === "NotScheduled")).toMatchObject([
      { type: "Warning", involvedObject: { kind: "PeanutPipeline", name: "early" } },
    ])
  })

  it("get their PingSource with the next resync, once the kind is there", async () => {
    const { kubectl } = world().controlPlane
    await succeed(kubectl("apply", "-f", "-", { input: JSON.stringify(pingSourceDefinition) }))
    await succeed(kubectl("wait", "--for=condition=Established", "crd/pingsources.sources.knative.dev"))
    await world().server.post(new CloudEvent({ type: "dev.knative.sources.ping", source: "/test" }))
    await until("early", /^1 schedule$/)
    await untilThere("0 3 * * *")
    await succeed(kubectl("delete", "peanutpipeline", "early", "-n", namespace))
    // The garbage collector looks for kinds that are new every thirty seconds.
    await eventually(pingSources, (found) => found.length === 0, 60_000)
  }, 90_000)

  it("have PingSources that are changed, removed and collected with what the pipeline says", async () => {
    const daily = {
      name: "daily",
      cron: "0 3 * * *",
      timeZone: "Europe/Berlin",
      params: [{ name: "env", value: "prod" }],
    }
    await team().apply(scheduled("web", daily, { name: "hourly", cron: "@hourly" }))
    await untilThere("0 3 * * *", "@hourly")
    const { metadata } = await until("web", /^2 schedules$/)
    const before = (await pingSources()).find(({ spec }) => spec.schedule === "0 3 * * *")!
    expect(before).toMatchObject({
      metadata: {
        name: pingSourceName(metadata, "daily"),
        ownerReferences: [{ kind: "PeanutPipeline", name: "web", uid: metadata.uid, controller: true }],
      },
      spec: {
        timezone: "Europe/Berlin",
        contentType: "application/json",
        data: '{"params":{"env":"prod"}}',
        sink: {
          ref: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "peanut", namespace },
          uri: `/namespaces/${namespace}/pipelines/web`,
        },
      },
    })

    const { timeZone: _, ...weekly } = { ...daily, cron: "@weekly" }
    await team().apply(scheduled("web", weekly))
    const [after] = await untilThere("@weekly")
    expect(after).toMatchObject({ metadata: { uid: before.metadata.uid } })
    expect(after?.spec).not.toHaveProperty("timezone")

    await team().apply(scheduled("web", { ...weekly, suspend: true }))
    await untilThere()
    await team().apply(scheduled("web", weekly))
    await untilThere("@weekly")
    await succeed(world().controlPlane.kubectl("delete", "peanutpipeline", "web", "-n", namespace))
    await untilThere()
  }, 60_000)

  it("say what Knative refuses, and what is wrong in advance", async () => {
    await team().apply(scheduled("refused", { name: "leap", cron: refusedCron }, { name: "hourly", cron: "@hourly" }))
    const { status } = await until("refused", /schedule "leap" starts nothing/)
    expect(status?.conditions?.[1]?.message).toContain(refusal)
    await untilThere("@hourly")
    await team().apply(scheduled("refused", { name: "leap", cron: "61 * * * *" }))
    const wrong = await until("refused", /minute "61"/)
    expect(wrong.status?.conditions?.[0]).toMatchObject({ type: "Valid", status: "False" })
    await untilThere()
  }, 30_000)

  it("start executions with their parameters, by the event that the PingSource sends", async () => {
    const hourly = { name: "hourly", cron: "@hourly", params: [{ name: "env", value: "prod" }] }
    await team().apply(scheduled("ticking", hourly))
    const [source] = await untilThere("@hourly")
    const headers = {
      "content-type": "application/json",
      "ce-specversion": "1.0",
      "ce-id": "7c5b0c1e-5a0c-4a0a-9d8f-0d6d2a6b7f10",
      "ce-type": "dev.knative.sources.ping",
      "ce-source": `/apis/v1/namespaces/${namespace}/pingsources/${source!.metadata.name}`,
    }
    const post = (body: string, more: object = {}) =>
      fetch(`${world().server.url}${source!.spec.sink.uri}`, { method: "POST", headers: { ...headers, ...more }, body })
    expect((await post(source!.spec.data)).status).toBe(202)
    const { items } = await world().controlPlane.api.get<{ items: { metadata: { name: string }; spec: object }[] }>(
      team().executions,
    )
    expect(items).toMatchObject([{ spec: { params: [{ name: "env", value: "prod" }] } }])
    const { status } = await team().finished(items[0]!.metadata.name)
    expect(status).toMatchObject({ phase: "Succeeded", snapshot: { params: { env: "prod" } } })
    // Somebody else in its name: what the schedule says starts, not what the event does.
    expect((await post('{"params":{"env":"forged"}}', { "ce-id": "2" })).status).toBe(202)
    const all = await world().controlPlane.api.get<{ items: { spec: object }[] }>(team().executions)
    expect(all.items.map(({ spec }) => spec)).toEqual(
      Array.from({ length: 2 }, () => ({ pipelineName: "ticking", params: [{ name: "env", value: "prod" }] })),
    )
    const source2 = `/apis/v1/namespaces/${namespace}/pingsources/another`
    const refused = await post('{"params":{"env":"forged"}}', { "ce-id": "3", "ce-source": source2 })
    expect({ status: refused.status, text: await refused.text() }).toEqual({
      status: 400,
      text: expect.stringMatching(/^pipeline "ticking" starts by no event/),
    })
  }, 30_000)

  it("start executions where tokens are asked for, without any right for the account of their PingSource", async () => {
    const { controlPlane } = world()
    const { api, kubectl } = controlPlane
    await team().apply(scheduled("guarded", { name: "hourly", cron: "@hourly" }, { name: "daily", cron: "@daily" }))
    const { metadata } = await until("guarded", /^2 schedules$/)
    const name = pingSourceName(metadata, "hourly")
    await succeed(kubectl("apply", "-f", repository("config/oidc/token-review.yaml")))
    for (const account of ["hourly-oidc", "stranger"]) {
      await api.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: account } })
    }
    const auth = JSON.stringify({ status: { auth: { serviceAccountName: "hourly-oidc" } } })
    await succeed(
      kubectl("patch", "pingsource", name, "-n", namespace, "--subresource=status", "--type=merge", "-p", auth),
    )
    const server = await startServer(await controlPlane.kubeconfigFor("peanut-system", "peanut"), {
      PEANUT_NAMESPACE: namespace,
      PEANUT_OIDC_AUDIENCE: "peanut",
      PEANUT_OIDC_SUBJECTS: "system:serviceaccount:peanut-system:nobody",
    })
    let posted = 0
    const post = async (account: string, source: string, type = "dev.knative.sources.ping") => {
      const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`
      const { status } = await api.create<{ status: { token: string } }>(path, { spec: { audiences: ["peanut"] } })
      const answer = await fetch(`${server.url}/namespaces/${namespace}/pipelines/guarded`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${status.token}`,
          "content-type": "application/json",
          "ce-specversion": "1.0",
          "ce-id": String(++posted),
          "ce-type": type,
          "ce-source": `/apis/v1/namespaces/${namespace}/pingsources/${source}`,
        },
        body: "{}",
      })
      return answer.status
    }
    try {
      expect(await post("stranger", name)).toBe(403)
      expect(await post("hourly-oidc", pingSourceName(metadata, "daily"))).toBe(403)
      expect(await post("hourly-oidc", name, "com.example.push")).toBe(403)
      expect(await post("hourly-oidc", name)).toBe(202)
    } finally {
      await server.stop()
    }
    const { items } = await api.get<{
      items: { metadata: { annotations?: Readonly<Record<string, string>> }; spec: { pipelineName: string } }[]
    }>(team().executions)
    expect(
      items
        .filter(({ spec }) => spec.pipelineName === "guarded")
        .map(({ metadata }) => metadata.annotations?.["pipeline.peanut.dev/started-by"]),
    ).toEqual(["schedule/hourly"])
  }, 60_000)
})
