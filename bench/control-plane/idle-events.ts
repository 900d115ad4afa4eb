// Events from which nothing can follow, sent when nothing else happens, so that whatever call the API server then sees
// is theirs. Their bodies are those of real objects of a run that is over, as they were on their way.

import type { Call } from "./audit.ts"
import { callsSince, endOf } from "./audit.ts"
import { deliver } from "./deliver.ts"
import { cpuSeconds } from "./usage.ts"
import type { World } from "./world.ts"

export interface IdleEvents {
  readonly sent: number
  readonly calls: number
  readonly cpuMillisPerEvent: number
}

interface Item {
  readonly metadata: Readonly<Record<string, unknown>>
  readonly spec: object
  readonly status: Readonly<Record<string, unknown>>
}

export async function sendIdleEvents({ plane, server }: World, namespace: string, rounds: number): Promise<IdleEvents> {
  const first = async (path: string) => (await plane.api.get<{ items: readonly Item[] }>(`${path}?limit=1`)).items[0]!
  const job = await first(`/apis/batch/v1/namespaces/${namespace}/jobs`)
  const pod = await first(`/api/v1/namespaces/${namespace}/pods`)
  const executions = `/apis/pipeline.peanut.dev/v1alpha1/namespaces/${namespace}/peanutpipelineexecutions`
  const execution = await first(executions)
  const now = new Date().toISOString()
  const running = [{ name: "stage", state: { running: { startedAt: now } } }]
  const started = { ...pod.metadata, creationTimestamp: now }
  const events = [
    { type: "add", data: { apiVersion: "batch/v1", kind: "Job", ...job, status: {} } },
    { type: "update", data: { apiVersion: "batch/v1", kind: "Job", ...job, status: { active: 1, ready: 1 } } },
    { type: "add", data: { apiVersion: "v1", kind: "Pod", ...pod, status: { phase: "Pending" } } },
    {
      type: "update",
      data: {
        apiVersion: "v1",
        kind: "Pod",
        ...pod,
        metadata: started,
        status: { phase: "Running", containerStatuses: running },
      },
    },
    { type: "delete", data: { apiVersion: "v1", kind: "Pod", ...pod } },
    { type: "update", data: execution },
  ]

  const mark = endOf(plane.auditLog)
  const before = cpuSeconds(server().pid)
  for (let round = 0; round < rounds; round++) {
    for (const { type, data } of events) await deliver(server().url, `dev.knative.apiserver.resource.${type}`, data)
  }
  const cpu = cpuSeconds(server().pid) - before
  // A line is written as its answer goes out.
  await new Promise((resolve) => setTimeout(resolve, 200))
  const isPeanuts = ({ actor }: Call) => actor === "peanut"
  const sent = rounds * events.length
  return {
    sent,
    calls: (await callsSince(plane.auditLog, mark)).filter(isPeanuts).length,
    cpuMillisPerEvent: (cpu * 1000) / sent,
  }
}
