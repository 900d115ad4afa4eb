// What a person sees of a run while it goes on: one of these three.

import { createLogUpdate } from "log-update"
import { outputLine, plain } from "../../words/safe.ts"
import { shown, showOn } from "../writer.ts"
import { noteOf } from "./note.ts"
import { cut, formatDuration, type Paint, type Progress, paintPhase, stageLines } from "./stage-lines.ts"

export interface View {
  /** A stage wrote a line; of one with a matrix, this combination of it did. */
  output(stage: string, line: string, combination?: string): void
  /** A stage has another phase, or another message. */
  changed(stage: string): void
  /** Something to say once, about the run as a whole. */
  note(text: string): void
  /** Something to ask, which stays in sight until the next question, or until there is none. */
  ask(question?: string): void
  /** Nothing more will come. */
  close(): void
}

/** Shows nothing. */
export const silentView: View = {
  output: () => {},
  changed: () => {},
  note: () => {},
  ask: () => {},
  close: () => {},
}

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
    output: (...output) => showOn(stream, prefixed(...output)),
    changed(stage) {
      const status = progress.statuses.get(stage)!
      // So says every stage that finds no place, and again each time.
      if (status.phase === "Waiting" && status.reason === "MaxParallel") return
      const elapsed = progress.elapsed(stage)
      const isOver = status.phase !== "Running" && elapsed !== undefined
      const details = [isOver && formatDuration(elapsed), noteOf(status)].filter(Boolean).join(", ")
      const at = paint("dim", `[${formatDuration(performance.now() - start).padStart(6)}]`)
      showOn(stream, `${at} ${plain(stage)}: ${paintPhase(status.phase, paint)}${details && ` (${details})`}`)
    },
    note: (text) => showOn(stream, text),
    ask: (question) => void (question && showOn(stream, question)),
    close: () => {},
  }
}

const framesPerSecond = 10

/** All stages with their state and time, kept up to date in place; what stages write scrolls above. */
export function liveView(stream: Stream, progress: Progress, paint: Paint): View {
  const log = createLogUpdate(stream, { showCursor: true })
  const prefixed = prefixer(progress, paint)
  let above: string[] = []
  let asked: string | undefined
  // Drawn at a steady pace, not for every line: a chatty stage must not make the terminal flicker.
  const timer = setInterval(draw, 1000 / framesPerSecond)
  return {
    output: (...output) => void above.push(prefixed(...output)),
    changed: () => {},
    note: (text) => void above.push(text),
    ask: (question) => {
      asked = question
    },
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
    showOn(stream, above.join("\n"))
    above = []
  }

  function draw() {
    flush()
    // The last row is the cursor's; the last column is spare, as terminals disagree about how wide an emoji is.
    const columns = Math.max(1, stream.columns - 1)
    const question = asked === undefined ? [] : [paint("bold", cut(asked, columns))]
    const rows = Math.max(1, stream.rows - 1 - question.length)
    log(shown([...stageLines(progress, { rows, columns }, paint), ...question].join("\n")))
  }
}

const colours = ["cyan", "magenta", "blue", "yellow", "green"] as const

/** Puts the stage's name before a line of its output. */
function prefixer({ stages }: Progress, paint: Paint): (...output: Parameters<View["output"]>) => string {
  const prefixes = new Map(
    stages.map(({ name }, index) => {
      const prefix = (suffix: string) => paint(colours[index % colours.length]!, `${plain(name)}${suffix} | `)
      return [name, { alone: prefix(""), prefix }] as const
    }),
  )
  return (stage, line, combination) => {
    const own = prefixes.get(stage)
    const prefix = combination === undefined ? own?.alone : own?.prefix(` (${plain(combination)})`)
    return `${prefix ?? ""}${outputLine(line)}`
  }
}
