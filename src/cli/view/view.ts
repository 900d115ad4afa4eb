// What a person sees of a run while it goes on: one of these three.

import { createLogUpdate } from "log-update"
import { formatDuration, type Paint, type Progress, paintPhase, stageLines } from "./stage-lines.ts"

export interface View {
  /** A stage wrote a line. */
  output(stage: string, line: string): void
  /** A stage has another phase, or another message. */
  changed(stage: string): void
  /** Something to say once, about the run as a whole. */
  note(text: string): void
  /** Nothing more will come. */
  close(): void
}

/** Shows nothing. */
export const silentView: View = { output: () => {}, changed: () => {}, note: () => {}, close: () => {} }

type Stream = NodeJS.WriteStream

/** A line for each change: for files, pipes and CI logs. */
export function lineView(stream: Stream, progress: Progress, paint: Paint): View {
  const start = Date.now()
  return {
    output: (stage, line) => void stream.write(`${prefix(progress, stage, paint)}${line}\n`),
    changed(stage) {
      const status = progress.statuses.get(stage)!
      const elapsed = progress.elapsed(stage)
      const isOver = status.phase !== "Running" && elapsed !== undefined
      const details = [isOver && formatDuration(elapsed), status.message].filter(Boolean).join(", ")
      const at = paint("dim", `[${formatDuration(Date.now() - start).padStart(6)}]`)
      stream.write(`${at} ${stage}: ${paintPhase(status.phase, paint)}${details && ` (${details})`}\n`)
    },
    note: (text) => void stream.write(`${text}\n`),
    close: () => {},
  }
}

const framesPerSecond = 10

/** All stages with their state and time, kept up to date in place; what stages write scrolls above. */
export function liveView(stream: Stream, progress: Progress, paint: Paint): View {
  const log = createLogUpdate(stream, { showCursor: true })
  let above: string[] = []
  // Drawn at a steady pace, not for every line: a chatty stage must not make the terminal flicker.
  const timer = setInterval(draw, 1000 / framesPerSecond)
  return {
    output: (stage, line) => void above.push(prefix(progress, stage, paint) + line),
    changed: () => {},
    note: (text) => void above.push(text),
    close() {
      clearInterval(timer)
      flush()
      log.clear()
      log.done()
    },
  }

  function flush() {
    if (above.length === 0) return
    log.clear()
    stream.write(`${above.join("\n")}\n`)
    above = []
  }

  function draw() {
    flush()
    log(
      stageLines(progress, { rows: Math.max(3, (stream.rows ?? 24) - 2), columns: stream.columns ?? 80 }, paint).join(
        "\n",
      ),
    )
  }
}

const colours = ["cyan", "magenta", "blue", "yellow", "green"] as const

/** The stage's name before a line of its output. */
function prefix(progress: Progress, stage: string, paint: Paint): string {
  const index = progress.stages.findIndex(({ name }) => name === stage)
  const colour = colours[Math.max(0, index) % colours.length]!
  return paint(colour, `${stage} | `)
}
