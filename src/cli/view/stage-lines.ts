// A run as lines of text, one for each stage, indented by how deep in the graph it is.

import type { styleText } from "node:util"
import stringWidth from "string-width"
import type { StagePhase, StageStatus } from "../../api/execution.ts"
import type { PipelineStage } from "../../api/pipeline.ts"
import { phaseLabel, phaseSigns } from "../../drawing/state.ts"
import { belowTheirParents, depthsOf } from "../../graph/tree.ts"
import { plain } from "../../words/safe.ts"
import { noteOf } from "./note.ts"

export type Style = Parameters<typeof styleText>[0]
/** Colours text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

const styles: Record<StagePhase, Style> = {
  Waiting: "dim",
  Running: "cyan",
  Succeeded: "green",
  Failed: "red",
  Skipped: "yellow",
  Cancelled: "yellow",
}

/** A phase in its colour, behind its mark. */
export function paintPhase(phase: StagePhase, paint: Paint): string {
  return paint(styles[phase], phaseLabel(phase))
}

export interface Progress {
  readonly stages: readonly PipelineStage[]
  /** The names of those that run at the end, whatever happened. */
  readonly atEnd?: ReadonlySet<string>
  readonly statuses: ReadonlyMap<string, StageStatus>
  /** How long a stage has taken so far, in milliseconds, if it started. */
  readonly elapsed: (stage: string) => number | undefined
}

/** At most `rows` lines of at most `columns` cells; where there are more stages, those that matter now are kept. */
export function stageLines(
  progress: Progress,
  { rows, columns }: { rows: number; columns: number },
  paint: Paint,
): readonly string[] {
  const depths = depthsOf(progress.stages)
  const all = belowTheirParents(progress.stages)
  const shown = all.length <= rows ? all : mostTelling(all, progress.statuses, rows - 1)
  const isNarrow = columns < narrowColumns
  const hasTime = columns >= 18
  const room = isNarrow ? Math.max(1, columns - (hasTime ? 10 : 2)) : Math.max(10, columns - 36)
  // However deep a stage is, half of the room is for its name.
  const indents = Math.min(10, Math.floor(room / 4))
  const names = shown.map(({ name }) => "  ".repeat(Math.min(depths.get(name) ?? 0, indents)) + labelOf(name, progress))
  const width = Math.min(Math.max(0, ...names.map((name) => stringWidth(name))), room)
  const lines = shown.map((stage, index) => {
    const status = progress.statuses.get(stage.name) ?? { name: stage.name, phase: "Waiting" as const }
    const { phase } = status
    const elapsed = progress.elapsed(stage.name)
    const time = (elapsed === undefined ? "" : formatDuration(elapsed)).padStart(7)
    const name = padded(names[index]!, width)
    const mark = phaseSigns[phase]
    if (isNarrow) return hasTime ? `${paint(styles[phase], mark)} ${name} ${time}` : cut(`${mark} ${name}`, columns)
    const gap = " ".repeat(Math.max(0, 11 - stringWidth(`${mark} ${phase}`)))
    const note = cut(noteOf(status), columns - width - 24)
    return `${name}  ${paintPhase(phase, paint)}${gap}  ${time}${note && `  ${paint("dim", note)}`}`
  })
  const hidden = all.length - shown.length
  return hidden === 0 ? lines : [...lines, paint("dim", cut(`… and ${hidden} more stages`, columns))].slice(0, rows)
}

/** The name of a stage as it is shown. */
export function labelOf(name: string, { atEnd }: Pick<Progress, "atEnd">): string {
  return `${plain(name)}${atEnd?.has(name) ? " (finally)" : ""}`
}

/** Below this there is no room for a name, the word for a phase and a time side by side: the phase's mark must do. */
const narrowColumns = 34

/** What runs or went wrong first, then what waits, then what is done; in the order of the graph. */
function mostTelling(stages: readonly PipelineStage[], statuses: Progress["statuses"], count: number) {
  const rank: Record<StagePhase, number> = { Running: 0, Failed: 0, Waiting: 1, Cancelled: 2, Skipped: 2, Succeeded: 2 }
  const byRank = stages.toSorted((a, b) => rank[phaseOf(a)] - rank[phaseOf(b)])
  const kept = new Set(byRank.slice(0, Math.max(0, count)))
  return stages.filter((stage) => kept.has(stage))

  function phaseOf(stage: PipelineStage): StagePhase {
    return statuses.get(stage.name)?.phase ?? "Waiting"
  }
}

/** Text in exactly so many cells. */
export function padded(text: string, width: number): string {
  const short = cut(text, width)
  return short + " ".repeat(Math.max(0, width - stringWidth(short)))
}

/** Text in at most so many cells, on one line. */
export function cut(text: string, width: number): string {
  const line = plain(text)
  if (stringWidth(line) <= width) return line
  if (width <= 0) return ""
  let short = ""
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    if (stringWidth(short + segment) > width - 1) break
    short += segment
  }
  return `${short}…`
}

/** Such as 0.4s, 12.3s, 3m05s, 1h02m. */
export function formatDuration(millis: number): string {
  const tenths = Math.round(millis / 100)
  if (tenths < 600) return `${(tenths / 10).toFixed(1)}s`
  const seconds = Math.floor(tenths / 10)
  const minutes = Math.floor(seconds / 60)
  const two = (n: number) => String(n).padStart(2, "0")
  return minutes < 60 ? `${minutes}m${two(seconds % 60)}s` : `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`
}
