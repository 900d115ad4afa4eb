// The Jobs of the stages that may start, as far as maxParallel has places for them.

import type { StageStatus } from "../api/execution.ts"
import type { JobManifest } from "../api/job.ts"
import { ownDeadlineSeconds, stageJob } from "../resources/job.ts"
import { heldBy } from "./held-stage.ts"
import { describeCombination } from "./matrix.ts"
import { Places } from "./rules/max-parallel.ts"
import { jobDeadlineSeconds, secondsLeft } from "./rules/timeout.ts"
import { type Run, specOf } from "./run.ts"
import type { Ready, Settled } from "./settle.ts"
import type { Task } from "./tasks.ts"
import { fillTemplate } from "./template/fill.ts"
import { jobCharacters } from "./template/job-size.ts"

export interface Placed {
  readonly create: readonly JobManifest[]
  readonly statuses: ReadonlyMap<string, StageStatus>
}

/**
 * The most characters of Jobs that one step makes: they are held at once, and nobody else is served while they are made.
 * Whoever creates them takes steps until none makes any more.
 */
const maxStepCharacters = 8_000_000

export function place(run: Run, { ready, statuses }: Settled): Placed {
  const running = [...run.tasks.values()].flat().filter(({ state }) => state === "Running").length
  const places = new Places(run.execution.status.snapshot.maxParallel, running)
  const create: JobManifest[] = []
  const held = new Map(statuses)
  let left = maxStepCharacters
  for (const one of ready) {
    const taken = places.take(one.stage, run.tasks.get(one.stage.name)!)
    const each = taken.length === 0 ? 0 : jobCharacters(one.stage, one.view)
    for (const task of taken) {
      if (left < each && create.length > 0) return { create, statuses: held }
      left -= each
      create.push(jobOf(run, one, task))
    }
    const status = held.get(one.stage.name)!
    if (taken.length === 0 && status.phase === "Waiting") {
      held.set(one.stage.name, heldBy({ _tag: "Wait", reason: "MaxParallel" }, status, run.now))
    }
  }
  return { create, statuses: held }
}

function jobOf({ execution, now }: Run, { stage, view }: Ready, { index }: Task): JobManifest {
  const spec = fillTemplate(stage, specOf(execution, stage), index, view)
  // The run's timeout ends before `finally`.
  const left = view.phase === undefined ? secondsLeft(execution.status, now) : undefined
  return stageJob(execution, stage.name, spec, {
    index,
    combination: stage.matrix && describeCombination(stage.matrix, index),
    deadlineSeconds: jobDeadlineSeconds(ownDeadlineSeconds(spec), left),
  })
}
