// Where a stage stands, told from its Jobs.

import type { StageStatus } from "../api/execution.ts"
import { progressOfMatrix } from "./matrix-progress.ts"
import { failureOf, stopOf } from "./task-failure.ts"
import type { StageInRun } from "./tasks.ts"
import { maxRunBytes, outputBytes, readOutputs } from "./template/outputs.ts"

/**
 * The status of a stage that has Jobs, or had; one that has none yet waits. `keptBytes` are what the outputs of the other
 * stages take.
 */
export function progressOf(of: StageInRun, keptBytes = 0): StageStatus {
  const { stage, previous, tasks } = of
  const hasStarted = previous.phase === "Running" || tasks.some(({ outcome }) => outcome !== undefined)
  if (!hasStarted) return waitingFrom(previous)
  const { matrix } = stage
  return matrix === undefined ? ofOneJob(of, keptBytes) : progressOfMatrix({ ...of, matrix })
}

/** A stage that waits; of a matrix that was begun by another run, what is done stays done. */
function waitingFrom({ name, phase, combinations }: StageStatus): StageStatus {
  return { name, phase, ...(combinations !== undefined && { combinations }) }
}

function ofOneJob({ execution, spec, previous, tasks, now }: StageInRun, keptBytes: number): StageStatus {
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
      const outputs = written === undefined ? undefined : outputsOf(written, keptBytes)
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

/** What a stage wrote, unless the object that holds all of it would grow too large. */
function outputsOf(written: { readonly text: string; readonly limitBytes: number }, keptBytes: number) {
  const outputs = readOutputs(written.text, written.limitBytes)
  const sum = keptBytes + outputBytes(outputs.values)
  if (sum <= maxRunBytes) return outputs
  const message = `with its outputs those of all stages would take ${sum} bytes, more than the ${maxRunBytes} that a run can keep`
  return { reason: "OutputsTooLarge" as const, message }
}
