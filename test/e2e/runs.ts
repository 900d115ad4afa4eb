// Pipelines and their runs on a real cluster, and what must be true of every run that ended.

import { expect } from "vitest"
import type { Execution } from "../../src/api/execution.ts"
import { apply, eventually, get, type List, type PodObject } from "./cluster.ts"

const apiVersion = "pipeline.peanut.dev/v1alpha1"

/** A stage that takes so many seconds, and a pipeline of so many of them, one after the other, with more in its spec. */
export function chain(name: string, length: number, seconds: number, more: object = {}): readonly object[] {
  const stages = Array.from({ length }, (_, i) => ({
    name: `Stage ${i + 1}`,
    type: name,
    ...(i > 0 && { dependsOn: [`Stage ${i}`] }),
  }))
  return [
    {
      apiVersion,
      kind: "PeanutStage",
      metadata: { name },
      spec: { image: "busybox", command: ["sleep", String(seconds)] },
    },
    { apiVersion, kind: "PeanutPipeline", metadata: { name }, spec: { stages, ...more } },
  ]
}

export const run = (name: string, pipelineName: string) => ({
  apiVersion,
  kind: "PeanutPipelineExecution",
  metadata: { name },
  spec: { pipelineName },
})

/** Applies a chain and one run of it under the same name. */
export const startChain = (namespace: string, name: string, length: number, seconds: number) =>
  apply(namespace, ...chain(name, length, seconds), run(name, name))

export const readRun = (namespace: string, name: string) =>
  get<Execution>("peanutpipelineexecution", name, "-n", namespace)

/** Until a run is as wanted. */
export const until = (namespace: string, name: string, holds: (run: Execution) => boolean, seconds: number) =>
  eventually(() => readRun(namespace, name), holds, seconds)

export const hasEnded = ({ status }: Execution) => status?.completionTime !== undefined
export const succeeded = (run: Execution) =>
  run.status?.stages?.filter(({ phase }) => phase === "Succeeded").length ?? 0

interface JobObject {
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly ownerReferences?: readonly { readonly uid: string; readonly controller?: boolean }[]
    readonly annotations?: Readonly<Record<string, string>>
  }
}

/** That each run Succeeded, and each of its stages ran exactly once: one Job of its own, and one pod of that Job. */
export async function expectEachStageOnce(namespace: string, ...names: readonly string[]): Promise<void> {
  const [runs, jobs, pods] = await Promise.all([
    get<List<Execution>>("peanutpipelineexecutions", "-n", namespace),
    get<List<JobObject>>("jobs", "-n", namespace),
    get<List<PodObject>>("pods", "-n", namespace),
  ])
  const chosen = runs.items.filter(({ metadata }) => names.includes(metadata.name))
  expect(chosen).toHaveLength(names.length)
  for (const { metadata, status } of chosen) {
    expect({ name: metadata.name, phase: status?.phase }).toEqual({ name: metadata.name, phase: "Succeeded" })
    const own = jobs.items.filter((job) => job.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid))
    const stagesOfJobs = own.map((job) => job.metadata.annotations?.["pipeline.peanut.dev/stage"]).toSorted()
    expect(stagesOfJobs).toEqual(status?.stages?.map(({ name }) => name).toSorted())
    for (const job of own) {
      const its = pods.items.filter((pod) => pod.metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid))
      expect(its.map((pod) => pod.status.phase)).toEqual(["Succeeded"])
    }
    expectInOrder(status?.stages ?? [])
  }
}

/** Of a chain: no stage started before the one above it had ended. */
function expectInOrder(
  stages: readonly { readonly startTime?: string | undefined; readonly completionTime?: string | undefined }[],
): void {
  for (const [i, stage] of stages.entries()) {
    const above = stages[i - 1]
    if (above !== undefined)
      expect(Date.parse(stage.startTime!)).toBeGreaterThanOrEqual(Date.parse(above.completionTime!))
  }
}
