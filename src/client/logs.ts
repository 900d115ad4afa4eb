// The logs of an execution's stages: what there is of them, or, followed, all that comes until the execution ends.

import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import { isFinished, isStageFinished, type StageStatus } from "../api/execution.ts"
import type { Client } from "./client.ts"
import { Deleted, isAway, isClientError, isForbidden, isMissing, Unfit } from "./errors.ts"
import { readExecution } from "./executions.ts"
import { followLog } from "./follow-log.ts"
import { type LogSource, logSources } from "./log-sources.ts"
import { merged } from "./merged.ts"
import { conditionOf, type ExecutionObject } from "./objects.ts"
import { noStage, stagesOf } from "./stages.ts"

export interface LogRequest {
  readonly execution: string
  readonly stage: string | undefined
  readonly container: string | undefined
  readonly previous: boolean
}

/** A line of a log; or what a person should know and a log does not say. */
export type LogEvent =
  | { readonly source: LogSource; readonly line: string }
  | { readonly source?: undefined; readonly note: string }

/**
 * What has been logged so far, stage by stage in the order in which they started. Throws what {@link Client} fails with,
 * {@link Missing}, and {@link Unfit} where there is nothing to show.
 */
export async function* showLogs(client: Client, request: LogRequest): AsyncGenerator<LogEvent> {
  const execution = await Effect.runPromise(readExecution(client, request.execution))
  const stages = chosen(execution, request.stage)
  const sources = await Effect.runPromise(logSources(client, execution, new Set(stages), request.container))
  let count = 0
  const notes: string[] = []
  for (const stage of stages) {
    const own = sources.filter((source) => source.stage === stage)
    for (const source of own) {
      if (!source.hasStarted) {
        notes.push(`stage "${stage}" has no log yet: pod ${source.pod.name} ${cannot(source)}`)
        continue
      }
      const options = { container: source.container, follow: false, previous: request.previous, timestamps: false }
      for await (const line of client.streams.log(source.pod, options)) yield { source, line }
      count++
    }
    const status = execution.status?.stages?.find(({ name }) => name === stage)
    if (own.length === 0 && (request.stage !== undefined || status?.startTime !== undefined)) {
      notes.push(whyNoLog(stage, status))
    }
  }
  if (count === 0) throw noLog(execution, notes.length === 0 ? nothingYet(execution) : notes.join("\n"))
  for (const note of notes) yield { note }
}

const pollMillis = 1000

/**
 * Everything that is logged until the execution, or the named stage, has ended. Throws as {@link showLogs}, and
 * {@link Deleted}.
 */
export function followLogs(client: Client, request: LogRequest): AsyncIterable<LogEvent> {
  const events = merged<LogEvent>()
  const followed = new Set<string>()
  const told = new Set<string>()
  look().then(() => events.end(), events.end)
  return events

  async function look(): Promise<void> {
    let isTold = false
    for (let uid: string | undefined; !events.isClosed(); await sleep(pollMillis)) {
      try {
        const execution = await Effect.runPromise(readExecution(client, request.execution))
        uid ??= execution.metadata.uid
        if (execution.metadata.uid !== uid) throw deleted(request.execution)
        await followNew(execution)
        isTold = false
        if (!isOver(execution, request.stage)) continue
        if (followed.size > 0) return
        const status = execution.status?.stages?.find(({ name }) => name === request.stage)
        const isUnclear = request.stage === undefined || status === undefined
        throw noLog(execution, isUnclear ? nothingYet(execution) : whyNoLog(request.stage, status))
      } catch (error) {
        if (!isAway(error) || (uid === undefined && followed.size === 0)) throw error
        if (!isTold) events.put({ note: "no connection to the API server; trying again" })
        isTold = true
      }
    }
  }

  async function followNew(execution: ExecutionObject): Promise<void> {
    // Before its pipeline was looked at nobody knows its stages; afterwards a wrong name is an error at once.
    const isKnown = execution.status?.snapshot !== undefined || isFinished(execution)
    const stages = isKnown ? chosen(execution, request.stage) : []
    for (const source of await Effect.runPromise(logSources(client, execution, new Set(stages), request.container))) {
      if (source.hasStarted && !followed.has(source.pod.name)) {
        followed.add(source.pod.name)
        events.add(linesOf(source))
      } else if (source.trouble !== undefined && !source.hasStarted) {
        tellOnce(`stage "${source.stage}": pod ${source.pod.name} ${cannot(source)}`)
      }
    }
  }

  async function* linesOf(source: LogSource): AsyncGenerator<LogEvent> {
    try {
      for await (const line of followLog(client, source)) yield { source, line }
    } catch (error) {
      if (!isClientError(error) || isForbidden(error)) throw error
      // A pod may be deleted while its log is read; the others go on.
      if (!isMissing(error)) yield { note: `stage "${source.stage}": ${error.message}` }
    }
  }

  function tellOnce(note: string): void {
    if (!told.has(note)) events.put({ note })
    told.add(note)
  }
}

function deleted(execution: string): Deleted {
  return new Deleted({ execution, message: `execution "${execution}" was deleted` })
}

function noLog({ metadata }: ExecutionObject, message: string): Unfit {
  return new Unfit({ execution: metadata.name, message })
}

/** Whether nothing more will be logged. */
function isOver(execution: ExecutionObject, stage: string | undefined): boolean {
  const status = execution.status?.stages?.find(({ name }) => name === stage)
  return isFinished(execution) || (status !== undefined && isStageFinished(status.phase))
}

/** The stages to show, in the order in which they started. */
function chosen(execution: ExecutionObject, stage: string | undefined): readonly string[] {
  const stages = stagesOf(execution)
  if (stage !== undefined) {
    if (stages.some(({ name }) => name === stage)) return [stage]
    if (stages.length > 0) throw noStage(execution.metadata.name, stage, stages)
  }
  const statuses = execution.status?.stages ?? []
  const start = ({ startTime }: StageStatus) => startTime ?? "~"
  return statuses.toSorted((a, b) => start(a).localeCompare(start(b), "en")).map(({ name }) => name)
}

function cannot({ trouble }: LogSource): string {
  return trouble === undefined ? "is about to start" : `cannot start: ${trouble}`
}

function nothingYet(execution: ExecutionObject): string {
  const condition = conditionOf(execution, "Succeeded")
  const why = condition === undefined ? "it waits to be taken up" : `${condition.reason}: ${condition.message}`
  return `no stage of execution "${execution.metadata.name}" has started: ${why}`
}

function whyNoLog(stage: string, status: StageStatus | undefined): string {
  const { phase = "Waiting", reason, message } = status ?? {}
  if (reason === "TakenOver" && message !== undefined)
    return `stage "${stage}" ran earlier, ${message}; its log is there`
  const why = [reason === phase ? undefined : reason, message].filter((word) => word !== undefined).join(": ")
  if (status?.startTime === undefined) return `stage "${stage}" has not run: ${phase}${why && ` (${why})`}`
  if (phase === "Running") return `stage "${stage}" has no pod yet${why && `: ${why}`}`
  return `stage "${stage}" has no pods any more, and its log went with them: ${phase}${why && ` (${why})`}`
}
