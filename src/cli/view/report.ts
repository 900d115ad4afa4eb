// How a run ended: a table of its stages, and the reason of everything that did not succeed.

import stringWidth from "string-width"
import type { ExecutionStatus, StageStatus } from "../../api/execution.ts"
import { plain } from "../../words/safe.ts"
import { formatDuration, labelOf, type Paint, type Progress, padded, paintPhase } from "./stage-lines.ts"

/** The table, one line for each stage in the order of the pipeline. */
export function reportTable(progress: Progress, paint: Paint): string {
  const { stages, statuses, elapsed } = progress
  const width = Math.max(5, ...stages.map(({ name }) => stringWidth(labelOf(name, progress))))
  const rows = stages.map(({ name }) => {
    const phase = statuses.get(name)?.phase ?? "Waiting"
    const time = elapsed(name)
    const gap = " ".repeat(11 - stringWidth(`x ${phase}`))
    return `${padded(labelOf(name, progress), width)}  ${paintPhase(phase, paint)}${gap}  ${(time === undefined ? "-" : formatDuration(time)).padStart(7)}`
  })
  return [paint("bold", `${padded("STAGE", width)}  ${padded("STATE", 11)}  ${"TIME".padStart(7)}`), ...rows].join("\n")
}

/** Why it did not all succeed: a line for each stage, or for the execution where none could start. */
export function reportReasons(status: ExecutionStatus): readonly string[] {
  const lines = (status.stages ?? [])
    .filter(({ phase }) => phase !== "Succeeded")
    .map((stage) => `${plain(stage.name)}: ${why(stage)}`)
  const condition = status.conditions?.find(({ type }) => type === "Succeeded")
  if (lines.length === 0 && condition?.status === "False") return [plain(`${condition.reason}: ${condition.message}`)]
  return lines
}

/** Such as `Failed (BackoffLimitExceeded): exit code 3`. */
function why({ phase, reason, message }: StageStatus): string {
  const because = reason === undefined || reason === phase ? "" : ` (${reason})`
  return plain(`${phase}${because}${message === undefined ? "" : `: ${message}`}`)
}
