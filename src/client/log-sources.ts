// Whose logs to show: the pods of an execution's stages, found by what was computed for them.

import * as Effect from "effect/Effect"
import type { Pod } from "../api/job.ts"
import { stageContainerName } from "../api/stage.ts"
import { type Refused, resources, type Unavailable } from "../cluster/object-api.ts"
import { podTrouble } from "../execution/pod-trouble.ts"
import { jobName } from "../resources/job-name.ts"
import { combinationKey, executionKey, executionLabel, stageKey } from "../resources/labels.ts"
import type { Client } from "./client.ts"
import { Missing } from "./errors.ts"
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

export interface PodObject extends KubernetesObject {
  readonly status?: NonNullable<Pod["status"]>
}

/** The pods of these stages of the execution, in the order in which they were created. */
export const logSources = Effect.fnUntraced(function* (
  client: Client,
  execution: ExecutionObject,
  stages: ReadonlySet<string>,
  container = stageContainerName,
): Effect.fn.Return<readonly LogSource[], Missing | Refused | Unavailable> {
  const { name, namespace } = execution.metadata
  const labels = { [executionKey]: executionLabel(name) }
  const pods = yield* client.list<PodObject>(resources.pods, { namespace, labels })
  const jobs = jobNames(execution)
  const own = pods
    .filter(
      (pod) =>
        stages.has(stageOf(pod)) && jobs.has(ownerName(pod)) && pod.metadata.annotations?.[executionKey] === name,
    )
    .toSorted((a, b) => created(a).localeCompare(created(b)) || a.metadata.name.localeCompare(b.metadata.name))
  return yield* Effect.forEach(own, (pod) => sourceOf(pod, container))
})

const sourceOf = (pod: PodObject, container: string): Effect.Effect<LogSource, Missing> => {
  const { metadata, status } = pod
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  const found = statuses.find(({ name }) => name === container)
  if (found === undefined && statuses.length > 0) {
    const known = statuses.map(({ name }) => name).join(", ")
    const message = `pod ${metadata.name} has no container "${container}"; it has ${known}`
    return Effect.fail(new Missing({ kind: "container", name: container, message }))
  }
  return Effect.succeed({
    stage: stageOf(pod),
    combination: metadata.annotations?.[combinationKey],
    pod: { namespace: metadata.namespace, name: metadata.name },
    container,
    hasStarted: found?.state?.running != null || found?.state?.terminated != null,
    // A pod that failed before it started, such as one that was evicted, says so itself.
    trouble: podTrouble(pod as unknown as Pod) ?? (status?.message || undefined),
  })
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
