// One soak from the first program started to the last one stopped: builds the scene, lets load and chaos run, brings
// everything home by resyncs, and judges.

import { setTimeout as sleep } from "node:timers/promises"
import { startControlPlane } from "../control-plane/control-plane.ts"
import { install, watchedResources } from "../control-plane/installation.ts"
import { startKubelet } from "../control-plane/kubelet.ts"
import { startEventRelay } from "../integration/fault-proxy-relay.ts"
import { startChaos } from "./chaos.ts"
import { watchExecutions } from "./execution-watch.ts"
import { startJobLedger } from "./job-ledger.ts"
import { startLoad } from "./load.ts"
import type { Times } from "./oracle.ts"
import { seededRandom } from "./seeded-random.ts"
import { startServers } from "./servers.ts"
import { createShapes } from "./shapes.ts"
import { judge, type Verdict } from "./verdict.ts"

/** As many executions at once; two cores are busy with them. */
const executionsAtOnce = 12

export async function play(loadMillis: number, seed: number): Promise<Verdict> {
  const random = seededRandom(seed)
  const plane = await startControlPlane()
  const closing: (() => unknown)[] = [() => plane.stop()]
  try {
    await install(plane)
    const namespace = await plane.createNamespace("soak")
    const kubelet = await startKubelet(plane)
    closing.push(() => kubelet.stop())
    const ledger = await startJobLedger(plane.api)
    closing.push(() => ledger.stop())
    const watch = await watchExecutions(plane.api)
    closing.push(() => watch.stop())
    const servers = await startServers(3, await plane.kubeconfigFor("peanut-system", "peanut"), plane.folder)
    closing.push(() => servers.stop())
    const relay = await startEventRelay(servers.urls)
    closing.push(() => relay.stop())
    const adapter = await plane.startAdapter({ sink: relay.url, resources: watchedResources() })
    const shapes = await createShapes(plane.api, namespace)

    const times: Times = (job) => {
      const run = kubelet.history.findLast((run) => run.job === job)
      return run && { startedAt: run.startedAt, finishedAt: run.finishedAt ?? Number.POSITIVE_INFINITY }
    }
    const load = startLoad({ api: plane.api, namespace, random, shapes, watch, ledger, times }, executionsAtOnce)
    const chaos = startChaos({ random, shapes, servers, adapter, sink: relay.url })
    await sleep(loadMillis / 3)
    const warm = await servers.memory()
    await sleep((loadMillis * 2) / 3)

    await chaos.end()
    await load.end(Date.now() + 60_000)
    const end = await servers.memory()
    return await judge({ plane, kubelet, ledger, watch, servers, relay, load, chaos, memory: { warm, end } })
  } finally {
    for (const close of closing.toReversed()) await close()
  }
}
