// peanut run: a pipeline on this machine, with no cluster.

import { text } from "node:stream/consumers"
import { styleText } from "node:util"
import type { Runner } from "../cluster/local.ts"
import { checkPlayable, formatProblem, loadManifests, type Problem, type Run, selectRun } from "./load.ts"
import { type Play, play } from "./play.ts"
import { reportReasons, reportTable } from "./view/report.ts"
import { formatDuration, type Paint } from "./view/stage-lines.ts"
import { lineView, liveView, silentView, type View } from "./view/view.ts"

export interface RunOptions {
  readonly paths: readonly string[]
  readonly pipeline?: string | undefined
  readonly execution?: string | undefined
  readonly runner: Runner
  readonly output?: "json" | undefined
  readonly quiet: boolean
}

export const exitCodes = { succeeded: 0, failed: 1, badInput: 2, interrupted: 130, terminated: 143 } as const

/** Plays what the options say, shows it, and returns the exit code. */
export async function run(options: RunOptions): Promise<number> {
  const loaded = await loadManifests(options.paths, () => text(process.stdin))
  const selected = selectRun(loaded, options)
  if ("problems" in selected) return badInput(selected.problems)
  const unplayable = checkPlayable(selected.run, options.runner, process.env)
  if (unplayable.length > 0) return badInput(unplayable)
  return show(selected.run, options)
}

function badInput(problems: readonly Problem[]): number {
  for (const problem of problems) console.error(formatProblem(problem))
  return exitCodes.badInput
}

async function show(run: Run, options: RunOptions): Promise<number> {
  // With -o json, standard output is for the program that reads it.
  const stream = options.output === "json" ? process.stderr : process.stdout
  const paint: Paint = (style, text) => styleText(style, text, { stream })
  const start = performance.now()
  let view: View = silentView
  const playing = await play(run, options.runner, {
    output: (stage, line) => view.output(stage, line),
    changed: (stage) => view.changed(stage),
  })
  if (!options.quiet) view = stream.isTTY ? liveView(stream, playing, paint) : lineView(stream, playing, paint)
  view.note(paint("dim", heading(run, playing, options.runner)))
  const interrupts = cancelOnSignal(playing, view)
  playing.start()
  const execution = await playing.done.finally(() => {
    interrupts.forget()
    view.close()
  })

  const { status } = execution
  const say = (line: string) => void stream.write(`${line}\n`)
  if (!options.quiet) {
    say(reportTable(playing, paint))
    say(`${paint("bold", status.phase ?? "")} in ${formatDuration(performance.now() - start)}: ${status.summary}`)
  }
  for (const reason of reportReasons(status)) (options.quiet ? console.error : say)(reason)
  if (options.output === "json") process.stdout.write(`${JSON.stringify(execution, null, 2)}\n`)
  return interrupts.exitCode() ?? (status.phase === "Succeeded" ? exitCodes.succeeded : exitCodes.failed)
}

function heading({ pipeline, execution }: Run, { stages }: Play, runner: Runner): string {
  const how =
    runner === "process" ? "as processes of this machine (images are not used)" : `in containers run by ${runner}`
  const count = `${stages.length} ${stages.length === 1 ? "stage" : "stages"}`
  return `pipeline ${pipeline.name}, execution ${execution.name}: ${count} ${how}`
}

/** The first signal cancels the run as a user of a cluster would; the second one ends what still runs at once. */
function cancelOnSignal(playing: Play, view: View) {
  let received: NodeJS.Signals | undefined
  const listener = (signal: NodeJS.Signals) => {
    if (received !== undefined) return playing.kill()
    received = signal
    view.note("cancelling; once more to kill what runs")
    playing.cancel()
  }
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const
  for (const signal of signals) process.on(signal, listener)
  process.on("exit", playing.kill)
  return {
    exitCode: () => received && (received === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated),
    forget: () => {
      for (const signal of signals) process.off(signal, listener)
      process.off("exit", playing.kill)
    },
  }
}
