// A random walk of one run: Jobs end, fail or vanish, replicas write late or not at all, somebody suspends or cancels.
// It keeps a ledger of what truly happened, so that a property need not trust what the core says of itself.

import fc from "fast-check"
import { type ExecutionStatus, isFinished } from "../../src/api/execution.ts"
import type { Job, Pod } from "../../src/api/job.ts"
import type { PipelineStage } from "../../src/api/pipeline.ts"
import type { AcceptedExecution } from "../../src/execution/accept.ts"
import { type Advance, advance, type Observed } from "../../src/execution/advance.ts"
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

export type Action =
  | { readonly does: "complete" | "fail" | "podSucceeds" | "delete"; readonly stage: number }
  | { readonly does: "suspend" | "resume" | "cancel" }
  /** A step whose Jobs are created and whose status is written; or lost, as when a replica crashes in between. */
  | { readonly does: "step"; readonly loses: "nothing" | "status" | "jobs" }

const step = fc.record({
  does: fc.constant("step" as const),
  loses: fc.constantFrom("nothing" as const, "nothing" as const, "status" as const, "jobs" as const),
})

/** What happens to the Job of the stage of this index, if it has one. */
const jobEvent = (...does: readonly ("complete" | "fail" | "podSucceeds" | "delete")[]) =>
  fc.record({ does: fc.constantFrom(...does), stage: fc.nat(9) })

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
  readonly stages: readonly PipelineStage[]
  execution: AcceptedExecution
  readonly jobs = new Map<string, Job>()
  readonly pods = new Map<string, Pod[]>()
  /** How each stage truly ended, by its Job or pod; the first end counts. */
  readonly truth = new Map<string, "Succeeded" | "Failed">()
  /** Whether a Job was ever deleted by hand. */
  hasLostJobs = false
  #minutes = 0

  constructor(stages: readonly PipelineStage[]) {
    this.stages = stages
    this.execution = accepted({ graph: [...stages] })
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
        this.#happenToJob(action.does, this.stages[action.stage % this.stages.length]!.name)
        return []
    }
  }

  /** Lets every Job succeed and steps until the run has ended; the number of steps it took. */
  finish(): number {
    this.#steer({ suspend: false })
    for (let steps = 0; steps <= this.stages.length + 1; steps++) {
      if (isFinished(this.execution)) return steps
      this.#step("nothing")
      for (const { name } of this.stages) this.#happenToJob("complete", name)
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
    if (loses === "nothing") this.execution = written(this.execution, taken.at(-1)!.next.status)
    return taken
  }

  #happenToJob(does: "complete" | "fail" | "podSucceeds" | "delete", stage: string): void {
    const name = jobName(this.execution.metadata, stage)
    const job = this.jobs.get(name)
    if (job === undefined) return
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
