// What truly happened, told from the changes of the objects alone: which Jobs ran, how they ended, who took them away, what
// people asked for, whose turn it was. The invariants compare with it what Peanut says.

import { isDeepStrictEqual } from "node:util"
import { type Execution, type ExecutionStatus, isFinished } from "../../src/api/execution.ts"
import type { Pipeline, PipelineSpec, PipelineStage } from "../../src/api/pipeline.ts"
import type { Change, StoredObject } from "../../src/cluster/memory/store.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { combinationKey, stageKey } from "../../src/resources/labels.ts"
import { combinationsOf } from "./combinations.ts"
import { hasCondition, isTracked, ownerUid } from "./objects.ts"
import type { Handling } from "./replica.ts"

/** A Job that Peanut created for a stage; times count the changes of the world. */
export interface JobFacts {
  readonly uid: string
  readonly name: string
  readonly stage: string
  /** Of a stage with a matrix: `m=1, n=3`. */
  readonly combination: string | undefined
  readonly execution: ExecutionFacts
  readonly image: string | undefined
  readonly args: readonly string[]
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
  /** When its pod was deleted, and with it what the stage had output. */
  podGoneAt?: number
  /** Somebody took its labels off; it is found only by its name, while its stage runs. */
  isHidden?: boolean
}

export interface ExecutionFacts {
  readonly uid: string
  readonly name: string
  readonly createdAt: number
  object: Execution
  cancelledAt?: number
  endedAt?: number
  goneAt?: number
  readonly jobs: JobFacts[]
  /** Tasks (a stage, or a combination of its matrix) whose Job was refused for good, or whose Job's name a stranger had. */
  readonly refused: Set<string>
  /** Whether at some time since its creation its pipeline could not have been run. */
  sawBrokenPipeline: boolean
  /** Whether at some time since its creation there was nothing that it could have repeated. */
  sawNothingToRepeat: boolean
  /** Whether at some time since its creation it was another one's turn. */
  sawAnother: boolean
  /** Whether it was ever suspended or cancelled, or on its way out. */
  wasHeld: boolean
  /** Of stages that it took over from the run that it repeats: that they succeeded, or which combinations did. */
  taken: ReadonlyMap<string, string>
  isPoisoned: boolean
  isGone: boolean
}

/** What the invariants are told of. */
export interface Witness {
  jobCreated(job: JobFacts, by: Handling | undefined): void
  statusWritten(execution: ExecutionFacts, before: ExecutionStatus | undefined, after: ExecutionStatus): void
  claimed(pipelineName: string, execution: ExecutionFacts, by: Handling | undefined): void
  executionDeleted(execution: ExecutionFacts, by: Handling | undefined): void
}

export class Ledger {
  readonly executions = new Map<string, ExecutionFacts>()
  readonly jobs = new Map<string, JobFacts>()
  /** What the program of each stage outputs as `k`. */
  readonly outputs: ReadonlyMap<string, string>
  /** Every spec that a pipeline or a stage ever had, by name. */
  readonly pipelineSpecs = new Map<string, PipelineSpec[]>()
  readonly stageSpecs = new Map<string, unknown[]>()
  /** Pipelines that were deleted at some time: turns are written into them, and go with them. */
  readonly deletedPipelines = new Set<string>()
  /** Whose turn it is, by the pipeline's name. */
  readonly turns = new Map<string, string>()
  readonly #present = { pipelines: new Map<string, Pipeline>(), stages: new Set<string>() }
  readonly #witness: Witness
  time = 0

  /** The latest time that it may be by any clock. */
  readonly latestMillis: () => number

  constructor(outputs: ReadonlyMap<string, string>, latestMillis: () => number, witness: Witness) {
    this.outputs = outputs
    this.latestMillis = latestMillis
    this.#witness = witness
  }

  /** Takes down a change, and who made it: a handling, or the world. */
  record({ type, resource, object }: Change, by: Handling | undefined): void {
    this.time++
    switch (resource) {
      case resources.executions:
        this.#execution(type, object, by)
        break
      case resources.jobs:
        this.#job(type, object, by)
        break
      case resources.pods:
        this.#pod(type, object)
        break
      case resources.pipelines:
        this.#pipeline(type, object, by)
        break
      case resources.stages:
        if (type === "delete") this.#present.stages.delete(object.metadata.name)
        else this.#present.stages.add(object.metadata.name)
        append(this.stageSpecs, object.metadata.name, object.spec)
        this.#lookAround()
    }
  }

  /** The runs that are still there and whose records nobody spoiled, nor those of the run that they repeat. */
  get sound(): ExecutionFacts[] {
    const poisoned = new Set([...this.executions.values()].flatMap((it) => (it.isPoisoned ? [it.name] : [])))
    return [...this.executions.values()].filter(
      ({ isGone, isPoisoned, object }) => !isGone && !isPoisoned && !poisoned.has(object.spec.rerunOf ?? ""),
    )
  }

  /** The executions of a pipeline that are there and may still do something. */
  unfinishedOf(pipelineName: string): ExecutionFacts[] {
    return [...this.executions.values()].filter(
      ({ isGone, object }) => !isGone && object.spec.pipelineName === pipelineName && isUnfinished(object),
    )
  }

  /** Executions that were cancelled after their status was last written. */
  unseenCancellations(): ExecutionFacts[] {
    return this.sound.filter(({ object: { spec, status, metadata } }) => {
      const isSeen = isFinished({ status }) || status?.observedGeneration === metadata.generation
      return spec.cancel === true && !isSeen
    })
  }

  #execution(type: Change["type"], object: StoredObject, by: Handling | undefined): void {
    const execution = object as unknown as Execution
    const facts = this.executions.get(object.metadata.uid) ?? this.#begin(execution)
    const before = facts.object.status
    facts.object = execution
    const { spec, status, metadata } = execution
    if (spec.cancel) facts.cancelledAt ??= this.time
    if (spec.cancel || spec.suspend || metadata.deletionTimestamp !== undefined) facts.wasHeld = true
    if (isFinished(execution)) facts.endedAt ??= this.time
    if (spec.rerunOf !== undefined && status?.snapshot !== undefined && before?.snapshot === undefined) {
      facts.taken = this.#takenBy(spec.rerunOf, status)
    }
    for (const job of facts.jobs) if (isNamed(job, status)) job.recordedAt ??= this.time
    if (type === "delete") {
      this.#witness.executionDeleted(facts, by)
      facts.isGone = true
      facts.goneAt = this.time
    } else if (!facts.isPoisoned && status !== undefined && !isDeepStrictEqual(before, status)) {
      this.#witness.statusWritten(facts, before, status)
    }
    this.#lookAround()
  }

  #begin(object: Execution): ExecutionFacts {
    const { uid, name } = object.metadata
    const facts: ExecutionFacts = {
      uid,
      name,
      createdAt: this.time,
      object,
      jobs: [],
      refused: new Set(),
      sawBrokenPipeline: false,
      sawNothingToRepeat: false,
      sawAnother: false,
      wasHeld: false,
      taken: new Map(),
      isPoisoned: false,
      isGone: false,
    }
    this.executions.set(uid, facts)
    return facts
  }

  /** Of the runs of that name, the one whose successes are those that are now taken over. */
  #takenBy(name: string, after: ExecutionStatus): ReadonlyMap<string, string> {
    const taken = [...this.executions.values()].filter((it) => it.name === name && !it.isPoisoned).map(successesOf)
    const claimed = (after.stages ?? []).filter(({ phase }) => phase === "Succeeded").map((stage) => stage.name)
    const same = taken.find((one) =>
      isDeepStrictEqual(
        [...one.keys()].filter((it) => one.get(it) === "S"),
        claimed,
      ),
    )
    return same ?? taken.at(-1) ?? new Map()
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
      known.isHidden ||= Object.keys(object.metadata.labels ?? {}).length === 0
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
    if (job !== undefined && type === "delete") job.podGoneAt ??= this.time
    if (job === undefined || type === "delete" || phase !== "Succeeded" || !isTracked(object)) return
    job.succeededAt ??= this.time
  }

  #pipeline(type: Change["type"], object: StoredObject, by: Handling | undefined): void {
    const pipeline = object as unknown as Pipeline
    const { name } = pipeline.metadata
    if (type === "delete") {
      this.#present.pipelines.delete(name)
      this.deletedPipelines.add(name)
      this.turns.delete(name)
    } else {
      this.#present.pipelines.set(name, pipeline)
      append(this.pipelineSpecs, name, pipeline.spec)
      const uid = pipeline.status?.activeExecution?.uid
      if (uid !== undefined && uid !== this.turns.get(name)) {
        this.turns.set(name, uid)
        const execution = this.executions.get(uid)
        if (execution !== undefined) this.#witness.claimed(name, execution, by)
      }
    }
    this.#lookAround()
  }

  /** What each execution that has not begun might see now, and rightly be refused or held for. */
  #lookAround(): void {
    for (const facts of this.executions.values()) {
      const { spec, status } = facts.object
      if (facts.isGone || status?.snapshot !== undefined) continue
      facts.sawBrokenPipeline ||= this.#isBroken(spec.pipelineName)
      facts.sawNothingToRepeat ||= spec.rerunOf !== undefined && !this.#isRepeatable(spec.rerunOf, spec.pipelineName)
      facts.sawAnother ||= this.unfinishedOf(spec.pipelineName).some(
        (other) =>
          other !== facts &&
          (other.object.status?.snapshot !== undefined || this.turns.get(spec.pipelineName) === other.uid),
      )
    }
  }

  /** A reader may see an old pipeline beside new stages, so every spec that the pipeline ever had must find its stages. */
  #isBroken(pipelineName: string): boolean {
    if (!this.#present.pipelines.has(pipelineName)) return true
    return this.pipelineSpecs
      .get(pipelineName)!
      .some(
        ({ stages, finally: atEnd = [] }) =>
          hasCycle(stages) || [...stages, ...atEnd].some(({ type }) => !this.#present.stages.has(type)),
      )
  }

  #isRepeatable(name: string, pipelineName: string): boolean {
    return [...this.executions.values()].some(({ isGone, name: own, object: { spec, status } }) => {
      const hasFailed = status?.phase === "Failed" || status?.phase === "Cancelled"
      return !isGone && own === name && spec.pipelineName === pipelineName && hasFailed && status.snapshot !== undefined
    })
  }
}

export const isUnfinished = (execution: Execution) =>
  !isFinished(execution) && execution.metadata.deletionTimestamp === undefined

/** Whether a status knows of a Job: by its name, or by a letter for its combination. */
function isNamed({ name, stage, combination }: JobFacts, status: ExecutionStatus | undefined): boolean {
  if (!Array.isArray(status?.stages)) return false
  const own = status.stages.find((it) => it.name === stage)
  if (own?.combinations === undefined) return own?.jobName === name
  const { stages, finally: atEnd = [] } = status.snapshot!
  const index = combinationsOf([...stages, ...atEnd].find((it) => it.name === stage)!).indexOf(combination)
  return own.combinations[index] !== "W"
}

/** The stages of the graph that succeeded, and of the others the combinations that did. */
function successesOf({ object: { status } }: ExecutionFacts): ReadonlyMap<string, string> {
  const graph = new Set(status?.snapshot?.stages.map(({ name }) => name))
  return new Map(
    (status?.stages ?? []).flatMap(({ name, phase, combinations }) => {
      if (!graph.has(name)) return []
      if (phase === "Succeeded") return [[name, "S"]]
      return combinations?.includes("S") ? [[name, combinations.replace(/[^S]/g, "W")]] : []
    }),
  )
}

/** Tells apart the Jobs of an execution. */
export const taskOf = (stage: string, combination: string | undefined) => JSON.stringify([stage, combination])

function factsOf(object: StoredObject, execution: ExecutionFacts, createdAt: number): JobFacts {
  const { uid, name, annotations = {} } = object.metadata
  const { template } = object.spec as {
    template?: { spec?: { containers?: readonly { image?: string; args?: readonly string[] }[] } }
  }
  const { image, args = [] } = template?.spec?.containers?.[0] ?? {}
  const [stage = "", combination] = [annotations[stageKey], annotations[combinationKey]]
  return { uid, name, stage, combination, execution, image, args, createdAt }
}

/** The execution (by UID) and the task that a Job to be created is for. */
export function createdFor(manifest: object): { readonly uid: string; readonly task: string } | undefined {
  const object = manifest as StoredObject
  const uid = ownerUid(object)
  const { [stageKey]: stage, [combinationKey]: combination } = object.metadata.annotations ?? {}
  return uid === undefined || stage === undefined ? undefined : { uid, task: taskOf(stage, combination) }
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
