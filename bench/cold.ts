// node bench/cold.ts [rounds]: from no pod at all, an execution is created: how long until its first Job is there? On the
// cluster that KUBECONFIG names, with Peanut installed. The clock is this process's own: it starts before the request
// that creates the execution is sent, and stops when a watch shows the Job. (creationTimestamp is in whole seconds.)

import { setTimeout as sleep } from "node:timers/promises"
import { type ApiObject, startProxy } from "./api.ts"
import { publish, type Report } from "./report.ts"
import { median } from "./statistics.ts"

const targetMillis = 1200
const system = "peanut-system"
const namespace = `bench-${Date.now().toString(36)}`
const apiVersion = "pipeline.peanut.dev/v1alpha1"
const group = `/apis/${apiVersion}/namespaces/${namespace}`
const pods = `/api/v1/namespaces/${system}/pods?labelSelector=serving.knative.dev/service%3Dpeanut`

export async function coldReports(rounds = 5): Promise<readonly Report[]> {
  const api = await startProxy()
  try {
    await api.create("/api/v1/namespaces", { metadata: { name: namespace } })
    const stage = {
      apiVersion,
      kind: "PeanutStage",
      metadata: { name: "true" },
      spec: { image: "busybox", command: ["true"] },
    }
    await api.create(`${group}/peanutstages`, stage)
    const spec = { stages: [{ name: "only", type: "true" }] }
    await api.create(`${group}/peanutpipelines`, {
      apiVersion,
      kind: "PeanutPipeline",
      metadata: { name: "one" },
      spec,
    })

    const seen = new Map<string, number>()
    const first = (what: string, at: number) => seen.has(what) || seen.set(what, at)
    await api.watch(`/apis/batch/v1/namespaces/${namespace}/jobs`, ({ object, at }) => {
      first(`job of ${object.metadata.labels?.["pipeline.peanut.dev/execution"]}`, at)
    })
    await api.watch(pods, ({ object, at }) => {
      first("pod", at)
      if (object.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"))
        first("ready", at)
    })

    const measured: { pod: number; ready: number; job: number }[] = []
    for (let round = 1; round <= rounds; round++) {
      await untilZero(api)
      for (const what of ["pod", "ready"]) seen.delete(what)
      const name = `cold-${round}`
      const start = performance.now()
      await api.create(`${group}/peanutpipelineexecutions`, {
        apiVersion,
        kind: "PeanutPipelineExecution",
        metadata: { name },
        spec: { pipelineName: "one" },
      })
      const end = await untilSeen(`job of ${name}`)
      await untilSeen("ready")
      const millis = (what: string) => (seen.get(what) ?? Number.NaN) - start
      measured.push({ pod: millis("pod"), ready: millis("ready"), job: end - start })
    }
    return [report(measured)]

    async function untilSeen(what: string): Promise<number> {
      for (let i = 0; i < 6000; i++) {
        const at = seen.get(what)
        if (at !== undefined) return at
        await sleep(10)
      }
      throw new Error(`${what} was not seen in a minute`)
    }
  } finally {
    await api.remove(`/api/v1/namespaces/${namespace}`)
    api.stop()
  }
}

type Api = Awaited<ReturnType<typeof startProxy>>

function report(measured: readonly { readonly pod: number; readonly ready: number; readonly job: number }[]): Report {
  const of = (name: "pod" | "ready" | "job") => median(measured.map((figures) => figures[name]))
  return {
    title: "From zero pods to the first Job",
    columns: ["Round", "pod created ms", "pod ready ms", "first Job ms"],
    rows: [
      ...measured.map(({ pod, ready, job }, i) => [String(i + 1), pod, ready, job]),
      ["median", of("pod"), of("ready"), of("job")],
    ],
    notes: [],
    targets: [{ name: "First Job, median", measured: of("job"), atMost: targetMillis, unit: "ms", kind: "time" }],
  }
}

/** Until the controller has no pod, and had none for a while. */
async function untilZero(api: Api): Promise<void> {
  for (let empty = 0, i = 0; empty < 5; i++) {
    if (i > 300) throw new Error("the controller does not scale to zero")
    const { items } = await api.get<{ items: readonly ApiObject[] }>(pods)
    empty = items.length === 0 ? empty + 1 : 0
    await sleep(1000)
  }
}

if (import.meta.main) publish(await coldReports(Number(process.argv[2] ?? 5)))
