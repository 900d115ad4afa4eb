// A cluster with Peanut in it but for real nodes: the control plane with its audit log, KWOK as the node, Knative's
// adapter, and the built server under its own service account.

import buildBundle from "../../test/build.ts"
import { type ControlPlane, startControlPlane } from "../../test/control-plane/control-plane.ts"
import { install, watchedResources } from "../../test/control-plane/installation.ts"
import { freePort } from "../../test/control-plane/processes.ts"
import { ensureBenchPrograms, ensurePrograms, howToGetPrograms } from "../../test/control-plane/programs.ts"
import { type PodLife, startKwok } from "./kwok.ts"
import { type Server, startServer } from "./server.ts"

export interface World {
  readonly plane: ControlPlane
  readonly apiServerPort: number
  readonly server: () => Server
  /** A server that has done nothing yet, so that its peak of memory is that of what comes next. */
  readonly renewServer: (profileFolder?: string) => Promise<Server>
  /** Of all programs but the bench itself, by name. */
  readonly pids: () => Readonly<Record<string, number>>
  readonly stop: () => Promise<void>
}

export async function startWorld(life: PodLife): Promise<World> {
  const kwokFolder = (await ensurePrograms()) && (await ensureBenchPrograms())
  if (!kwokFolder) throw new Error(`there is no control plane for this bench: ${howToGetPrograms}, kwok`)
  buildBundle()
  const plane = await startControlPlane({ auditLog: true })
  try {
    await install(plane)
    const kwok = await startKwok(plane, kwokFolder, life)
    const kubeconfig = await plane.kubeconfigFor("peanut-system", "peanut")
    const options = { kubeconfig, port: await freePort(), folder: plane.folder }
    let server = await startServer(options)
    const adapter = await plane.startAdapter({ sink: server.url, resources: watchedResources() })
    return {
      plane,
      apiServerPort: Number(new URL(plane.server).port),
      server: () => server,
      renewServer: async (profileFolder) => {
        await server.stop()
        server = await startServer({ ...options, profileFolder })
        return server
      },
      pids: () => ({
        Peanut: server.pid,
        adapter: adapter.pid,
        "API server": plane.pidOf("kube-apiserver"),
        etcd: plane.pidOf("etcd"),
        "Job controller": plane.pidOf("kube-controller-manager"),
        KWOK: kwok.pid,
      }),
      stop: async () => {
        await server.stop()
        await kwok.stop()
        await plane.stop()
      },
    }
  } catch (error) {
    await plane.stop()
    throw error
  }
}

/** Runs the work in such a world, which ends with it, and at the latest after so many minutes. */
export async function inWorld<T>(life: PodLife, minutes: number, work: (world: World) => Promise<T>): Promise<T> {
  const world = await startWorld(life)
  const patience = setTimeout(() => {
    console.error(`the bench did not end in ${minutes} minutes`)
    process.exit(1) // The watchdog of the processes ends them.
  }, minutes * 60_000)
  try {
    return await work(world)
  } finally {
    clearTimeout(patience)
    await world.stop()
  }
}
