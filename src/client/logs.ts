// The logs of an execution's stages: what there is of them, or, followed, all that comes until the execution ends.

import { setTimeout as sleep } from "node:timers/promises"
import { isFinished, isStageFinished, type StageStatus } from "../api/execution.ts"
import type { Client } from "./client.ts"
import { CommandError, isMissing, readExecution } from "./errors.ts"
import { followLog } from "./follow-log.ts"
import { type LogSource, logSources } from "./log-sources.ts"
import { conditionOf, type ExecutionObject } from "./objects.ts"
import { noStage, stagesOf } from "./stages.ts"

export interface LogRequest {
  readonly execution: string
  readonly stage: string | undefined
  readonly container: string | undefined
  readonly previous: boolean
}

export interface LogWriter {
  /** A line of a log. */
  readonly line: (source: LogSource, text: string) => void
  /** What a person should know and a log does not say. */
  readonly note: (text: string) => void
}

/** Writes what has been logged so far, stage by stage in the order in which they started. */
export async function showLogs(client: Client, request: LogRequest, writer: LogWriter): Promise<void> {
  const execution = await readExecution(client, request.execution)
  const stages = chosen(execution, request.stage)
  const sources = await logSources(client, execution, new Set(stages), request.container)
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
      await client.streams.log(source.pod, options, (text) => writer.line(source, text))
      count++
    }
    const status = execution.status?.stages?.find(({ name }) => name === stage)
    if (own.length === 0 && (request.stage !== undefined || status?.startTime !== undefined)) {
      notes.push(whyNoLog(stage, status))
    }
  }
  if (count === 0) {
    throw new CommandError(notes.length === 0 ? nothingYet(execution) : notes.join("\n"))
  }
  for (const text of notes) writer.note(text)
}

const pollMillis = 1000

/** Writes everything that is logged until the execution, or the named stage, has ended. */
export async function followLogs(client: Client, request: LogRequest, writer: LogWriter): Promise<void> {
  const following = new Map<string, Promise<void>>()
  const told = new Set<string>()
  let isAway = false
  let refused: Error | undefined
  for (let uid: string | undefined; ; await sleep(pollMillis)) {
    try {
      const execution = await readExecution(client, request.execution)
      uid ??= execution.metadata.uid
      if (execution.metadata.uid !== uid) throw new CommandError(`execution "${request.execution}" was deleted`)
      // Before its pipeline was looked at nobody knows its stages; afterwards a wrong name is an error at once.
      const isKnown = execution.status?.snapshot !== undefined || isFinished(execution)
      const stages = isKnown ? chosen(execution, request.stage) : []
      for (const source of await logSources(client, execution, new Set(stages), request.container)) {
        if (source.hasStarted && !following.has(source.pod.name)) {
          following.set(source.pod.name, followed(source))
        } else if (source.trouble !== undefined && !source.hasStarted) {
          tellOnce(`stage "${source.stage}": pod ${source.pod.name} ${cannot(source)}`)
        }
      }
      isAway = false
      if (refused !== undefined) throw refused
      if (isOver(execution, request.stage)) {
        await Promise.all(following.values())
        if (refused !== undefined) throw refused
        if (following.size > 0) return
        const status = execution.status?.stages?.find(({ name }) => name === request.stage)
        const isUnclear = request.stage === undefined || status === undefined
        throw new CommandError(isUnclear ? nothingYet(execution) : whyNoLog(request.stage, status))
      }
    } catch (error) {
      if ((error as { _tag?: string })._tag !== "Unavailable" || (uid === undefined && following.size === 0))
        throw error
      if (!isAway) writer.note("no connection to the API server; trying again")
      isAway = true
    }
  }

  function tellOnce(text: string): void {
    if (!told.has(text)) writer.note(text)
    told.add(text)
  }

  async function followed(source: LogSource): Promise<void> {
    await followLog(client, source, (text) => writer.line(source, text)).catch((error: unknown) => {
      if ((error as { status?: number }).status === 403) refused = error as Error
      // A pod may be deleted while its log is read; the others go on.
      else if (!isMissing(error)) writer.note(`stage "${source.stage}": ${(error as Error).message}`)
    })
  }
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
