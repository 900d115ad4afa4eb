// What truly happened, told from the changes of the objects alone: which Jobs ran, how they ended, who took them away, what
// people asked for. The invariants compare with it what Peanut says.

import { isDeepStrictEqual } from "node:util"
import type { Execution, ExecutionStatus } from "../../src/api/execution.ts"
import type { Pipeline, PipelineStage } from "../../src/api/pipeline.ts"
import type { Change, StoredObject } from "../../src/cluster/memory/store.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { stageKey } from "../../src/resources/labels.ts"
import { hasCondition, isTracked, ownerUid } from "./objects.ts"
import type { Handling } from "./replica.ts"

/** A Job that Peanut created for a stage; times count the changes of the world. */
export interface JobFacts {
  readonly uid: string
  readonly name: string
  readonly stage: string
  readonly execution: ExecutionFacts
  readonly image: string | undefined
  readonly createdAt: number
  succeededAt?: number
  failedAt?: number
  /** When the Job controller said that it is complete; its pod may have told so before. */
  completedAt?: number
  /** When its failure was certain, a moment before it was Failed. */
  failingAt?: number
  /** When it was told to stop. */
  stoppedAt?: number
  /** When a status first named it. */
  recordedAt?: number
  removedAt?: number
}

export interface ExecutionFacts {
  readonly uid: string
  readonly name: string
  readonly createdAt: number
  object: Execution
  cancelledAt?: number
  readonly jobs: JobFacts[]
  /** Stages whose Job was refused for good, or whose Job's name a stranger had. */
  readonly refused: Set<string>
  /** Whether at some time since its creation its pipeline could not have been run. */
  sawBrokenPipeline: boolean
  isPoisoned: boolean
  isGone: boolean
}

/** What the invariants are told of. */
export interface Witness {
  jobCreated(job: JobFacts, by: Handling | undefined): void
  statusWritten(execution: ExecutionFacts, before: ExecutionStatus | undefined, after: ExecutionStatus): void
}

export class Ledger {
  readonly executions = new Map<string, ExecutionFacts>()
  readonly jobs = new Map<string, JobFacts>()
  /** Every spec that a pipeline or a stage ever had, by name. */
  readonly pipelineSpecs = new Map<string, PipelineStage[][]>()
  readonly stageSpecs = new Map<string, unknown[]>()
  readonly #present = { pipelines: new Map<string, Pipeline>(), stages: new Set<string>() }
  readonly #witness: Witness
  time = 0

  constructor(witness: Witness) {
    this.#witness = witness
  }

  /** Takes down a change, and who made it: a handling, or the world. */
  record({ type, resource, object }: Change, by: Handling | undefined): void {
    this.time++
    switch (resource) {
      case resources.executions:
        this.#execution(type, object)
        break
      case resources.jobs:
        this.#job(type, object, by)
        break
      case resources.pods:
        this.#pod(type, object)
        break
      case resources.pipelines:
      case resources.stages:
        this.#definition(type, object)
    }
  }

  /** The runs that are still there and whose records nobody spoiled. */
  get sound(): ExecutionFacts[] {
    return [...this.executions.values()].filter(({ isGone, isPoisoned }) => !isGone && !isPoisoned)
  }

  #execution(type: Change["type"], object: StoredObject): void {
    const execution = object as unknown as Execution
    const { uid, name } = object.metadata
    const facts = this.executions.get(uid)
    if (facts === undefined) {
      this.executions.set(uid, {
        uid,
        name,
        createdAt: this.time,
        object: execution,
        jobs: [],
        refused: new Set(),
        sawBrokenPipeline: this.#isBroken(execution.spec.pipelineName),
        isPoisoned: false,
        isGone: false,
      })
      return
    }
    const before = facts.object.status
    facts.object = execution
    if (execution.spec.cancel) facts.cancelledAt ??= this.time
    for (const job of facts.jobs) {
      if (execution.status?.stages?.some?.(({ jobName }) => jobName === job.name)) job.recordedAt ??= this.time
    }
    if (type === "delete") facts.isGone = true
    else if (!facts.isPoisoned && execution.status !== undefined && !isDeepStrictEqual(before, execution.status)) {
      this.#witness.statusWritten(facts, before, execution.status)
    }
  }

  #job(type: Change["type"], object: StoredObject, by: Handling | undefined): void {
    const known = this.jobs.get(object.metadata.uid)
    if (type === "add") {
      const execution = this.executions.get(ownerUid(object) ?? "")
      if (by === undefined || execution === undefined) return
      const job = factsOf(object, execution, this.time)
      this.#witness.jobCreated(job, by)
      this.jobs.set(job.uid, job)
      execution.jobs.push(job)
    } else if (known !== undefined) {
      if (type === "delete") known.removedAt = this.time
      if (hasCondition(object, "Complete")) known.succeededAt ??= known.completedAt ??= this.time
      if (hasCondition(object, "FailureTarget")) known.failingAt ??= this.time
      if (hasCondition(object, "Failed")) known.failedAt ??= this.time
      const { activeDeadlineSeconds } = object.spec as { activeDeadlineSeconds?: number }
      if (activeDeadlineSeconds === 1) known.stoppedAt ??= this.time
    }
  }

  /** A pod that succeeded and is still tracked settles its Job's success, unless the Job had begun to fail. */
  #pod(type: Change["type"], object: StoredObject): void {
    const job = this.jobs.get(ownerUid(object) ?? "")
    const { phase } = (object.status ?? {}) as { phase?: string }
    if (job === undefined || type === "delete" || phase !== "Succeeded" || !isTracked(object)) return
    job.succeededAt ??= this.time
  }

  #definition(type: Change["type"], object: StoredObject): void {
    const { name } = object.metadata
    if (object.kind === "PeanutPipeline") {
      const pipeline = object as unknown as Pipeline
      if (type === "delete") this.#present.pipelines.delete(name)
      else this.#present.pipelines.set(name, pipeline)
      append(this.pipelineSpecs, name, pipeline.spec.stages)
    } else {
      if (type === "delete") this.#present.stages.delete(name)
      else this.#present.stages.add(name)
      append(this.stageSpecs, name, object.spec)
    }
    for (const facts of this.executions.values()) {
      facts.sawBrokenPipeline ||= this.#isBroken(facts.object.spec.pipelineName)
    }
  }

  /** A reader may see an old pipeline beside new stages, so every spec that the pipeline ever had must find its stages. */
  #isBroken(pipelineName: string): boolean {
    if (!this.#present.pipelines.has(pipelineName)) return true
    return this.pipelineSpecs
      .get(pipelineName)!
      .some((stages) => hasCycle(stages) || stages.some(({ type }) => !this.#present.stages.has(type)))
  }
}

function factsOf(object: StoredObject, execution: ExecutionFacts, createdAt: number): JobFacts {
  const { uid, name, annotations = {} } = object.metadata
  const { template } = object.spec as { template?: { spec?: { containers?: readonly { image?: string }[] } } }
  const image = template?.spec?.containers?.[0]?.image
  return { uid, name, stage: annotations[stageKey] ?? "", execution, image, createdAt }
}

/** The execution (by UID) and the stage that a Job to be created is for. */
export function createdFor(manifest: object): { readonly uid: string; readonly stage: string } | undefined {
  const object = manifest as StoredObject
  const uid = ownerUid(object)
  const stage = object.metadata.annotations?.[stageKey]
  return uid === undefined || stage === undefined ? undefined : { uid, stage }
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  if (!isDeepStrictEqual(list.at(-1), value)) list.push(value)
}

/** Whether stages wait for each other, found by taking away again and again those that wait for nothing. */
export function hasCycle(stages: readonly PipelineStage[]): boolean {
  let left = stages
  for (let size = -1; size !== left.length; ) {
    size = left.length
    const names = new Set(left.map(({ name }) => name))
    left = left.filter(({ dependsOn = [] }) => dependsOn.some((parent) => names.has(parent)))
  }
  return left.length > 0
}
