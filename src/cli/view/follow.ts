// Follows an execution to its end as `peanut run` shows one: the same view, fed from the cluster.

import type * as Effect from "effect/Effect"
import { isFinished, isStageFinished, type StageStatus } from "../../api/execution.ts"
import type { Client } from "../../client/client.ts"
import { type ClientError, whilst } from "../../client/errors.ts"
import { conditionOf, type ExecutionObject } from "../../client/objects.ts"
import { stagesOf } from "../../client/stages.ts"
import { executionStates } from "../../client/states.ts"
import { plain } from "../../words/safe.ts"
import { exitCodes } from "../exit-codes.ts"
import { painterOf, sayOn } from "../writer.ts"
import { formatAge } from "./age.ts"
import { reportReasons, reportTable } from "./report.ts"
import type { Paint, Progress } from "./stage-lines.ts"
import { silentView, type View, viewFor } from "./view.ts"

export interface Followed {
  readonly execution: ExecutionObject
  /** 0 if it Succeeded, else 1. */
  readonly exitCode: number
}

/** Shows the execution on this stream until it has ended; with `isQuiet` only how it ended. */
export const follow = (...args: Parameters<typeof shown>): Effect.Effect<Followed, ClientError> =>
  whilst(() => shown(...args))

async function shown(
  client: Client,
  name: string,
  stream: NodeJS.WriteStream,
  { isQuiet = false } = {},
): Promise<Followed> {
  const paint: Paint = painterOf(stream)
  const statuses = new Map<string, StageStatus>()
  const elapsed = (stage: string) => elapsedMillis(statuses.get(stage), Date.now())
  const say = (text: string) => sayOn(stream, text)
  let progress: Progress = { stages: [], statuses, elapsed }
  let view: View | undefined
  let told: string | undefined
  let last: ExecutionObject | undefined
  const interrupted = () => {
    view?.close()
    if (last !== undefined && !isFinished(last)) say(paint("dim", `execution ${name} goes on in the cluster`))
    process.exit(130)
  }
  process.on("SIGINT", interrupted)
  try {
    for await (const execution of executionStates(client, name, (text) => (view?.note ?? say)(text))) {
      last = execution
      // Before its pipeline was looked at there are no stages to show.
      if (execution.status?.snapshot === undefined) {
        const why = waitingFor(execution)
        if (why !== told && !isFinished(execution) && !isQuiet) say(paint("dim", why))
        told = why
        continue
      }
      if (view === undefined) {
        progress = { stages: stagesOf(execution), statuses, elapsed }
        view = isQuiet ? silentView : viewFor(stream, progress, paint)
        view.note(paint("dim", heading(execution)))
      }
      for (const stage of execution.status.stages ?? []) {
        const before = statuses.get(stage.name)
        statuses.set(stage.name, stage)
        const isNews = (before?.phase ?? "Waiting") !== stage.phase || before?.message !== stage.message
        if (isNews) view.changed(stage.name)
      }
    }
  } finally {
    view?.close()
    process.off("SIGINT", interrupted)
  }
  const execution = last!
  const { status = {} } = execution
  if (!isQuiet && progress.stages.length > 0) say(reportTable(progress, paint))
  say(
    `${isQuiet ? `${name}: ` : ""}${paint("bold", plain(status.phase ?? ""))}${took(status)}: ${plain(status.summary ?? "")}`,
  )
  for (const reason of reportReasons(status)) say(reason)
  return { execution, exitCode: status.phase === "Succeeded" ? exitCodes.succeeded : exitCodes.failed }
}

function heading({ metadata, spec, status }: ExecutionObject): string {
  const count = status?.stages?.length ?? 0
  return plain(
    `pipeline ${spec.pipelineName}, execution ${metadata.name}: ${count} ${count === 1 ? "stage" : "stages"} in namespace ${metadata.namespace}`,
  )
}

function waitingFor(execution: ExecutionObject): string {
  const condition = conditionOf(execution, "Succeeded")
  const name = execution.metadata.name
  if (condition === undefined) return `execution ${name} waits to be taken up`
  return plain(`execution ${name}: ${condition.reason}: ${condition.message}`)
}

function took({ startTime, completionTime }: { startTime?: string | undefined; completionTime?: string | undefined }) {
  if (startTime === undefined || completionTime === undefined) return ""
  return ` in ${formatAge(Date.parse(completionTime) - Date.parse(startTime))}`
}

/** How long a stage has taken so far by the cluster's clock, which may be ahead of ours. */
export function elapsedMillis(stage: StageStatus | undefined, nowMillis: number): number | undefined {
  if (stage?.startTime === undefined) return undefined
  const endMillis = stage.completionTime === undefined ? nowMillis : Date.parse(stage.completionTime)
  // A stage whose end was not noted takes no more time.
  if (stage.completionTime === undefined && isStageFinished(stage.phase)) return undefined
  return Math.max(0, endMillis - Date.parse(stage.startTime))
}
