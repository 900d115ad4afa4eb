// peanut run: a pipeline on this machine, with no cluster.

import { constants } from "node:os"
import { text } from "node:stream/consumers"
import type { Runner } from "../../cluster/local.ts"
import { loadManifests } from "../../manifests/load.ts"
import { formatProblem, type Problem } from "../../manifests/problem.ts"
import type { Run } from "../../manifests/select.ts"
import { plain, safeJson } from "../../words/safe.ts"
import { exitCodes } from "../exit-codes.ts"
import { reportReasons, reportTable } from "../view/report.ts"
import { formatDuration, type Paint } from "../view/stage-lines.ts"
import { silentView, type View, viewFor } from "../view/view.ts"
import { complain, painterOf, sayOn, stderr, stdout } from "../writer.ts"
import { askAt } from "./approvals.ts"
import { ignoredFields } from "./ignored.ts"
import { type Play, play } from "./play.ts"
import { prepareRun } from "./prepare.ts"

export interface RunOptions {
  readonly paths: readonly string[]
  readonly pipeline?: string | undefined
  readonly execution?: string | undefined
  /** `NAME=VALUE` each; they win over what the execution says. */
  readonly params?: readonly string[]
  /** Names of stages that need not ask for approval. */
  readonly approve?: readonly string[]
  readonly approveAll?: boolean
  readonly runner: Runner
  readonly output?: "json" | undefined
  readonly quiet: boolean
}

/** Plays what the options say, shows it, and returns the exit code. */
export async function run(options: RunOptions): Promise<number> {
  const loaded = await loadManifests(options.paths, () => text(process.stdin))
  const canAsk = !options.paths.includes("-") && process.stdin.isTTY && streamOf(options).isTTY
  const prepared = prepareRun(loaded, { ...options, environment: process.env, canAsk })
  return "problems" in prepared ? badInput(prepared.problems) : show(prepared.run, options)
}

/** Where people look. With -o json, standard output is for the program that reads it. */
function streamOf({ output, quiet }: RunOptions): NodeJS.WriteStream {
  return output === "json" || quiet ? stderr : stdout
}

function badInput(problems: readonly Problem[]): number {
  for (const problem of problems) complain(formatProblem(problem))
  return exitCodes.badInput
}

async function show(run: Run, options: RunOptions): Promise<number> {
  const stream = streamOf(options)
  const paint: Paint = painterOf(stream)
  const start = performance.now()
  let view: View = silentView
  const playing = await play(run, options.runner, {
    output: (...output) => view.output(...output),
    changed: (stage) => {
      view.changed(stage)
      const isAsked = playing.statuses.get(stage)?.reason === "AwaitingApproval"
      approvals[isAsked ? "request" : "withdraw"](stage)
    },
  })
  if (!options.quiet) view = viewFor(stream, playing, paint)
  view.note(paint("dim", heading(run, playing, options.runner)))
  for (const ignored of ignoredFields(run)) view.note(paint("dim", plain(ignored)))
  const interrupts = cancelOnSignal(playing, (text) => view.note(text))
  const approvals = askAt(process.stdin, {
    show: (stage) => {
      const question = stage && `Approve stage "${plain(stage)}"? [y/N; N cancels the run]`
      if (options.quiet) complain(question ?? "")
      else view.ask(question)
    },
    approved: playing.approve,
    refused: (stage) => {
      view.note(`stage "${plain(stage)}" was not approved: cancelling`)
      playing.cancel()
    },
    signal: interrupts.signal,
  })
  stopWithoutReader(() => {
    view.close()
    view = silentView
    interrupts.signal("SIGPIPE")
  })
  playing.start()
  const execution = await playing.done.finally(() => {
    approvals.close()
    view.close()
    interrupts.forget()
  })

  const { status } = execution
  const say = (line: string) => sayOn(stream, line)
  if (!options.quiet) {
    say(reportTable(playing, paint))
    say(
      `${paint("bold", status.phase ?? "")} in ${formatDuration(performance.now() - start)}: ${plain(status.summary ?? "")}`,
    )
  }
  for (const reason of reportReasons(status)) (options.quiet ? complain : say)(reason)
  if (options.output === "json") sayOn(stdout, safeJson(execution))
  return interrupts.exitCode() ?? (status.phase === "Succeeded" ? exitCodes.succeeded : exitCodes.failed)
}

function heading({ pipeline, execution }: Run, { stages }: Play, runner: Runner): string {
  const how =
    runner === "process" ? "as processes of this machine (images are not used)" : `in containers run by ${runner}`
  const count = `${stages.length} ${stages.length === 1 ? "stage" : "stages"}`
  return plain(`pipeline ${pipeline.name}, execution ${execution.name}: ${count} ${how}`)
}

/** A second signal this soon is the same one again: npx passes on the Ctrl-C that the terminal sends to all. */
const echoMillis = 250

/** The first signal cancels the run as a user of a cluster would; the second one ends what still runs at once. */
function cancelOnSignal(playing: Play, note: (text: string) => void) {
  let first: { readonly signal: NodeJS.Signals; readonly time: number } | undefined
  const listener = (signal: NodeJS.Signals) => {
    const time = performance.now()
    if (first === undefined) {
      first = { signal, time }
      note("cancelling; once more to kill what runs")
      playing.cancel()
    } else if (time - first.time > echoMillis) {
      playing.kill()
    }
  }
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const
  for (const signal of signals) process.on(signal, listener)
  process.on("exit", playing.kill)
  return {
    signal: listener,
    exitCode: () => first && 128 + constants.signals[first.signal],
    forget: () => {
      for (const signal of signals) process.off(signal, listener)
      process.off("exit", playing.kill)
    },
  }
}

/** A reader that went away, such as `head` or a closed terminal, ends a run as it ends other programs: by SIGPIPE. */
function stopWithoutReader(stop: () => void): void {
  let isGone = false
  const listener = () => {
    if (!isGone) stop()
    isGone = true
  }
  // They stay: whatever is written to the end of the process meets the same error.
  for (const stream of [stdout, stderr]) stream.on("error", listener)
}
