// node bench/resync.ts [executions ...]: what a resync takes where that many executions that ended are kept, 50 stages each. On a
// real API server, to which nobody else talks; the server is a new one for each number, so that its peak of memory is the resync's.

import buildBundle from "../test/build.ts"
import { type ControlPlane, startControlPlane } from "../test/control-plane/control-plane.ts"
import { install } from "../test/control-plane/installation.ts"
import { freePort } from "../test/control-plane/processes.ts"
import { ensurePrograms, howToGetPrograms } from "../test/control-plane/programs.ts"
import { deliver } from "./control-plane/deliver.ts"
import type { Metrics } from "./control-plane/metrics.ts"
import { inTurns } from "./control-plane/play.ts"
import { startServer } from "./control-plane/server.ts"
import { chain, execution, stage, stageType } from "./control-plane/shapes.ts"
import { cpuSeconds, peakMegabytes } from "./control-plane/usage.ts"
import { machineReport } from "./machine.ts"
import { publish, type Report } from "./report.ts"

const stagesEach = 50
const end = "2026-01-01T00:00:00Z"

export async function resyncReports(sizes: readonly number[] = [1000, 2000]): Promise<readonly Report[]> {
  if (!(await ensurePrograms())) throw new Error(`there is no API server for this bench: ${howToGetPrograms}`)
  buildBundle()
  const plane = await startControlPlane()
  try {
    await install(plane)
    const namespace = await plane.createNamespace("kept")
    const kubeconfig = await plane.kubeconfigFor("peanut-system", "peanut")
    const measured: Measured[] = []
    let there = 0
    for (const size of sizes) {
      await keep(plane, namespace, there, size)
      there = size
      measured.push({ size, ...(await resync(plane, kubeconfig)) })
      console.error(`${size} executions: ${measured.at(-1)!.seconds.toFixed(1)} s`)
    }
    return [report(measured)]
  } finally {
    await plane.stop()
  }
}

interface Resync {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly calls: number
  readonly megabytesRead: number
  readonly megabytesBefore: number
  readonly peakMegabytes: number
}
type Measured = Resync & { readonly size: number }

/** Creates executions that ended, numbered from `from` up to `to`. Nobody hears of them: no adapter runs. */
async function keep({ api }: ControlPlane, namespace: string, from: number, to: number): Promise<void> {
  const path = `/apis/pipeline.peanut.dev/v1alpha1/namespaces/${namespace}/peanutpipelineexecutions`
  const stages = chain(stagesEach)
  const status = {
    observedGeneration: 1,
    phase: "Succeeded",
    summary: `${stagesEach}/${stagesEach} succeeded`,
    startTime: end,
    completionTime: end,
    stages: stages.map(({ name }) => ({
      name,
      phase: "Succeeded",
      jobName: name,
      startTime: end,
      completionTime: end,
    })),
    snapshot: { pipelineGeneration: 1, stages, stageSpecs: { [stageType]: stage.spec } },
  }
  const numbers = Array.from({ length: to - from }, (_, i) => from + i)
  await inTurns(16, numbers, async (number) => {
    await api.create(path, execution(`kept-${number}`, "kept"))
    await api.patch(`${path}/kept-${number}/status`, { status }, "merge")
  })
}

async function resync(plane: ControlPlane, kubeconfig: string): Promise<Resync> {
  const server = await startServer({ kubeconfig, port: await freePort(), folder: plane.folder })
  try {
    const before = {
      cpu: cpuSeconds(server.pid),
      megabytes: peakMegabytes(server.pid),
      metrics: await server.metrics(),
    }
    const start = performance.now()
    await deliver(server.url, "dev.knative.sources.ping")
    const seconds = (performance.now() - start) / 1000
    const metrics: Metrics = (await server.metrics()).since(before.metrics)
    return {
      seconds,
      cpuSeconds: cpuSeconds(server.pid) - before.cpu,
      calls: metrics.total("peanut_api_requests_total"),
      megabytesRead: metrics.total("peanut_api_response_bytes_total") / 1e6,
      megabytesBefore: before.megabytes,
      peakMegabytes: peakMegabytes(server.pid),
    }
  } finally {
    await server.stop()
  }
}

function report(measured: readonly Measured[]): Report {
  return {
    title: `A resync with executions that ended, of ${stagesEach} stages each`,
    columns: ["executions", "s", "CPU s", "calls", "read MB", "MB before", "peak MB"],
    rows: measured.map((m) => [
      m.size,
      m.seconds,
      m.cpuSeconds,
      m.calls,
      m.megabytesRead,
      m.megabytesBefore,
      m.peakMegabytes,
    ]),
    notes: ["Executions come in pages of some 2 MB, and of each only what tells whether it is to be kept is held."],
    targets: [
      {
        // Half of what the service may take.
        name: "Peak of memory",
        measured: Math.max(...measured.map(({ peakMegabytes }) => peakMegabytes)),
        atMost: 256,
        unit: "MB",
        kind: "time",
      },
    ],
  }
}

if (import.meta.main) {
  const sizes = process.argv.slice(2).map(Number)
  publish([...(await resyncReports(sizes.length > 0 ? sizes : undefined)), machineReport()])
}
