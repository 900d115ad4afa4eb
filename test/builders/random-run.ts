// A random walk of one run: Jobs end, fail or vanish, replicas write late or not at all, somebody suspends or cancels.
// It keeps a ledger of what truly happened, so that a property need not trust what the core says of itself.

import fc from "fast-check"
import { type ExecutionStatus, isFinished, type Snapshot } from "../../src/api/execution.ts"
import { isJobFinished, type Job, type Pod } from "../../src/api/job.ts"
import type { PipelineStage } from "../../src/api/pipeline.ts"
import { triggerRules } from "../../src/api/stage-entry.ts"
import type { AcceptedExecution } from "../../src/execution/accept.ts"
import { type Advance, advance, type Observed } from "../../src/execution/advance.ts"
import { countCombinations } from "../../src/execution/matrix.ts"
import { jobName } from "../../src/resources/job-name.ts"
import { accepted, jobFrom, jobStatus, pod } from "./objects.ts"
import { stageOf, written } from "./observed.ts"

export const dag: fc.Arbitrary<PipelineStage[]> = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 10 })
  .map((rows) =>
    rows.map((picks, index) => {
      const dependsOn = index === 0 ? [] : [...new Set(picks.map((pick) => `s${pick % index}`))]
      return { name: `s${index}`, type: "task", ...(dependsOn.length > 0 && { dependsOn }) }
    }),
  )
  .chain((stages) => fc.shuffledSubarray(stages, { minLength: stages.length }))

/** Stages with rules, ignored failures and matrices; and what a pipeline says of the whole run. */
export const richPipeline: fc.Arbitrary<{
  readonly stages: PipelineStage[]
  readonly snapshot: Partial<Snapshot>
}> = fc
  .tuple(
    dag,
    fc.array(
      fc.record({
        triggerRule: fc.option(fc.constantFrom(...triggerRules), { nil: undefined }),
        onFailure: fc.option(fc.constant("Ignore" as const), { nil: undefined, freq: 3 }),
        jobs: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 3 }),
        maxParallel: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
      }),
      { minLength: 12, maxLength: 12 },
    ),
    fc.record({
      failurePolicy: fc.option(fc.constantFrom("FailFast" as const, "ContinueBranches" as const), { nil: undefined }),
      maxParallel: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      atEnd: fc.nat(2),
    }),
  )
  .map(([stages, entries, { failurePolicy, maxParallel, atEnd }]) => {
    const enrich = <S extends PipelineStage>(stage: S, index: number): S => {
      const { triggerRule, onFailure, jobs, maxParallel: own } = entries[index]!
      const matrix = jobs && [{ name: "n", values: Array.from({ length: jobs }, String) }]
      return {
        ...stage,
        ...(triggerRule && stage.dependsOn && { triggerRule }),
        ...(onFailure && { onFailure }),
        ...(matrix && { matrix, ...(own && { maxParallel: own }) }),
      }
    }
    const last = Array.from({ length: atEnd }, (_, index) => enrich({ name: `z${index}`, type: "task" }, 10 + index))
    return {
      stages: stages.map(enrich),
      snapshot: {
        ...(failurePolicy && { failurePolicy }),
        ...(maxParallel && { maxParallel }),
        ...(last.length > 0 && { finally: last }),
      },
    }
  })

export type Action =
  | { readonly does: "complete" | "fail" | "podSucceeds" | "delete"; readonly stage: number; readonly index?: number }
  | { readonly does: "suspend" | "resume" | "cancel" }
  /** A step whose Jobs are created and whose status is written; or lost, as when a replica crashes in between. */
  | { readonly does: "step"; readonly loses: "nothing" | "status" | "jobs" }

const step = fc.record({
  does: fc.constant("step" as const),
  loses: fc.constantFrom("nothing" as const, "nothing" as const, "status" as const, "jobs" as const),
})

/** What happens to one of the Jobs of the stage of this index, if it has one. */
const jobEvent = (...does: readonly ("complete" | "fail" | "podSucceeds" | "delete")[]) =>
  fc.record({ does: fc.constantFrom(...does), stage: fc.nat(11), index: fc.nat(3) })

/** Mostly steps and good ends, so that walks get far. */
export const walk = (...rare: readonly ("suspend" | "resume" | "cancel")[]): fc.Arbitrary<Action[]> =>
  fc.array(
    fc.oneof(
      { weight: 5, arbitrary: step },
      { weight: 5, arbitrary: jobEvent("complete", "complete", "podSucceeds", "fail", "delete") },
      ...(rare.length > 0 ? [{ weight: 1, arbitrary: fc.record({ does: fc.constantFrom(...rare) }) }] : []),
    ),
    { minLength: 10, maxLength: 60 },
  )

export class RandomRun {
  /** Those of the graph; and with them those of `finally`. */
  readonly stages: readonly PipelineStage[]
  readonly all: readonly PipelineStage[]
  execution: AcceptedExecution
  readonly jobs = new Map<string, Job>()
  readonly pods = new Map<string, Pod[]>()
  /** How each Job truly ended, by itself or its pod; the first end counts. By stage, from the second of a matrix on `s#1`. */
  readonly truth = new Map<string, "Succeeded" | "Failed">()
  /** Whether a Job was ever deleted by hand. */
  hasLostJobs = false
  #minutes = 0

  constructor(stages: readonly PipelineStage[], snapshot: Partial<Snapshot> = {}) {
    this.stages = stages
    this.all = [...stages, ...(snapshot.finally ?? [])]
    this.execution = accepted({ graph: [...stages], snapshot })
  }

  get status(): ExecutionStatus {
    return this.execution.status
  }

  observed(): Observed {
    return { execution: this.execution, jobs: new Map(this.jobs), pods: new Map(this.pods), refusals: new Map() }
  }

  /** Does what the action says and returns the steps it took, with the observation of each. */
  act(action: Action): readonly { readonly seen: Observed; readonly next: Advance }[] {
    switch (action.does) {
      case "step":
        return this.#step(action.loses)
      case "suspend":
      case "resume":
        this.#steer({ suspend: action.does === "suspend" })
        return []
      case "cancel":
        this.#steer({ cancel: true })
        return []
      default:
        {
          const { name, matrix } = this.all[action.stage % this.all.length]!
          this.#happenToJob(action.does, name, (action.index ?? 0) % countCombinations(matrix))
        }
        return []
    }
  }

  /** Lets every Job succeed and steps until the run has ended; the number of steps it took. */
  finish(): number {
    this.#steer({ suspend: false })
    const jobs = this.all.reduce((sum, { matrix }) => sum + countCombinations(matrix), 0)
    for (let steps = 0; steps <= jobs + 2; steps++) {
      if (isFinished(this.execution)) return steps
      this.#step("nothing")
      for (const { name, matrix } of this.all) {
        for (let index = 0; index < countCombinations(matrix); index++) this.#happenToJob("complete", name, index)
      }
    }
    return Number.POSITIVE_INFINITY
  }

  #steer(spec: Partial<AcceptedExecution["spec"]>): void {
    const { metadata } = this.execution
    this.execution = {
      ...this.execution,
      metadata: { ...metadata, generation: metadata.generation + 1 },
      spec: { ...this.execution.spec, ...spec },
    }
  }

  /** As the controller does it: create what is ready, look again, write the status. */
  #step(loses: "nothing" | "status" | "jobs") {
    const taken: { seen: Observed; next: Advance }[] = []
    const time = new Date(Date.UTC(2026, 0, 1, 0, ++this.#minutes)).toISOString()
    for (;;) {
      const seen = this.observed()
      const next = advance(seen, time)
      taken.push({ seen, next })
      if (next.create.length === 0 || loses === "jobs") break
      for (const manifest of next.create) this.jobs.set(manifest.metadata.name, jobFrom(manifest))
    }
    if (loses !== "jobs") for (const job of taken.at(-1)!.next.stop) this.#stop(job)
    if (loses === "nothing") this.execution = written(this.execution, taken.at(-1)!.next.status)
    return taken
  }

  /** The Job controller ends at once what is told to stop. */
  #stop(job: Job): void {
    const seconds = { activeDeadlineSeconds: 1 }
    this.jobs.set(job.metadata.name, {
      ...job,
      spec: { ...job.spec, ...seconds },
      status: jobStatus("DeadlineExceeded"),
    })
  }

  #happenToJob(does: "complete" | "fail" | "podSucceeds" | "delete", of: string, index = 0): void {
    const name = jobName(this.execution.metadata, of, index)
    const stage = index === 0 ? of : `${of}#${index}`
    const job = this.jobs.get(name)
    if (job === undefined || (does !== "delete" && isJobFinished(job))) return
    if (does === "delete") {
      this.hasLostJobs = true
      this.jobs.delete(name)
      this.pods.delete(job.metadata.uid)
      return
    }
    // A Job that ended, or whose only pod succeeded, cannot end in another way.
    if (this.truth.has(stage) && does !== "complete") return
    const ends = this.truth.get(stage) ?? (does === "fail" ? "Failed" : "Succeeded")
    this.truth.set(stage, ends)
    if (does === "podSucceeds") this.pods.set(job.metadata.uid, [pod(job, { phase: "Succeeded" })])
    else this.jobs.set(name, { ...job, status: jobStatus(ends === "Failed" ? "Failed" : "Complete") })
  }
}

export const createdBy = (next: Advance) => next.create.map(stageOf)
