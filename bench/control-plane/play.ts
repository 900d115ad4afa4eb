// Plays executions from the first call to the last, and gathers what everybody did and used meanwhile.

import { setTimeout as sleep } from "node:timers/promises"
import { type Call, callsSince, endOf } from "./audit.ts"
import { Metrics } from "./metrics.ts"
import { execution, pipeline, type StageEntry, stage } from "./shapes.ts"
import { type Connections, cpuSeconds, peakMegabytes, watchConnections } from "./usage.ts"
import type { World } from "./world.ts"

export interface Plan {
  readonly namespace: string
  /** Pipelines by name, and how many executions of each begin at once. */
  readonly pipelines: Readonly<Record<string, { readonly stages: readonly StageEntry[]; readonly executions: number }>>
  /** More than this is a mistake, not a figure. */
  readonly minutes: number
}

export interface Played {
  readonly stages: number
  /** Of all actors, while it ran. */
  readonly calls: readonly Call[]
  /** From the first execution received to the last status written. */
  readonly seconds: number
  /** What the server counted meanwhile. */
  readonly metrics: Metrics
  /** What the API server counted meanwhile, of all its callers. */
  readonly apiServerMetrics: Metrics
  readonly cpuSeconds: Readonly<Record<string, number>>
  readonly peakMegabytes: number
  /** Of Peanut to the API server, and of the adapter to Peanut. */
  readonly connections: Connections
  readonly adapterConnections: Connections
}

const group = "/apis/pipeline.peanut.dev/v1alpha1/namespaces"

/** Creates the pipelines of a plan, and waits until nobody has anything to do with them any more. */
export async function prepare({ plane, server }: World, { namespace, pipelines }: Plan): Promise<void> {
  await plane.api.create(`${group}/${namespace}/peanutstages`, stage)
  for (const [name, { stages }] of Object.entries(pipelines)) {
    await plane.api.create(`${group}/${namespace}/peanutpipelines`, pipeline(name, stages))
  }
  await quiet(server().metrics, 60)
}

let runs = 0

export async function play(world: World, plan: Plan): Promise<Played> {
  const { plane, server, pids, apiServerPort } = world
  const names = Object.entries(plan.pipelines).flatMap(([name, { executions }]) =>
    Array.from({ length: executions }, (_, i) => ({ pipeline: name, name: `${name}-${runs}-${i}` })),
  )
  runs++
  const mark = endOf(plane.auditLog)
  const before = await counted(world)
  const connections = watchConnections(server().pid, apiServerPort)
  const adapterConnections = watchConnections(pids().adapter!, Number(new URL(server().url).port))

  await inTurns(32, names, ({ name, pipeline }) =>
    plane.api.create(`${group}/${plan.namespace}/peanutpipelineexecutions`, execution(name, pipeline)),
  )
  await finished(world, before.metrics, names.length, plan.minutes)
  await quiet(server().metrics, 60 * plan.minutes)

  const after = await counted(world)
  const calls = await callsSince(plane.auditLog, mark)
  const writes = calls.filter(({ resource }) => resource.startsWith("peanutpipelineexecutions"))
  const begins = writes.filter(({ verb }) => verb === "create").map(({ receivedMicros }) => receivedMicros)
  const ends = writes.filter(({ verb }) => verb === "patch").map(({ answeredMicros }) => answeredMicros)
  return {
    stages: Object.values(plan.pipelines).reduce((n, { stages, executions }) => n + stages.length * executions, 0),
    calls,
    seconds: (latest(ends) - earliest(begins)) / 1e6,
    metrics: after.metrics.since(before.metrics),
    apiServerMetrics: after.apiServerMetrics.since(before.apiServerMetrics),
    cpuSeconds: Object.fromEntries(
      Object.keys(pids()).map((name) => [name, after.cpuSeconds[name]! - before.cpuSeconds[name]!]),
    ),
    peakMegabytes: peakMegabytes(server().pid),
    connections: connections(),
    adapterConnections: adapterConnections(),
  }
}

const earliest = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
const latest = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)

async function counted({ server, plane, pids }: World) {
  return {
    metrics: await server().metrics(),
    apiServerMetrics: Metrics.parse(await plane.api.get<string>("/metrics")),
    cpuSeconds: Object.fromEntries(Object.entries(pids()).map(([name, pid]) => [name, cpuSeconds(pid)])),
  }
}

/** By the server's own count: to ask the API server for large executions would be a load of its own. */
async function finished({ server }: World, before: Metrics, count: number, minutes: number): Promise<void> {
  const deadline = performance.now() + minutes * 60_000
  while (true) {
    const metrics = (await server().metrics()).since(before)
    const ended = (phase: string | readonly string[]) => metrics.total("peanut_executions_total", { phase })
    if (ended(["Failed", "Cancelled"]) > 0) throw new Error("an execution did not succeed")
    if (ended("Succeeded") >= count) return
    if (performance.now() > deadline) {
      throw new Error(`only ${ended("Succeeded")} of ${count} executions ended in ${minutes} minutes`)
    }
    await sleep(250)
  }
}

/** Until no event came for a while: the Job controller tells of the last Jobs more than a second later. */
export async function quiet(metrics: () => Promise<Metrics>, seconds: number): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  for (let still = 0, last = -1; still < 8; ) {
    if (performance.now() > deadline) throw new Error(`events still come after ${seconds} s`)
    const events = (await metrics()).total("peanut_events_total")
    still = events === last ? still + 1 : 0
    last = events
    await sleep(250)
  }
}

/** Works on all of them, so many at a time. */
export async function inTurns<T>(
  atOnce: number,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = items.values()
  const worker = async () => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
