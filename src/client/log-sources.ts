// Whose logs to show: the pods of an execution's stages, found by what was computed for them.

import type { Pod } from "../api/job.ts"
import { stageContainerName } from "../api/stage.ts"
import { resources } from "../cluster/object-api.ts"
import { podTrouble } from "../execution/pod-trouble.ts"
import { jobName } from "../resources/job-name.ts"
import { combinationKey, executionKey, executionLabel, stageKey } from "../resources/labels.ts"
import type { Client } from "./client.ts"
import { CommandError } from "./errors.ts"
import type { ExecutionObject, KubernetesObject } from "./objects.ts"

export interface LogSource {
  readonly stage: string
  /** Of a stage with a matrix, which of its Jobs it is, such as `os=linux`. */
  readonly combination: string | undefined
  readonly pod: { readonly namespace: string; readonly name: string }
  readonly container: string
  /** Whether there is a log; a container that waits to start has none. */
  readonly hasStarted: boolean
  /** Why it cannot start. */
  readonly trouble: string | undefined
}

interface PodObject extends KubernetesObject {
  readonly status?: NonNullable<Pod["status"]>
}

/** The pods of these stages of the execution, in the order in which they were created. */
export async function logSources(
  client: Client,
  execution: ExecutionObject,
  stages: ReadonlySet<string>,
  container = stageContainerName,
): Promise<readonly LogSource[]> {
  const { name, namespace } = execution.metadata
  const labels = { [executionKey]: executionLabel(name) }
  const pods = await client.list<PodObject>(resources.pods, { namespace, labels })
  const jobs = jobNames(execution)
  return pods
    .filter(
      (pod) =>
        stages.has(stageOf(pod)) && jobs.has(ownerName(pod)) && pod.metadata.annotations?.[executionKey] === name,
    )
    .toSorted((a, b) => created(a).localeCompare(created(b)) || a.metadata.name.localeCompare(b.metadata.name))
    .map((pod) => {
      const state = stateOf(pod, container)
      return {
        stage: stageOf(pod),
        combination: pod.metadata.annotations?.[combinationKey],
        pod: { namespace, name: pod.metadata.name },
        container,
        hasStarted: state?.running != null || state?.terminated != null,
        // A pod that failed before it started, such as one that was evicted, says so itself.
        trouble: podTrouble(pod as unknown as Pod) ?? (pod.status?.message || undefined),
      }
    })
}

function stateOf({ metadata, status }: PodObject, container: string) {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  const own = statuses.find(({ name }) => name === container)
  if (own !== undefined || statuses.length === 0) return own?.state
  const known = statuses.map(({ name }) => name).join(", ")
  throw new CommandError(`pod ${metadata.name} has no container "${container}"; it has ${known}`)
}

const stageOf = ({ metadata }: PodObject) => metadata.annotations?.[stageKey] ?? ""
const created = ({ metadata }: PodObject) => metadata.creationTimestamp
const ownerName = ({ metadata }: PodObject) => metadata.ownerReferences?.find((owner) => owner.controller)?.name ?? ""

/** The Jobs of this very execution: their names tell it from one of the same name that was deleted. */
function jobNames({ metadata, status }: ExecutionObject): ReadonlySet<string> {
  return new Set(
    (status?.stages ?? []).flatMap(({ name, combinations = " " }) =>
      Array.from(combinations, (_, index) => jobName(metadata, name, index)),
    ),
  )
}
