// A schedule starts executions by Knative's clock, and stops when it is removed.

import { setTimeout as sleep } from "node:timers/promises"
import { expect, it } from "vitest"
import type { Execution } from "../../src/api/execution.ts"
import type { Pipeline } from "../../src/api/pipeline.ts"
import { apply, eventually, get, type List, useNamespace } from "./cluster.ts"
import { chain, expectEachStageOnce, hasEnded, until } from "./runs.ts"

const namespace = useNamespace()
const name = "by-the-clock"

interface PingSourceObject {
  readonly spec: { readonly schedule: string; readonly sink: { readonly uri: string } }
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

const pingSources = async () => (await get<List<PingSourceObject>>("pingsources", "-n", namespace)).items
const executions = async () => (await get<List<Execution>>("peanutpipelineexecutions", "-n", namespace)).items
const scheduledCondition = async () =>
  (await get<Pipeline>("peanutpipeline", name, "-n", namespace)).status?.conditions?.find(
    ({ type }) => type === "Scheduled",
  )

/** The pipeline with these schedules. */
const scheduled = (...schedules: readonly object[]) =>
  chain(name, 1, 0).map((object) => {
    const { kind, spec, ...rest } = object as { kind: string; spec: object }
    const more = { params: [{ name: "env", default: "none" }], schedules }
    return { ...rest, kind, spec: kind === "PeanutPipeline" ? { ...spec, ...more } : spec }
  })

it("a schedule starts an execution with its parameters, within 90 s", async () => {
  const minutely = { name: "minutely", cron: "* * * * *", timeZone: "UTC" }
  await apply(namespace, ...scheduled({ ...minutely, params: [{ name: "env", value: "test" }] }))
  const ready = await eventually(
    pingSources,
    ([source]) =>
      source?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false,
    60,
  )
  expect(ready).toHaveLength(1)
  expect(ready[0]?.spec).toMatchObject({
    schedule: "* * * * *",
    sink: { uri: `/namespaces/${namespace}/pipelines/${name}` },
  })
  expect(await scheduledCondition()).toMatchObject({ status: "True", message: "1 schedule" })
  const [first] = await eventually(executions, (found) => found.length > 0, 90)
  expect(first!.spec).toEqual({ pipelineName: name, params: [{ name: "env", value: "test" }] })
  await until(namespace, first!.metadata.name, hasEnded, 60)
  await expectEachStageOnce(namespace, first!.metadata.name)
}, 240_000)

it("a cron that Knative would refuse is told by the pipeline, and its PingSource goes", async () => {
  await apply(namespace, ...scheduled({ name: "minutely", cron: "61 * * * *" }))
  await eventually(scheduledCondition, (condition) => condition?.message.includes('minute "61"') ?? false, 30)
  await eventually(pingSources, (found) => found.length === 0, 30)
}, 90_000)

it("a schedule that was removed starts nothing any more", async () => {
  await apply(namespace, ...scheduled({ name: "minutely", cron: "* * * * *" }))
  await eventually(pingSources, (found) => found.length === 1, 30)
  await apply(namespace, ...scheduled())
  await eventually(pingSources, (found) => found.length === 0, 30)
  // One that was on its way may still come.
  await sleep(5000)
  const before = (await executions()).length
  await sleep(65_000)
  expect(await executions()).toHaveLength(before)
}, 180_000)
