// node bench/cold.ts [rounds]: from no pod at all, an execution is created: how long until its first Job is there, and what
// takes the time? On the cluster that KUBECONFIG names, with Peanut installed, whose node is this machine: then all
// times are of one clock. It starts before the request that creates the execution is sent, and stops when a watch shows the
// Job. (creationTimestamp is in whole seconds.)

import { setTimeout as sleep } from "node:timers/promises"
import { type Api, startProxy } from "./api.ts"
import { Metrics } from "./control-plane/metrics.ts"
import { publish, type Report } from "./report.ts"
import { median } from "./statistics.ts"
import { controllerPods, systemPods, untilZero } from "./zero-pods.ts"

const targetMillis = 1000
const namespace = `bench-cold-${Date.now().toString(36)}`
const apiVersion = "pipeline.peanut.dev/v1alpha1"
const group = `/apis/${apiVersion}/namespaces/${namespace}`

/** Milliseconds since the execution was sent, in the order in which they come. */
interface Marks {
  readonly podCreated: number
  readonly scheduled: number
  readonly processStarted: number
  readonly listening: number
  readonly job: number
  /** How long the first look at the execution took, from its first call to its last. */
  readonly look: number
}

export async function coldReports(rounds = 5): Promise<readonly Report[]> {
  const api = await startProxy()
  try {
    await arrange(api)
    const seen = new Map<string, number>()
    const first = (what: string, at: number) => seen.has(what) || seen.set(what, at)
    let pod = ""
    await api.watch(`/apis/batch/v1/namespaces/${namespace}/jobs`, ({ object, at }) => {
      first(`job of ${object.metadata.labels?.["pipeline.peanut.dev/execution"]}`, at)
    })
    await api.watch(controllerPods, ({ object, at }) => {
      if (!seen.has("podCreated")) pod = object.metadata.name
      first("podCreated", at)
      if (object.spec?.nodeName !== undefined) first("scheduled", at)
    })
    const measured: Marks[] = []
    for (let round = 1; round <= rounds; round++) {
      await untilZero(api)
      for (const what of ["podCreated", "scheduled"]) seen.delete(what)
      const name = `cold-${round}`
      const start = performance.now()
      const spec = { pipelineName: "one" }
      const execution = { apiVersion, kind: "PeanutPipelineExecution", metadata: { name }, spec }
      await api.create(`${group}/peanutpipelineexecutions`, execution)
      const job = await until("the first Job", () => seen.get(`job of ${name}`))
      const look = await until("a first look", () => firstLook(api, pod))
      const began = await until("its log", () => beginOf(api, pod))
      // The process tells wall-clock time, of the same machine.
      const at = (wallMillis: number) => wallMillis - performance.timeOrigin - start
      measured.push({
        podCreated: seen.get("podCreated")! - start,
        scheduled: seen.get("scheduled")! - start,
        processStarted: at(began.listening - began.startMillis),
        listening: at(began.listening),
        job: job - start,
        look,
      })
    }
    return [report(measured)]
  } finally {
    await api.remove(`/api/v1/namespaces/${namespace}`)
    api.stop()
  }
}

async function arrange(api: Api): Promise<void> {
  await api.create("/api/v1/namespaces", { metadata: { name: namespace } })
  const object = (kind: string, name: string, spec: object) => ({ apiVersion, kind, metadata: { name }, spec })
  await api.create(`${group}/peanutstages`, object("PeanutStage", "true", { image: "busybox", command: ["true"] }))
  const stages = [{ name: "only", type: "true" }]
  await api.create(`${group}/peanutpipelines`, object("PeanutPipeline", "one", { stages }))
}

/** What the pod's process says of its start. */
async function beginOf(api: Api, pod: string) {
  const log = await api.text(`${systemPods}/${pod}/log?container=controller`).catch(() => "")
  const line = log.split("\n").find((line) => line.includes('"message":"listening"'))
  if (line === undefined) return undefined
  const { time, startMillis } = JSON.parse(line) as { time: string; startMillis: number }
  return { listening: Date.parse(time), startMillis }
}

async function firstLook(api: Api, pod: string): Promise<number | undefined> {
  const metrics = Metrics.parse(await api.text(`${systemPods}/http:${pod}:8080/proxy/metrics`).catch(() => ""))
  const looks = metrics.total("peanut_reconcile_duration_seconds_count")
  return looks > 0 ? (1000 * metrics.total("peanut_reconcile_duration_seconds_sum")) / looks : undefined
}

function report(measured: readonly Marks[]): Report {
  const row = (label: string, { podCreated, scheduled, processStarted, listening, job, look }: Marks) => [
    label,
    podCreated,
    scheduled - podCreated,
    processStarted - scheduled,
    listening - processStarted,
    job - listening,
    look,
    job,
  ]
  const of = (name: keyof Marks) => median(measured.map((marks) => marks[name]))
  const middle = Object.fromEntries(Object.keys(measured[0]!).map((name) => [name, of(name as keyof Marks)]))
  const columns = ["event → pod", "→ scheduled", "→ process", "→ listening", "→ first Job", "of it the look", "in all"]
  return {
    title: "From zero pods to the first Job, in milliseconds",
    columns: ["Round", ...columns],
    rows: [...measured.map((marks, i) => row(String(i + 1), marks)), row("medians", middle as unknown as Marks)],
    notes: [
      "Event → pod: the API server tells the source's adapter, which sends to the activator, which asks the autoscaler, which makes a pod. → process: the kubelet, the sandbox and three containers. → listening: Node.js and Peanut's modules. → first Job: queue-proxy's probe, the event on its way, and the look.",
      "The look: an average over the looks of the pod when it was asked, mostly one; the pipeline is read, the snapshot written, the Job created, the status written.",
    ],
    targets: [{ name: "First Job, median", measured: of("job"), atMost: targetMillis, unit: "ms", kind: "time" }],
  }
}

async function until<T>(what: string, get: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let i = 0; i < 6000; i++) {
    const value = await get()
    if (value !== undefined) return value
    await sleep(10)
  }
  throw new Error(`${what} was not seen in a minute`)
}

if (import.meta.main) publish(await coldReports(Number(process.argv[2] ?? 5)))
