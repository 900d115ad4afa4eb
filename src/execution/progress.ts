// Where a stage stands, told from its Jobs.

import type { StageStatus } from "../api/execution.ts"
import { progressOfMatrix } from "./matrix-progress.ts"
import { failureOf, stopOf } from "./task-failure.ts"
import type { StageInRun } from "./tasks.ts"
import { maxRunBytes, outputBytes, readOutputs } from "./template/outputs.ts"

export interface Around {
  /** What the outputs of the other stages take, in bytes. */
  readonly keptBytes: number
  /** A stage that needs the outputs of the one of this name, if any does. */
  readonly neederOf: (stage: string) => string | undefined
}

/** The status of a stage that has Jobs, or had; one that has none yet waits. */
export function progressOf(of: StageInRun, around: Around): StageStatus {
  const { stage, previous, tasks } = of
  const hasStarted = previous.phase === "Running" || tasks.some(({ outcome }) => outcome !== undefined)
  if (!hasStarted) return waitingFrom(previous)
  const { matrix } = stage
  return matrix === undefined ? ofOneJob(of, around) : progressOfMatrix({ ...of, matrix })
}

/** A stage that waits; of a matrix that was begun by another run, what is done stays done. */
function waitingFrom({ name, phase, combinations }: StageStatus): StageStatus {
  return { name, phase, ...(combinations !== undefined && { combinations }) }
}

function ofOneJob({ execution, spec, previous, tasks, now }: StageInRun, { keptBytes, neederOf }: Around): StageStatus {
  const { name } = previous
  const task = tasks[0]!
  const startTime = previous.startTime ?? task.work?.metadata.creationTimestamp
  const jobName = previous.jobName ?? task.work?.metadata.name
  const started = { name, ...(jobName !== undefined && { jobName }), ...(startTime !== undefined && { startTime }) }
  const outcome = task.outcome!
  switch (outcome.phase) {
    case "Running":
      return { ...started, ...outcome }
    case "Succeeded": {
      const { outputs: written, ...rest } = outcome
      const ended = { ...started, completionTime: now, ...rest }
      const outputs = written === "lost" ? lostOutputs(neederOf(name)) : written && outputsOf(written, keptBytes)
      if (outputs?.reason !== undefined) return { ...ended, ...outputs, phase: "Failed" }
      const isEmpty = outputs === undefined || Object.keys(outputs.values).length === 0
      return isEmpty ? ended : { ...ended, outputs: outputs.values }
    }
    case "Failed": {
      const ended = { ...started, completionTime: now, ...outcome }
      const stopped = stopOf(execution, name, spec, task)
      return stopped ? { ...ended, ...stopped, phase: "Cancelled" } : { ...ended, ...failureOf(execution, spec, task) }
    }
  }
}

/** What nobody can read any more fails the stage, if somebody needs it. */
function lostOutputs(needer: string | undefined) {
  if (needer === undefined) return undefined
  const message = `its Job is Complete, but the pod is gone, and with it the outputs that stage "${needer}" needs`
  return { reason: "OutputsLost" as const, message }
}

/** What a stage wrote, unless the object that holds all of it would grow too large. */
function outputsOf(written: { readonly text: string; readonly limitBytes: number }, keptBytes: number) {
  const outputs = readOutputs(written.text, written.limitBytes)
  const sum = keptBytes + outputBytes(outputs.values)
  if (sum <= maxRunBytes) return outputs
  const message = `with its outputs those of all stages would take ${sum} bytes, more than the ${maxRunBytes} that a run can keep`
  return { reason: "OutputsTooLarge" as const, message }
}
