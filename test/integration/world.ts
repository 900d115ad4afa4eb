// Everything that a cluster with Peanut has, but for the nodes: the control plane, the CRDs and roles from this
// repository, the built server under its own service account, and the real adapter watching what the manifest says.

import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect } from "vitest"
import { type Execution, execution } from "../../src/api/execution.ts"
import type { Adapter } from "../control-plane/adapter.ts"
import type { ControlPlane } from "../control-plane/control-plane.ts"
import { useControlPlane } from "../control-plane/describe.ts"
import { install, watchedResources } from "../control-plane/installation.ts"
import { type Kubelet, startKubelet } from "../control-plane/kubelet.ts"
import { type PeanutServer, startServer } from "./server.ts"

export { install, watchedResources }

export const repository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

export interface World {
  readonly controlPlane: ControlPlane
  readonly kubelet: Kubelet
  /** The kubeconfig of the controller's service account. */
  readonly kubeconfig: string
  readonly server: PeanutServer
  readonly adapter: Adapter
}

/** Installs Peanut for all tests of the suite around it. */
export function useWorld(
  options: { readonly auditLog?: boolean; readonly settings?: () => Readonly<Record<string, string>> } = {},
): () => World {
  const controlPlane = useControlPlane(options)
  let world: World | undefined
  beforeAll(async () => {
    const plane = controlPlane()
    await install(plane)
    const kubelet = await startKubelet(plane)
    const kubeconfig = await plane.kubeconfigFor("peanut-system", "peanut")
    const server = await startServer(kubeconfig, options.settings?.())
    const adapter = await plane.startAdapter({ sink: server.url, resources: watchedResources() })
    world = { controlPlane: plane, kubelet, kubeconfig, server, adapter }
  }, 120_000)
  afterAll(async () => {
    await world?.server.stop()
    await world?.kubelet.stop()
    expect(world?.kubelet.errors).toEqual([])
  }, 30_000)
  return () => world!
}

export async function succeed(result: ReturnType<ControlPlane["kubectl"]>): Promise<string> {
  const { stdout, stderr, code } = await result
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  return stdout
}

/** Helpers for one namespace. */
export function inNamespace({ kubectl, api }: ControlPlane, namespace: string) {
  const executions = `/apis/pipeline.peanut.dev/v1alpha1/namespaces/${namespace}/peanutpipelineexecutions`
  const jobsPath = `/apis/batch/v1/namespaces/${namespace}/jobs`
  const read = async (name: string): Promise<Execution> => execution.parse(await api.get(`${executions}/${name}`))
  return {
    namespace,
    executions,
    jobsPath,
    read,
    apply: (...objects: readonly object[]) =>
      succeed(
        kubectl("apply", "-n", namespace, "-f", "-", { input: objects.map((o) => JSON.stringify(o)).join("\n") }),
      ),
    jobs: async () => (await api.get<{ items: readonly JobObject[] }>(jobsPath)).items,
    /** The phases of the stages, by name. */
    phases: async (name: string) =>
      Object.fromEntries((await read(name)).status?.stages?.map((stage) => [stage.name, stage.phase]) ?? []),
    /** Until a condition on the execution holds; fails with the execution as it is then. */
    until: (name: string, holds: (execution: Execution) => boolean, millis = 15_000) =>
      eventually(() => read(name), holds, millis),
    finished: (name: string, millis?: number) =>
      eventually(
        () => read(name),
        ({ status }) => status?.completionTime !== undefined,
        millis,
      ),
  }
}

export interface JobObject {
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
    readonly ownerReferences: readonly {
      readonly kind: string
      readonly name: string
      readonly uid: string
      readonly controller: boolean
    }[]
  }
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

/** Reads again and again until what is read is as wanted. */
export async function eventually<T>(read: () => Promise<T>, holds: (value: T) => boolean, millis = 15_000): Promise<T> {
  const end = Date.now() + millis
  while (true) {
    const value = await read()
    if (holds(value)) return value
    if (Date.now() > end) throw new Error(`not in ${millis} ms: ${JSON.stringify(value, null, 1)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const apiVersion = "pipeline.peanut.dev/v1alpha1"

/** A PeanutStage that runs a command; by the stub of the kubelet, a second lasts 10 ms. */
export const stage = (name: string, command: readonly string[], more: object = {}) => ({
  apiVersion,
  kind: "PeanutStage",
  metadata: { name },
  spec: { image: "busybox", command, ...more },
})

/** `pipeline("p", "a:true → b:false → c:true", ...)`: chains of stage:type. */
export const pipeline = (name: string, ...chains: readonly string[]) => {
  const stages = new Map<string, { name: string; type: string; dependsOn: string[] }>()
  for (const chain of chains) {
    let before: string | undefined
    for (const word of chain.split("→")) {
      const [stageName = "", type = ""] = word.trim().split(":")
      const stage = stages.get(stageName) ?? { name: stageName, type, dependsOn: [] }
      if (before !== undefined) stage.dependsOn.push(before)
      stages.set(stageName, stage)
      before = stageName
    }
  }
  return { apiVersion, kind: "PeanutPipeline", metadata: { name }, spec: { stages: [...stages.values()] } }
}

export const run = (name: string, pipelineName: string) => ({
  apiVersion,
  kind: "PeanutPipelineExecution",
  metadata: { name },
  spec: { pipelineName },
})
