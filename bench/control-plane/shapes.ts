// The pipelines that are measured, by their form.

import { nodeName } from "./kwok.ts"

const apiVersion = "pipeline.peanut.dev/v1alpha1"

export interface StageEntry {
  readonly name: string
  readonly type: string
  readonly dependsOn?: readonly string[]
}

export const stageType = "true"

/** A stage whose pods KWOK plays. */
export const stage = {
  apiVersion,
  kind: "PeanutStage",
  metadata: { name: stageType },
  spec: {
    image: "busybox",
    command: ["true"],
    jobTemplate: { spec: { template: { spec: { nodeName, terminationGracePeriodSeconds: 0 } } } },
  },
}

export const pipeline = (name: string, stages: readonly StageEntry[]) => ({
  apiVersion,
  kind: "PeanutPipeline",
  metadata: { name },
  spec: { stages },
})

export const execution = (name: string, pipelineName: string) => ({
  apiVersion,
  kind: "PeanutPipelineExecution",
  metadata: { name },
  spec: { pipelineName },
})

const entry = (name: string, ...dependsOn: readonly string[]): StageEntry => ({
  name,
  type: stageType,
  ...(dependsOn.length > 0 && { dependsOn }),
})

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

/** One after the other. */
export const chain = (length: number): readonly StageEntry[] =>
  numbers(length).map((n) => (n === 1 ? entry("stage-1") : entry(`stage-${n}`, `stage-${n - 1}`)))

/** All at once. */
export const wide = (width: number): readonly StageEntry[] => numbers(width).map((n) => entry(`stage-${n}`))

/** One, then several at once, then one that waits for them all. */
export const diamond = (width: number): readonly StageEntry[] => {
  const middle = numbers(width).map((n) => `middle-${n}`)
  return [entry("top"), ...middle.map((name) => entry(name, "top")), entry("bottom", ...middle)]
}
