// The command line of Peanut.

import { basename } from "node:path"
import { format } from "node:util"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as CliConfig from "effect/cli/CliConfig"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as GlobalFlag from "effect/cli/GlobalFlag"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import packageJson from "../../package.json" with { type: "json" }
import { normalized } from "./arguments.ts"
import { approveCommand } from "./commands/approve.ts"
import { cancelCommand } from "./commands/cancel.ts"
import { getCommand } from "./commands/get.ts"
import { graphCommand } from "./commands/graph.ts"
import { listCommand } from "./commands/list.ts"
import { logsCommand } from "./commands/logs.ts"
import { rerunCommand } from "./commands/rerun.ts"
import { resumeCommand } from "./commands/resume.ts"
import { runCommand } from "./commands/run.ts"
import { startCommand } from "./commands/start.ts"
import { suspendCommand } from "./commands/suspend.ts"
import { validateCommand } from "./commands/validate.ts"
import { watchCommand } from "./commands/watch.ts"
import { exitCodes } from "./exit-codes.ts"
import { complain, showOn, stderr, stdout } from "./writer.ts"

const args = normalized(process.argv.slice(2))
// kubectl finds its plugins by their file names, and completes what they take by other means.
const isPlugin = basename(process.argv[1] ?? "").startsWith("kubectl-")
const program = isPlugin && !args.some((arg) => arg.startsWith("--completions")) ? "kubectl peanut" : "peanut"

const peanut = Command.make(program).pipe(
  Command.withDescription("Pipelines on Kubernetes that cost nothing while nothing runs"),
  Command.withSubcommands([
    { group: "On this machine", commands: [runCommand, validateCommand, graphCommand] },
    { group: "On a cluster", commands: [startCommand, listCommand, getCommand, watchCommand, logsCommand] },
    {
      group: "Steering executions",
      commands: [cancelCommand, suspendCommand, resumeCommand, approveCommand, rerunCommand],
    },
  ]),
)

// What the parser of the command line says. Help is an answer, or it explains a mistake; only the end tells which.
const said: string[] = []
const parserConsole: Console.Console = Object.assign(Object.create(console), {
  log: (...words: unknown[]) => void said.push(format(...words)),
  error: (...words: unknown[]) => void said.push(format(...words)),
})
const exit = await Effect.runPromiseExit(
  Command.runWith(peanut, { version: packageJson.version })(args).pipe(
    Effect.provide(NodeServices.layer),
    Effect.provideService(Console.Console, parserConsole),
    Effect.provideService(
      CliConfig.CliConfig,
      CliConfig.make({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
    ),
  ),
)
if (said.length > 0) showOn(Exit.isSuccess(exit) ? stdout : stderr, inPlugin(said.join("\n")))
if (Exit.isFailure(exit)) {
  const error = Cause.squash(exit.cause)
  // What was wrong with the command line has been said, with the help.
  if (CliError.isCliError(error)) process.exitCode = exitCodes.badInput
  else {
    complain(format(error))
    process.exitCode = exitCodes.failed
  }
}

/** The examples of the commands, as they are typed behind kubectl. */
function inPlugin(text: string): string {
  return program === "peanut" ? text : text.replace(/(?<![\w-]|kubectl )peanut (?=[a-z])/g, `${program} `)
}
