// What a case is about, fixed before it begins: pipelines, runs of them, how each stage's program ends, how many replicas
// there are, and which faults may strike. New features of pipelines are added to `randomStages`, and to the oracle.

import type { PipelineStage } from "../../src/api/pipeline.ts"
import type { StageSpec } from "../../src/api/stage.ts"
import type { Choices } from "./choices.ts"

export interface Plan {
  readonly pipelines: readonly { readonly name: string; readonly stages: readonly PipelineStage[] }[]
  readonly executions: readonly { readonly name: string; readonly pipelineName: string }[]
  /** `execution/stage` of the programs that fail; all others succeed. */
  readonly failing: ReadonlySet<string>
  readonly replicas: number
  /** The faults of this case, each as a number below the count of faults: few kinds each time find more than all at once. */
  readonly faults: readonly number[]
  readonly steps: number
}

/** Names whose readable parts collide, and names that are traps for programs in JavaScript. */
const stageNames = ["a", "b", "c", "d", "a b", "a-b", "__proto__", "constructor"]
export const stageTypes = ["task", "other", "third"]
export const executionNames = ["run", "run-2", "run-3"]

export function randomPlan(choices: Choices, faultCount: number): Plan {
  const replicas = 1 + choices.below(3)
  const pipelines = Array.from({ length: 1 + (choices.oneIn(4) ? 1 : 0) }, (_, index) => ({
    name: ["web", "api"][index]!,
    stages: randomStages(choices),
  }))
  const executions = executionNames
    .slice(0, 1 + choices.below(choices.oneIn(3) ? 3 : 1))
    .map((name) => ({ name, pipelineName: choices.of(pipelines)!.name }))
  const failing = new Set<string>()
  for (const { name } of executions) {
    for (const stage of stageNames) if (choices.oneIn(6)) failing.add(`${name}/${stage}`)
  }
  const faults = Array.from({ length: choices.below(16) }, () => choices.below(faultCount))
  return { pipelines, executions, failing, replicas, faults, steps: 15 + choices.below(70) }
}

/** A graph of up to eight stages, in an order that need not be the one in which they run. */
export function randomStages(choices: Choices): PipelineStage[] {
  const names = stageNames.slice(0, 1 + choices.below(choices.oneIn(3) ? 8 : 4))
  const stages = names.map((name, index): PipelineStage => {
    const type = stageTypes[choices.below(stageTypes.length)]!
    const parents = Array.from({ length: index === 0 ? 0 : choices.below(3) }, () => names[choices.below(index)]!)
    return { name, type, ...(parents.length > 0 && { dependsOn: [...new Set(parents)] }) }
  })
  return choices.oneIn(3) ? stages.toReversed() : stages
}

/** What a stage of this type says in its nth version. */
export function stageSpec(type: string, version: number): StageSpec {
  return { image: `${type}:${version}` }
}
