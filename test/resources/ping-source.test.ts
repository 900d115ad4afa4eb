// The PingSource of a schedule, and when it has to be changed.

import { describe, expect, it } from "vitest"
import { pingSource } from "../../src/api/ping-source.ts"
import { type PipelineSchedule, pipeline } from "../../src/api/pipeline.ts"
import { isAsSaid, pingSourceName, pingSourcePatch, schedulePingSource } from "../../src/resources/ping-source.ts"
import { graph } from "../builders/graph.ts"

const metadata = { name: "web", namespace: "team", uid: "u1", resourceVersion: "1", creationTimestamp: "" }
const web = pipeline.parse({ metadata, spec: { stages: graph("a") } })
const service = { name: "peanut", namespace: "peanut-system" }
const nightly: PipelineSchedule = { name: "nightly", cron: " 0 3 * * * " }

describe("schedulePingSource", () => {
  it("posts the schedule's parameters to Peanut, at the path of the pipeline", () => {
    const schedule = { ...nightly, timeZone: "Europe/Berlin", params: [{ name: "env", value: 'a "test"' }] }
    expect(schedulePingSource(web, schedule, service)).toEqual({
      apiVersion: "sources.knative.dev/v1",
      kind: "PingSource",
      metadata: {
        name: expect.stringMatching(/^web-nightly-[0-9a-z]{13}$/),
        namespace: "team",
        labels: { "app.kubernetes.io/managed-by": "peanut" },
        annotations: { "pipeline.peanut.dev/pipeline": "web", "pipeline.peanut.dev/schedule": "nightly" },
        ownerReferences: [
          {
            apiVersion: "pipeline.peanut.dev/v1alpha1",
            kind: "PeanutPipeline",
            name: "web",
            uid: "u1",
            controller: true,
          },
        ],
      },
      spec: {
        schedule: "0 3 * * *",
        timezone: "Europe/Berlin",
        contentType: "application/json",
        data: '{"params":{"env":"a \\"test\\""}}',
        sink: {
          ref: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "peanut", namespace: "peanut-system" },
          uri: "/namespaces/team/pipelines/web",
        },
      },
    })
  })

  it("says nothing of what its schedule and service do not say, as the API server would not return it", () => {
    const { spec } = schedulePingSource(web, nightly, service)
    expect(Object.keys(spec)).toEqual(["schedule", "contentType", "data", "sink"])
    expect(Object.keys(spec.sink)).toEqual(["ref", "uri"])
    expect(spec.data).toBe('{"params":{}}')
  })

  it("asks for a token where senders must have one", () => {
    const { spec } = schedulePingSource(web, nightly, { ...service, audience: "peanut" })
    expect(spec.sink).toHaveProperty("audience", "peanut")
  })
})

describe("pingSourceName", () => {
  it("can be read: pipeline, schedule and a hash", () => {
    expect(pingSourceName({ name: "web.v1", uid: "u1" }, "nightly")).toMatch(/^web-v1-nightly-[0-9a-z]{13}$/)
  })

  it("is a valid name, and another for every pipeline and schedule", () => {
    const long = "p".repeat(253)
    const names = [
      pingSourceName({ name: "a", uid: "u1" }, "b-c"),
      pingSourceName({ name: "a-b", uid: "u1" }, "c"),
      pingSourceName({ name: "a", uid: "u2" }, "b-c"),
      pingSourceName({ name: long, uid: "u1" }, "s".repeat(63)),
      pingSourceName({ name: `${long.slice(1)}.`, uid: "u1" }, `${"s".repeat(62)}2`),
    ]
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
  })
})

describe("a PingSource", () => {
  // Made anew in each test, so that one that cannot be made fails a test and not the suite.
  const manifest = () => schedulePingSource(web, nightly, service)
  const found = (change: object, sinkChange: object = {}) => {
    const { spec } = manifest()
    const sink = { ...spec.sink, ...sinkChange }
    return pingSource.parse({ metadata: { ...metadata, resourceVersion: "7" }, spec: { ...spec, sink, ...change } })
  }

  it("is left as it is where it does what the schedule says, with whatever else somebody set", () => {
    expect(isAsSaid(found({}), manifest())).toBe(true)
    expect(isAsSaid(found({ ceOverrides: { extensions: { a: "b" } } }), manifest())).toBe(true)
    expect(isAsSaid(found({}, { CACerts: "x" }), manifest())).toBe(true)
  })

  it.each<[what: string, change: object, sinkChange?: object]>([
    ["cron", { schedule: "0 4 * * *" }],
    ["time zone", { timezone: "UTC" }],
    ["data", { data: "{}" }],
    ["encoded data", { dataBase64: "e30=" }],
    ["content type", { contentType: undefined }],
    ["path", {}, { uri: "/namespaces/other/pipelines/web" }],
    ["audience", {}, { audience: "other" }],
  ])("is changed where its %s differs, if nobody else wrote it meanwhile", (_, change, sinkChange) => {
    const { spec: before } = found(change, sinkChange)
    expect(isAsSaid(found(change, sinkChange), manifest())).toBe(false)
    const patch = pingSourcePatch(found(change, sinkChange), manifest())
    expect(patch.metadata).toEqual({ resourceVersion: "7" })
    // As it goes over the wire, where only null takes a field away.
    const { sink, ...rest } = JSON.parse(JSON.stringify(patch.spec))
    const merged = { ...before, ...rest, sink: { ...before.sink, ...sink } }
    const withoutNull = JSON.parse(JSON.stringify(merged, (_, value) => value ?? undefined))
    expect(withoutNull).toEqual(manifest().spec)
  })
})
