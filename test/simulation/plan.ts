// What a case is about, fixed before it begins: pipelines, runs of them, how each stage's program ends and what it outputs,
// how many replicas there are, and which faults may strike. New features of pipelines are added to `randomSpec`, and to
// the oracle.

import type { FinallyStage, PipelineSpec, PipelineStage } from "../../src/api/pipeline.ts"
import type { StageSpec } from "../../src/api/stage.ts"
import type { Choices } from "./choices.ts"

export interface PlannedExecution {
  readonly name: string
  readonly pipelineName: string
  /** What else its spec says. */
  readonly spec: { readonly params?: readonly { readonly name: string; readonly value: string }[] }
}

export interface Plan {
  readonly pipelines: readonly { readonly name: string; readonly spec: PipelineSpec }[]
  readonly executions: readonly PlannedExecution[]
  /** `execution/stage` of the programs that fail (of a matrix, the last combination); all others succeed. */
  readonly failing: ReadonlySet<string>
  /** What the program of a stage outputs as `k`, in every run. */
  readonly outputs: ReadonlyMap<string, string>
  readonly replicas: number
  /** The faults of this case, each as a number below the count of faults: few kinds each time find more than all at once. */
  readonly faults: readonly number[]
  readonly steps: number
}

/** Names whose readable parts collide, and names that are traps for programs in JavaScript. */
const stageNames = ["a", "b", "c", "d", "a b", "a-b", "__proto__", "constructor"]
const finallyNames = ["z", "z z"]
export const stageTypes = ["task", "other", "third"]
export const executionNames = ["run", "run-2", "run-3"]

export function randomPlan(choices: Choices, faultCount: number): Plan {
  const replicas = 1 + choices.below(3)
  const pipelines = Array.from({ length: 1 + (choices.oneIn(4) ? 1 : 0) }, (_, index) => ({
    name: ["web", "api"][index]!,
    spec: randomSpec(choices),
  }))
  const isShared = pipelines.some(({ spec }) => spec.concurrencyPolicy !== undefined)
  const executions = executionNames
    .slice(0, 1 + choices.below(isShared || choices.oneIn(3) ? 3 : 1))
    .map((name) => ({ name, pipelineName: choices.of(pipelines)!.name, spec: randomRun(choices) }))
  const failing = new Set<string>()
  for (const { name } of executions) {
    for (const stage of [...stageNames, ...finallyNames]) if (choices.oneIn(6)) failing.add(`${name}/${stage}`)
  }
  const outputs = new Map<string, string>()
  for (const stage of stageNames) {
    const value = choices.of(["yes", "no", undefined])
    if (value !== undefined) outputs.set(stage, value)
  }
  const faults = Array.from({ length: choices.below(16) }, () => choices.below(faultCount))
  return { pipelines, executions, failing, outputs, replicas, faults, steps: 15 + choices.below(70) }
}

function randomRun(choices: Choices): PlannedExecution["spec"] & object {
  const suspend = choices.oneIn(12) ? { suspend: true } : {}
  const ttl = choices.oneIn(8) ? { ttlSecondsAfterFinished: 100 * choices.below(10) } : {}
  return choices.oneIn(4) ? { params: [{ name: "p", value: "no" }], ...suspend, ...ttl } : { ...suspend, ...ttl }
}

/** A pipeline; most have one or two of the features, few have many. */
export function randomSpec(choices: Choices, policy?: PipelineSpec["concurrencyPolicy"]): PipelineSpec {
  const stages = randomStages(choices)
  const atEnd = choices.oneIn(3) ? randomFinally(choices, stages) : undefined
  const isTakingTurns = choices.oneIn(3)
  const concurrencyPolicy = isTakingTurns ? choices.of(["Queue", "Forbid", "Replace"] as const) : policy
  return {
    params: [{ name: "p", default: "yes" }],
    stages,
    ...(atEnd && { finally: atEnd }),
    ...(choices.oneIn(5) && { failurePolicy: "FailFast" as const }),
    ...(choices.oneIn(5) && { maxParallel: 1 + choices.below(2) }),
    ...(concurrencyPolicy && { concurrencyPolicy }),
    ...(choices.oneIn(8) && { successfulExecutionsHistoryLimit: choices.below(2) }),
    ...(choices.oneIn(8) && { failedExecutionsHistoryLimit: choices.below(2) }),
  }
}

/** A graph of up to eight stages, in an order that need not be the one in which they run. */
function randomStages(choices: Choices): PipelineStage[] {
  const names = stageNames.slice(0, 1 + choices.below(choices.oneIn(3) ? 8 : 4))
  const isPlain = choices.oneIn(2)
  const stages: PipelineStage[] = []
  for (const [index, name] of names.entries()) {
    const type = stageTypes[choices.below(stageTypes.length)]!
    const parents = Array.from({ length: index === 0 ? 0 : choices.below(3) }, () => names[choices.below(index)]!)
    const dependsOn = parents.length > 0 ? { dependsOn: [...new Set(parents)] } : {}
    const above = stages.filter((stage) => parents.includes(stage.name))
    stages.push({ name, type, ...dependsOn, ...(isPlain ? {} : randomRules(choices, above)) })
  }
  return choices.oneIn(3) ? stages.toReversed() : stages
}

function randomRules(choices: Choices, above: readonly PipelineStage[]): Partial<PipelineStage> {
  const rule = above.length > 0 && choices.oneIn(3)
  return {
    ...(rule && { triggerRule: choices.of(["AnyFailed", "AllDone"] as const)! }),
    ...(choices.oneIn(6) && { onFailure: "Ignore" as const }),
    ...(choices.oneIn(10) && { approval: true }),
    ...randomData(choices, above),
  }
}

function randomFinally(choices: Choices, graph: readonly PipelineStage[]): FinallyStage[] {
  return finallyNames.slice(0, 1 + choices.below(2)).map((name) => ({
    name,
    type: stageTypes[choices.below(stageTypes.length)]!,
    ...(choices.oneIn(6) && { onFailure: "Ignore" as const }),
    ...randomData(choices, graph),
  }))
}

/** What a stage is given, by what it is asked whether to run, and how often it runs. */
function randomData(choices: Choices, above: readonly PipelineStage[]): Partial<FinallyStage> {
  const one = choices.of(above.filter(({ matrix }) => matrix === undefined))?.name
  const values = ["given", "$(params.p)", ...(one === undefined ? [] : [`$(stages['${one}'].outputs.k)`])]
  const asks = [
    "params.p == 'yes'",
    ...(one === undefined ? [] : [`stages['${one}'].phase == 'Succeeded'`, `stages['${one}'].outputs.k == 'yes'`]),
  ]
  const matrix = choices.oneIn(6)
    ? {
        matrix: [
          { name: "m", values: ["1", "2"] },
          ...(choices.oneIn(3) ? [{ name: "n", values: ["3", "$(params.p)"] }] : []),
        ],
        ...(choices.oneIn(3) && { maxParallel: 1 }),
      }
    : {}
  return {
    ...(choices.oneIn(4) && { params: [{ name: "x", value: choices.of(values)! }] }),
    ...(choices.oneIn(6) && { when: choices.of(asks)! }),
    ...matrix,
  }
}

/** What a stage of this type says in its nth version. */
export function stageSpec(type: string, version: number): StageSpec {
  const params = ["x", "m", "n"].map((name) => ({ name, default: "-" }))
  return { image: `${type}:${version}`, params, command: ["task"], args: params.map(({ name }) => `$(params.${name})`) }
}
