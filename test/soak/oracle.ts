// How an execution must have ended, from what its stages' commands say and from what was done to it. It knows nothing
// of Peanut's own code.

import type { CreatedJob } from "./job-ledger.ts"
import type { Shapes, Stage } from "./shapes.ts"

export interface ExecutionObject {
  readonly metadata: {
    readonly namespace: string
    readonly name: string
    readonly uid: string
    readonly resourceVersion: string
  }
  readonly spec: { readonly pipelineName: string }
  readonly status?: {
    readonly phase?: string
    readonly completionTime?: string
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[]
    readonly stages?: readonly StageState[]
    readonly snapshot?: {
      readonly stages: readonly Stage[]
      readonly stageSpecs: Readonly<Record<string, { readonly command?: readonly string[] }>>
    }
  }
}

export interface StageState {
  readonly name: string
  readonly phase: string
  readonly reason?: string
  readonly message?: string
  readonly jobName?: string
}

export interface Told {
  /** The point in the history of edits at which it was created. */
  readonly since: number
  readonly isCancelled: boolean
}

/** When the pods of a Job ran, in milliseconds. */
export type Times = (job: string) => { readonly startedAt: number; readonly finishedAt: number } | undefined

const terminal = ["Succeeded", "Failed", "Skipped", "Cancelled"]
export const isTerminal = (phase: string | undefined) => phase !== undefined && terminal.includes(phase)

/** What is wrong with an execution that has ended, in words. */
export function mistakes(
  { spec, status }: ExecutionObject,
  told: Told,
  jobs: readonly CreatedJob[],
  shapes: Shapes,
  times: Times,
): readonly string[] {
  const condition = status?.conditions?.find(({ type }) => type === "Succeeded")
  const invalid = { cycle: "PipelineInvalid", missing: "PipelineNotFound" }[spec.pipelineName]
  if (invalid !== undefined) {
    const isRight = status?.phase === "Failed" && condition?.reason === invalid && jobs.length === 0
    return isRight ? [] : [`must have failed as ${invalid} without a Job`]
  }
  const { snapshot, stages = [] } = status ?? {}
  if (snapshot === undefined) return ["ended without a snapshot"]
  const found: string[] = []
  const wasVersion = shapes.stagesSince(spec.pipelineName, told.since).some((v) => isSame(v, snapshot.stages))
  if (!wasVersion) found.push(`its snapshot is no version of pipeline ${spec.pipelineName} since it was created`)
  for (const [type, { command = [] }] of Object.entries(snapshot.stageSpecs)) {
    const wasCommand = shapes.commandsSince(type, told.since).some((v) => isSame(v, command))
    if (!wasCommand) found.push(`its snapshot has a command of stage ${type} that never was: ${command.join(" ")}`)
  }

  const right = rightPhases(snapshot.stages, (type) => snapshot.stageSpecs[type]?.command ?? [])
  const jobOf = new Map(jobs.map((job) => [job.stage, job.name]))
  for (const { name, phase, jobName, reason, message } of stages) {
    const expected = right.get(name)
    const isRight = phase === expected || (told.isCancelled && phase === "Cancelled")
    if (!isRight) found.push(`stage ${name} is ${phase} (${reason}: ${message}), but must be ${expected}`)
    const mustHaveJob = phase === "Succeeded" || phase === "Failed"
    if (mustHaveJob && jobName === undefined) found.push(`stage ${name} is ${phase} without a Job`)
    if (phase === "Skipped" && jobOf.has(name)) found.push(`stage ${name} was skipped and had Job ${jobOf.get(name)}`)
    if (jobName !== undefined && jobName !== jobOf.get(name))
      found.push(`stage ${name} names ${jobName}, which never was`)
  }
  if (stages.length !== snapshot.stages.length) found.push(`has ${stages.length} stages of ${snapshot.stages.length}`)
  found.push(...tooEarly(snapshot.stages, jobOf, times))

  const phases = new Set(stages.map(({ phase }) => phase))
  const phase = phases.has("Cancelled") ? "Cancelled" : phases.has("Failed") ? "Failed" : "Succeeded"
  if (status?.phase !== phase) found.push(`is ${status?.phase}, but its stages say ${phase}`)
  if (condition?.status !== (phase === "Succeeded" ? "True" : "False"))
    found.push(`says Succeeded=${condition?.status}`)
  return found
}

/** Where each stage ends that nobody disturbs; a held one only ends by being cancelled. */
function rightPhases(stages: readonly Stage[], commandOf: (type: string) => readonly string[]): Map<string, string> {
  const phases = new Map<string, string>()
  // A stage is settled once its parents are, so as many rounds as stages settle all.
  for (const _ of stages) {
    for (const { name, type, dependsOn = [] } of stages) {
      const parents = dependsOn.map((parent) => phases.get(parent))
      if (parents.every((phase) => phase === "Succeeded")) phases.set(name, endOf(commandOf(type)))
      else if (parents.some((phase) => phase === "Failed" || phase === "Skipped")) phases.set(name, "Skipped")
    }
  }
  return phases
}

function endOf(command: readonly string[]): string {
  if (command[0] === "hold") return "Cancelled"
  return command.join(" ").includes("exit") ? "Failed" : "Succeeded"
}

/** Stages whose pod ran before the pod of one they depend on had ended. */
function tooEarly(stages: readonly Stage[], jobOf: ReadonlyMap<string, string>, times: Times): readonly string[] {
  return stages.flatMap(({ name, dependsOn = [] }) =>
    dependsOn.flatMap((parent) => {
      const [child, before] = [times(jobOf.get(name) ?? ""), times(jobOf.get(parent) ?? "")]
      if (child === undefined || (before !== undefined && child.startedAt >= before.finishedAt)) return []
      return [`stage ${name} started before ${parent}, which it depends on, had ended`]
    }),
  )
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))

/** With the fields of objects in one order, as the API server need not keep ours. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  )
}
