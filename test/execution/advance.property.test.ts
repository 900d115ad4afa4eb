// What must hold on every walk, whatever happens. A failure prints its seed and the shortest walk that fails.

import { isDeepStrictEqual } from "node:util"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { ExecutionPhase, ExecutionStatus, StagePhase } from "../../src/api/execution.ts"
import type { PipelineStage } from "../../src/api/pipeline.ts"
import { advance } from "../../src/execution/advance.ts"
import { jobFrom, now } from "../builders/objects.ts"
import { written } from "../builders/observed.ts"
import { type Action, createdBy, dag, RandomRun, walk } from "../builders/random-run.ts"

const stageRank: Record<StagePhase, number> = {
  Waiting: 0,
  Running: 1,
  Succeeded: 2,
  Failed: 2,
  Skipped: 2,
  Cancelled: 2,
}
const runRank: Record<ExecutionPhase, number> = { Pending: 0, Running: 1, Succeeded: 2, Failed: 2, Cancelled: 2 }
const phases = (status: ExecutionStatus) => new Map(status.stages!.map(({ name, phase }) => [name, phase]))

/** Everything a walk visits, step by step. */
function onEveryWalk(
  check: (run: RandomRun, action: Action) => void,
  rare: readonly ("suspend" | "resume" | "cancel")[] = ["suspend", "resume", "cancel"],
  end: (run: RandomRun) => void = () => {},
) {
  fc.assert(
    fc.property(dag, walk(...rare), (stages: PipelineStage[], actions) => {
      const run = new RandomRun(stages)
      for (const action of actions) check(run, action)
      end(run)
    }),
    { numRuns: 200 },
  )
}

describe("advance, on any walk", () => {
  it("starts no stage before all that it depends on truly succeeded (I2)", () => {
    onEveryWalk((run, action) => {
      for (const { next } of run.act(action)) {
        for (const name of createdBy(next)) {
          const { dependsOn = [] } = run.stages.find((stage) => stage.name === name)!
          for (const parent of dependsOn) expect(run.truth.get(parent)).toBe("Succeeded")
        }
      }
    })
  })

  it("creates no Job that exists, nor one for a stage that was seen to start or end (I1)", () => {
    onEveryWalk((run, action) => {
      const before = phases(run.status)
      for (const { seen, next } of run.act(action)) {
        for (const job of next.create) expect(seen.jobs.has(job.metadata.name)).toBe(false)
        for (const name of createdBy(next)) expect(before.get(name)).toBe("Waiting")
      }
    })
  })

  it("moves stages and the run only forward, and never from an end (I3, I4)", () => {
    onEveryWalk((run, action) => {
      const before = run.status
      run.act(action)
      const after = phases(run.status)
      for (const { name, phase, completionTime } of before.stages!) {
        const next = after.get(name)!
        expect(stageRank[next]).toBeGreaterThanOrEqual(stageRank[phase])
        if (stageRank[phase] === 2) expect([next, completionTime]).toEqual([phase, completionTime])
      }
      expect(runRank[run.status.phase!]).toBeGreaterThanOrEqual(runRank[before.phase!])
      if (runRank[before.phase!] === 2) expect(run.status.phase).toBe(before.phase)
    })
  })

  it("says nothing new of what it has seen, and creates and stops nothing more (I6)", () => {
    onEveryWalk((run, action) => {
      run.act(action)
      let seen = run.observed()
      for (let next = advance(seen, now); ; next = advance(seen, now)) {
        const jobs = new Map(seen.jobs)
        for (const manifest of next.create) jobs.set(manifest.metadata.name, jobFrom(manifest))
        for (const job of next.stop) {
          jobs.set(job.metadata.name, { ...job, spec: { ...job.spec, activeDeadlineSeconds: 1 } })
        }
        seen = { ...seen, jobs, execution: written(seen.execution, next.status) }
        if (next.create.length === 0) break
      }
      const again = advance(seen, "2030-01-01T00:00:00Z")
      expect(again.status).toStrictEqual(seen.execution.status)
      expect(isDeepStrictEqual(again.status, seen.execution.status)).toBe(true)
      expect([...again.create, ...again.stop]).toEqual([])
    })
  })

  it("counts in its summary and condition what its stages say", () => {
    onEveryWalk((run, action) => {
      run.act(action)
      const count = (phase: StagePhase) => run.status.stages!.filter((stage) => stage.phase === phase).length
      expect(run.status.summary).toMatch(new RegExp(`^${count("Succeeded")}/${run.stages.length} succeeded`))
      expect(run.status.conditions?.[0]?.message).toContain(run.status.summary)
    })
  })
})

describe("advance, to the end", () => {
  it("ends every run that is not cancelled, with each stage as its graph and its Job say", () => {
    onEveryWalk(
      (run, action) => void run.act(action),
      ["suspend", "resume"],
      (run) => {
        expect(run.finish()).toBeLessThan(Number.POSITIVE_INFINITY)
        const after = phases(run.status)
        for (const { name, dependsOn = [] } of run.stages) {
          const isLost = dependsOn.some((parent) => after.get(parent) !== "Succeeded")
          if (after.get(name) === "Succeeded") {
            expect([...dependsOn, name].map((stage) => run.truth.get(stage))).not.toContain("Failed")
          }
          // A parent whose Job was deleted unseen counts as failed, even when its child had been started by then.
          if (after.get(name) === "Skipped" || !run.hasLostJobs) expect(after.get(name) === "Skipped").toBe(isLost)
          if (!run.hasLostJobs && !isLost) expect(after.get(name)).toBe(run.truth.get(name))
        }
        expect(run.status.phase).toBe([...after.values()].includes("Failed") ? "Failed" : "Succeeded")
      },
    )
  })

  it("ends every run that is cancelled, at once", () => {
    onEveryWalk(
      (run, action) => void run.act(action),
      ["suspend", "resume"],
      (run) => {
        run.act({ does: "cancel" })
        run.act({ does: "step", loses: "nothing" })
        expect(runRank[run.status.phase!]).toBe(2)
        const running = run.status.stages!.filter((stage) => stageRank[stage.phase] < 2)
        expect(running).toEqual([])
      },
    )
  })
})
