// What must hold on every walk of a run that uses the rules: triggerRule, onFailure, finally, matrix, failurePolicy and
// maxParallel together. A failure prints its seed and the shortest walk that fails.

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type ExecutionPhase, isFinished, isStageFinished, type StageStatus } from "../../src/api/execution.ts"
import { isJobFinished } from "../../src/api/job.ts"
import { advance } from "../../src/execution/advance.ts"
import { now } from "../builders/objects.ts"
import { type Action, createdBy, RandomRun, richPipeline, walk } from "../builders/random-run.ts"

type Rare = "suspend" | "resume" | "cancel"

/** Everything a walk visits, step by step. */
function onEveryWalk(
  check: (run: RandomRun, action: Action) => void,
  rare: readonly Rare[] = ["suspend", "resume", "cancel"],
  end: (run: RandomRun) => void = () => {},
) {
  fc.assert(
    fc.property(richPipeline, walk(...rare), ({ stages, snapshot }, actions) => {
      const run = new RandomRun(stages, snapshot)
      for (const action of actions) check(run, action)
      end(run)
    }),
    { numRuns: 150 },
  )
}

const statusesOf = (run: RandomRun) => new Map(run.status.stages!.map((status) => [status.name, status]))

/** Written again from the documentation: whether a stage below these may run. */
function mayRun(rule: string | undefined, parents: readonly (StageStatus & { readonly ignored: boolean })[]): boolean {
  if (!parents.every(({ phase }) => isStageFinished(phase))) return false
  const failed = parents.filter(({ phase, reason }) => phase === "Failed" || reason === "ParentFailed")
  switch (rule) {
    case "AnyFailed":
      return failed.length > 0
    case "AllDone":
      return true
    default:
      return parents.every(({ phase, ignored }) => phase === "Succeeded" || (phase === "Failed" && ignored))
  }
}

describe("advance, with rules, on any walk", () => {
  it("starts a stage only where its rule allows it, and none once the run has come to its end", () => {
    onEveryWalk((run, action) => {
      for (const { seen, next } of run.act(action)) {
        const told = new Map(next.status.stages!.map((status) => [status.name, status]))
        const isOver = run.stages.some(
          ({ name, onFailure }) => told.get(name)!.phase === "Failed" && onFailure !== "Ignore",
        )
        for (const name of createdBy(next)) {
          expect(seen.execution.spec.suspend).not.toBe(true)
          const stage = run.stages.find((one) => one.name === name)
          if (stage === undefined) continue
          expect(seen.execution.spec.cancel).not.toBe(true)
          expect(isOver && seen.execution.status.snapshot.failurePolicy === "FailFast").toBe(false)
          if (told.get(name)!.phase === "Running") continue
          const parents = (stage.dependsOn ?? []).map((parent) => {
            const ignored = run.stages.find((one) => one.name === parent)!.onFailure === "Ignore"
            return { ...told.get(parent)!, ignored }
          })
          expect(mayRun(stage.triggerRule, parents)).toBe(true)
        }
      }
    })
  })

  it("never has more Jobs at once than maxParallel says, of the run and of each stage", () => {
    onEveryWalk((run, action) => {
      for (const { seen, next } of run.act(action)) {
        if (next.create.length === 0) continue
        const stageOf = (job: { metadata: { annotations?: Record<string, string> } }) =>
          job.metadata.annotations?.["pipeline.peanut.dev/stage"]
        // A Job whose pod has succeeded is over, though its controller has not said so.
        const live = [...seen.jobs.values()].filter((job) => !isJobFinished(job) && !seen.pods.has(job.metadata.uid))
        const over = new Set(
          seen.execution.status.stages.flatMap(({ name, phase }) => (isStageFinished(phase) ? [name] : [])),
        )
        const all = [...live.filter((job) => !over.has(stageOf(job)!)), ...next.create].map((job) => stageOf(job)!)
        expect(all.length).toBeLessThanOrEqual(seen.execution.status.snapshot.maxParallel ?? 999)
        for (const { name, maxParallel = 999 } of run.all) {
          expect(all.filter((one) => one === name).length).toBeLessThanOrEqual(maxParallel)
        }
      }
    })
  })

  it("starts finally only when all others have ended, with no Job that was stopped still running", () => {
    onEveryWalk((run, action) => {
      for (const { seen, next } of run.act(action)) {
        const atEnd = new Set(run.all.slice(run.stages.length).map(({ name }) => name))
        if (!createdBy(next).some((name) => atEnd.has(name))) continue
        const told = new Map(next.status.stages!.map((status) => [status.name, status]))
        for (const { name } of run.stages) expect(isStageFinished(told.get(name)!.phase)).toBe(true)
        expect(next.stop).toEqual([])
        expect(createdBy(next).every((name) => atEnd.has(name))).toBe(true)
        for (const job of seen.jobs.values()) {
          if (job.spec.activeDeadlineSeconds === 1) expect(isJobFinished(job)).toBe(true)
        }
      }
    })
  })

  it("never changes what has ended: phases, letters, times", () => {
    onEveryWalk((run, action) => {
      const before = run.status
      run.act(action)
      const after = statusesOf(run)
      for (const status of before.stages!) {
        const next = after.get(status.name)!
        if (isStageFinished(status.phase)) expect(next).toEqual(status)
        for (const [index, letter] of [...(status.combinations ?? "")].entries()) {
          if ("SFC".includes(letter)) expect(next.combinations![index]).toBe(letter)
        }
      }
      if (isFinished({ status: before })) expect(run.status.phase).toBe(before.phase)
    })
  })

  it("creates no Job twice", () => {
    const made = new WeakMap<RandomRun, Set<string>>()
    onEveryWalk((run, action) => {
      const known = made.get(run) ?? new Set<string>()
      made.set(run, known)
      for (const { next } of run.act(action)) {
        for (const { metadata } of next.create) {
          // What a lost step would have created never came to be.
          if (run.jobs.has(metadata.name) && !known.has(metadata.name)) known.add(metadata.name)
          else if (known.has(metadata.name)) expect(run.hasLostJobs).toBe(true)
        }
      }
    })
  })

  it("says nothing new of what it has seen", () => {
    onEveryWalk((run, action) => {
      run.act(action)
      run.act({ does: "step", loses: "nothing" })
      const again = advance(run.observed(), now)
      const { stages } = advance(
        { ...run.observed(), execution: { ...run.execution, status: again.status } } as never,
        now,
      ).status
      expect(stages).toEqual(again.status.stages)
    })
  })
})

describe("advance, with rules, to the end", () => {
  /** What the run must be, told from its stages alone. */
  function outcome(run: RandomRun): ExecutionPhase {
    const statuses = statusesOf(run)
    const isFailed = (name: string, onFailure: string | undefined) =>
      statuses.get(name)!.phase === "Failed" && onFailure !== "Ignore"
    if (run.stages.some(({ name }) => statuses.get(name)!.reason === "Cancelled")) return "Cancelled"
    return run.all.some(({ name, onFailure }) => isFailed(name, onFailure)) ? "Failed" : "Succeeded"
  }

  it("always ends, as its stages say, with every letter final", () => {
    onEveryWalk(
      (run, action) => void run.act(action),
      ["suspend", "resume", "cancel"],
      (run) => {
        expect(run.finish()).toBeLessThan(Number.POSITIVE_INFINITY)
        expect(run.status.phase).toBe(outcome(run))
        for (const { name, phase, combinations = "", reason } of run.status.stages!) {
          expect(isStageFinished(phase)).toBe(true)
          expect(combinations).not.toMatch(/R/)
          if (phase === "Succeeded") expect(combinations).toMatch(/^S*$/)
          if (phase !== "Succeeded") expect(reason, name).toBeDefined()
        }
      },
    )
  })

  it("takes what Jobs truly did for the truth", () => {
    onEveryWalk(
      (run, action) => void run.act(action),
      [],
      (run) => {
        run.finish()
        for (const { name, phase, combinations = phase === "Skipped" ? "" : phase[0]! } of run.status.stages!) {
          for (const [index, letter] of [...combinations].entries()) {
            const truth = run.truth.get(index === 0 ? name : `${name}#${index}`)
            if (letter === "S") expect(truth).toBe("Succeeded")
            if (letter === "F" && !run.hasLostJobs) expect(truth).toBe("Failed")
          }
        }
      },
    )
  })
})
