// What a person sees of a run while it goes on: one of these three.

import { createLogUpdate } from "log-update"
import { formatDuration, type Paint, type Progress, paintPhase, stageLines } from "./stage-lines.ts"
import { outputLine, plain } from "./text.ts"

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

/** A live view where lines can be redrawn in place, otherwise lines. */
export function viewFor(stream: Stream, progress: Progress, paint: Paint): View {
  // A pseudo-terminal that nobody looks at, as some CI systems give, has no size.
  const canRedraw = stream.isTTY && stream.columns > 0 && stream.rows > 0 && process.env.TERM !== "dumb"
  return canRedraw ? liveView(stream, progress, paint) : lineView(stream, progress, paint)
}

/** A line for each change: for files, pipes and CI logs. */
export function lineView(stream: Stream, progress: Progress, paint: Paint): View {
  const start = performance.now()
  const prefixed = prefixer(progress, paint)
  return {
    output: (stage, line) => void stream.write(`${prefixed(stage, line)}\n`),
    changed(stage) {
      const status = progress.statuses.get(stage)!
      const elapsed = progress.elapsed(stage)
      const isOver = status.phase !== "Running" && elapsed !== undefined
      const details = [isOver && formatDuration(elapsed), plain(status.message ?? "")].filter(Boolean).join(", ")
      const at = paint("dim", `[${formatDuration(performance.now() - start).padStart(6)}]`)
      stream.write(`${at} ${plain(stage)}: ${paintPhase(status.phase, paint)}${details && ` (${details})`}\n`)
    },
    note: (text) => void stream.write(`${text}\n`),
    close: () => {},
  }
}

const framesPerSecond = 10

/** All stages with their state and time, kept up to date in place; what stages write scrolls above. */
export function liveView(stream: Stream, progress: Progress, paint: Paint): View {
  const log = createLogUpdate(stream, { showCursor: true })
  const prefixed = prefixer(progress, paint)
  let above: string[] = []
  // Drawn at a steady pace, not for every line: a chatty stage must not make the terminal flicker.
  const timer = setInterval(draw, 1000 / framesPerSecond)
  return {
    output: (stage, line) => void above.push(prefixed(stage, line)),
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
    // The last row is the cursor's; the last column is spare, as terminals disagree about how wide an emoji is.
    const size = { rows: Math.max(1, stream.rows - 1), columns: Math.max(1, stream.columns - 1) }
    log(stageLines(progress, size, paint).join("\n"))
  }
}

const colours = ["cyan", "magenta", "blue", "yellow", "green"] as const

/** Puts the stage's name before a line of its output. */
function prefixer({ stages }: Progress, paint: Paint): (stage: string, line: string) => string {
  const prefixes = new Map(
    stages.map(({ name }, index) => [name, paint(colours[index % colours.length]!, `${plain(name)} | `)]),
  )
  return (stage, line) => `${prefixes.get(stage) ?? ""}${outputLine(line)}`
}
