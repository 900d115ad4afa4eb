// A cluster in which every call of Peanut's server goes through the fault proxy, and what it tells the event source is
// written down. Each case has one run in a namespace of its own, whose events wait for no other's.

import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { CloudEvent } from "cloudevents"
import { afterAll, beforeAll, expect } from "vitest"
import { parseAllDocuments } from "yaml"
import { type Execution, isFinished } from "../../src/api/execution.ts"
import type { ControlPlane } from "../control-plane/control-plane.ts"
import { useControlPlane } from "../control-plane/describe.ts"
import { startKubelet } from "../control-plane/kubelet.ts"
import { startJobLedger } from "../soak/job-ledger.ts"
import { startFaultProxy } from "./fault-proxy.ts"
import { startEventRelay } from "./fault-proxy-relay.ts"
import { startServer } from "./server.ts"
import { inNamespace, install, pipeline, repository, run, stage, watchedResources } from "./world.ts"

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
}

/** What a namespace can run: the sample; or less of it, with a stage that fails. */
const plays = {
  sample: parseAllDocuments(readFileSync(repository("config/samples/sample.yaml"), "utf8")).map(
    (document) => document.toJS() as Manifest,
  ),
  failing: [
    stage("quick", ["true"]),
    stage("broken", ["sh", "-c", "exit 3"]),
    pipeline("failing", "Second:quick → Third:quick → Fifth:quick", "Second → Fourth:broken → Fifth"),
    run("failing", "failing"),
  ] as readonly Manifest[],
  held: [stage("held", ["hold"]), pipeline("held", "a:held"), run("held", "held")] as readonly Manifest[],
}
type Play = keyof typeof plays

/** All of a run that must be the same whatever happened on the way: no times, no hashes. */
export interface End {
  readonly status: object
  /** How many Jobs each stage ever had. */
  readonly jobs: Readonly<Record<string, number>>
}

export type FaultyWorld = Awaited<ReturnType<typeof build>>

/** One adapter sends the events of a group of namespaces. */
export function useFaultyWorld(groups: readonly (readonly string[])[]): () => FaultyWorld {
  const controlPlane = useControlPlane()
  let world: FaultyWorld | undefined
  beforeAll(async () => {
    world = await build(controlPlane(), groups)
  }, 120_000)
  afterAll(async () => {
    await world?.stop()
    expect(world?.kubelet.errors).toEqual([])
  }, 30_000)
  return () => world!
}

async function build(plane: ControlPlane, groups: readonly (readonly string[])[]) {
  await install(plane)
  await Promise.all(groups.flat().map((name) => plane.createNamespace(name)))
  const kubelet = await startKubelet(plane)
  const ledger = await startJobLedger(plane.api)
  const proxy = await startFaultProxy(plane)
  const server = await startServer(proxy.kubeconfig(await plane.kubeconfigFor("peanut-system", "peanut")))
  const relay = await startEventRelay(() => [server.url])
  // A namespace that is named is watched by itself, so one that is held up holds up no other; several adapters, as one
  // opens but some fifteen watches a second.
  const adapters = await Promise.all(
    groups.map((namespaces) => plane.startAdapter({ sink: relay.url, resources: watchedResources(), namespaces })),
  )

  const path = (namespace: string, kind: string) =>
    `/apis/pipeline.peanut.dev/v1alpha1/namespaces/${namespace}/${kind.toLowerCase()}s`
  const read = async (namespace: string): Promise<Execution> => {
    const list = await plane.api.get<{ items: Execution[] }>(path(namespace, "PeanutPipelineExecution"))
    return list.items[0]!
  }
  const end = async (namespace: string): Promise<End> => {
    const { metadata, status } = await read(namespace)
    const jobs = Map.groupBy(
      ledger.created().filter(({ owner }) => owner === metadata.uid),
      ({ stage }) => stage,
    )
    return {
      status: endOf(status),
      jobs: Object.fromEntries([...jobs].map(([stage, created]) => [stage, created.length])),
    }
  }

  return {
    kubelet,
    proxy,
    server,
    relay,
    jobs: (namespace: string) => inNamespace(plane, namespace).jobs(),
    edit: async (namespace: string, spec: object) => {
      const { name } = (await read(namespace)).metadata
      await plane.api.patch(`${path(namespace, "PeanutPipelineExecution")}/${name}`, { spec }, "merge")
    },
    isFinished: async (namespace: string) => isFinished(await read(namespace)),
    begin: async (namespace: string, play: Play) => {
      for (const object of plays[play]) await plane.api.create(path(namespace, object.kind), object)
    },
    /** Until the run of a namespace has ended; how it did, or where it stands when the time is up. */
    finish: async (namespace: string, millis = 90_000): Promise<End> => {
      const deadline = Date.now() + millis
      while (!isFinished(await read(namespace)) && Date.now() < deadline) await sleep(500)
      return end(namespace)
    },
    /** The adapter of a group goes, and comes again: events that it has not delivered by then are lost. */
    restartAdapter: (group: number) => adapters[group]!.restart(),
    /** What a PingSource sends every few minutes. */
    resync: () => server.post(new CloudEvent({ type: "dev.knative.sources.ping", source: "/test" })),
    stop: async () => {
      await Promise.all(adapters.map((adapter) => adapter.stop()))
      relay.stop()
      await server.stop()
      await proxy.stop()
      await ledger.stop()
      await kubelet.stop()
    },
  }
}

function endOf(status: Execution["status"]): object {
  return {
    phase: status?.phase,
    summary: status?.summary,
    conditions: status?.conditions?.map(({ type, status, reason, message }) => ({ type, status, reason, message })),
    stages: status?.stages?.map(({ name, phase, reason, message, jobName }) => ({
      name,
      phase,
      reason,
      message,
      hasJob: jobName !== undefined,
    })),
  }
}
