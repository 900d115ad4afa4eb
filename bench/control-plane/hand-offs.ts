// From the audit log, how long it took from a pod's success to the Job that waited for it.
//
// The log has no bodies at level Metadata, so that it does not say which patch of a pod's status was the one to
// Succeeded. But KWOK patches a pod exactly twice, to Running and to Succeeded (kwok.ts): the second is the one. A pod
// with any other number of patches is told as unclear. Which pod is of which Job, and which Job of which stage, is read
// from the objects when all is over. The clock starts as KWOK's patch is answered, when the change is in etcd and on
// its way to all who watch, and stops as the creation of the Job is answered.

import type { ControlPlane } from "../../test/control-plane/control-plane.ts"
import type { Call } from "./audit.ts"
import type { StageEntry } from "./shapes.ts"

export interface HandOffs {
  /** From the success of the last pod that a Job waited for to its creation. */
  readonly millis: readonly number[]
  /** The part of it before Peanut's first call: API server's watch, adapter, event, early drop. */
  readonly untilFirstCallMillis: readonly number[]
  /** Those that the log does not tell. */
  readonly unclear: number
}

interface Owned {
  readonly metadata: {
    readonly name: string
    readonly annotations?: Readonly<Record<string, string>>
    readonly labels?: Readonly<Record<string, string>>
    readonly ownerReferences?: readonly { readonly name: string; readonly controller?: boolean }[]
  }
}

export async function handOffs(
  { api }: ControlPlane,
  namespace: string,
  calls: readonly Call[],
  stagesOf: (execution: string) => readonly StageEntry[],
): Promise<HandOffs> {
  const selector = "labelSelector=app.kubernetes.io%2Fmanaged-by%3Dpeanut"
  const jobs = await api.get<{ items: readonly Owned[] }>(`/apis/batch/v1/namespaces/${namespace}/jobs?${selector}`)
  const pods = await api.get<{ items: readonly Owned[] }>(`/api/v1/namespaces/${namespace}/pods?${selector}`)
  const here = calls.filter((call) => call.namespace === namespace && call.code < 300)

  const patches = Map.groupBy(
    here.filter(({ actor, verb, resource }) => actor === "kwok" && verb === "patch" && resource === "pods/status"),
    ({ name }) => name,
  )
  const podOf = new Map(pods.items.map(({ metadata }) => [owner(metadata), metadata.name]))
  const succeededMicros = (job: string): number | undefined => {
    const ofPod = patches.get(podOf.get(job) ?? "") ?? []
    return ofPod.length === 2 ? Math.max(...ofPod.map(({ answeredMicros }) => answeredMicros)) : undefined
  }

  const own = here.filter(({ actor }) => actor === "peanut")
  const createdMicros = new Map(
    own.filter(isJobCreation).map(({ name, answeredMicros }) => [name, answeredMicros] as const),
  )
  const reads = Map.groupBy(
    own.filter(({ verb, resource }) => verb === "get" && resource === "peanutpipelineexecutions"),
    ({ name }) => name,
  )
  const jobOf = new Map(jobs.items.map(({ metadata }) => [`${owner(metadata)} ${stageOf(metadata)}`, metadata.name]))

  const found: { millis: number; untilFirstCallMillis: number }[] = []
  let unclear = 0
  for (const { metadata } of jobs.items) {
    const execution = owner(metadata)
    const created = createdMicros.get(metadata.name)
    // Jobs of another run in the same namespace.
    if (created === undefined) continue
    const { dependsOn = [] } = stagesOf(execution).find(({ name }) => name === stageOf(metadata)) ?? {}
    if (dependsOn.length === 0) continue
    const ends = dependsOn.map((name) => succeededMicros(jobOf.get(`${execution} ${name}`) ?? ""))
    if (ends.includes(undefined)) {
      unclear++
      continue
    }
    const end = Math.max(...(ends as number[]))
    const first = reads.get(execution)?.find(({ receivedMicros }) => receivedMicros >= end)?.receivedMicros
    found.push({
      millis: (created - end) / 1000,
      untilFirstCallMillis: first === undefined || first > created ? 0 : (first - end) / 1000,
    })
  }
  return {
    millis: found.map(({ millis }) => millis),
    untilFirstCallMillis: found.map(({ untilFirstCallMillis }) => untilFirstCallMillis),
    unclear,
  }
}

const isJobCreation = ({ verb, resource }: Call) => verb === "create" && resource === "jobs"

const owner = ({ ownerReferences = [] }: Owned["metadata"]) =>
  ownerReferences.find(({ controller }) => controller)?.name ?? ""

const stageOf = ({ annotations = {} }: Owned["metadata"]) => annotations["pipeline.peanut.dev/stage"] ?? ""
