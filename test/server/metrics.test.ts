// What /metrics says after a run, read as Prometheus reads it.

import { CloudEvent } from "cloudevents"
import * as Layer from "effect/Layer"
import { describe, expect, it } from "vitest"
import { sourceEvent } from "../../src/cluster/local/source.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { layerHttpSink } from "../../src/event-sink.ts"
import { namespace } from "../builders/objects.ts"
import { batch, binary, foreign, irrelevant } from "./events.ts"
import { counts, parseMetrics } from "./prometheus.ts"
import { type Served, serving } from "./serve.ts"
import { openSink } from "./sink.ts"

const push = new CloudEvent({ id: "42", type: "com.example.push", source: "/git/web" })

/** Runs `web` to its end, and sends what else there is. */
async function runAll({ post, store }: Served): Promise<void> {
  const path = `/namespaces/${namespace}/pipelines`
  await post(binary(push), `${path}/web`)
  await post(binary(push), `${path}/nope`)
  await post(binary(foreign))
  await post(binary(irrelevant))
  await post({ headers: {}, body: "{}" })
  await post(batch(push), `${path}/web`)
  const [job] = store.list(resources.jobs)
  const condition = { type: "Complete", status: "True", lastTransitionTime: "2026-01-01T00:00:09Z" }
  const ref = { namespace, name: job!.metadata.name }
  store.patch(resources.jobs, ref, { status: { conditions: [condition] } }, "status")
  const object = store.get(resources.jobs, ref)
  await post(binary(sourceEvent({ type: "update", resource: resources.jobs, object: object as never })))
}

describe("the metrics", () => {
  it("tell of a run in Prometheus' own format, under names and units as Prometheus wants them", async () => {
    const sink = await openSink()
    const text = await serving(
      async (served) => {
        await runAll(served)
        const answer = await fetch(`${served.url}/metrics`)
        expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/)
        return answer.text()
      },
      { layer: Layer.mergeAll(layerHttpSink(sink.url)) },
    )
    sink.close()
    const families = parseMetrics(text)

    expect(families.map(({ name, type }) => [name, type]).toSorted()).toEqual([
      ["peanut_events_total", "COUNTER"],
      ["peanut_executions_total", "COUNTER"],
      ["peanut_lifecycle_events_total", "COUNTER"],
      ["peanut_reconcile_duration_seconds", "HISTOGRAM"],
      ["peanut_stages_total", "COUNTER"],
    ])
    for (const { name, help, type } of families) {
      expect(name).toMatch(type === "COUNTER" ? /^peanut_[a-z_]+_total$/ : /^peanut_[a-z_]+_seconds$/)
      expect(help).toMatch(/^[A-Z].+\.$/)
    }
    expect(counts(families, "peanut_events_total")).toEqual({
      "Start done": 1,
      "Start refused": 1,
      "Unknown refused": 1,
      "Unread refused": 2,
      "None dropped": 1,
      "Execution done": 1,
    })
    expect(counts(families, "peanut_executions_total")).toEqual({ Started: 1, Succeeded: 1 })
    expect(counts(families, "peanut_stages_total")).toEqual({ Started: 1, Succeeded: 1 })
    expect(counts(families, "peanut_lifecycle_events_total")).toEqual({ delivered: 4 })

    const [duration] = families.find(({ type }) => type === "HISTOGRAM")!.metrics
    expect(Number(duration?.count)).toBe(2)
    expect(Number(duration?.sum)).toBeGreaterThan(0)
    expect(Number(duration?.sum)).toBeLessThan(2)
    const buckets = Object.entries(duration?.buckets ?? {}).toSorted(([a], [b]) => bound(a) - bound(b))
    expect(buckets.at(-1)).toEqual(["+Inf", "2"])
    for (const [i, [, count]] of buckets.entries()) {
      expect(Number(count)).toBeGreaterThanOrEqual(Number(buckets[i - 1]?.[1] ?? 0))
    }
  })

  it("have labels of few values: no name of anybody's object", () =>
    serving(async (served) => {
      for (let i = 0; i < 20; i++) {
        const path = `/namespaces/${namespace}/pipelines/nope-${i}`
        await served.post(binary(push.cloneWith({ id: `${i}`, type: `com.example.t${i}` })), path)
        await served.post(binary(foreign.cloneWith({ type: `com.example.t${i}` })))
      }
      const families = parseMetrics(await (await fetch(`${served.url}/metrics`)).text())
      const labels = families.flatMap(({ metrics }) => metrics.flatMap((metric) => Object.entries(metric.labels ?? {})))
      expect(new Set(labels.map(([name]) => name))).toEqual(new Set(["kind", "outcome", "phase"]))
      for (const [, value] of labels) expect(value).toMatch(/^[A-Za-z]+$/)
      expect(new Set(labels.map(([, value]) => value)).size).toBeLessThan(15)
    }))
})

const bound = (text: string) => (text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text))
