// The command line of Peanut.

import { format } from "node:util"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Argument from "effect/cli/Argument"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import packageJson from "../../package.json" with { type: "json" }
import { runners } from "../cluster/local.ts"
import { exitCodes, run } from "./run.ts"

const runCommand = Command.make(
  "run",
  {
    paths: Argument.String("path").pipe(
      Argument.withDescription("Files, directories, or - for standard input"),
      Argument.variadic({ min: 1 }),
    ),
    pipeline: Flag.String("pipeline").pipe(
      Flag.withDescription("Run this pipeline, when the files hold no execution"),
      Flag.optional,
    ),
    execution: Flag.String("execution").pipe(
      Flag.withDescription("Run this execution, when the files hold several"),
      Flag.optional,
    ),
    runner: Flag.Literals("runner", runners).pipe(
      Flag.withDescription("What runs the stages: processes of this machine (images are not used), or containers"),
      Flag.withDefault("process" as const),
    ),
    output: Flag.Literals("output", ["json"]).pipe(
      Flag.withAlias("o"),
      Flag.withDescription("Write the execution as it ended to standard output; all else goes to standard error"),
      Flag.optional,
    ),
    quiet: Flag.Boolean("quiet").pipe(
      Flag.withAlias("q"),
      Flag.withDescription("Say only what went wrong"),
      Flag.withDefault(false),
    ),
  },
  ({ paths, pipeline, execution, runner, output, quiet }) =>
    Effect.promise(async () => {
      process.exitCode = await run({
        paths,
        runner,
        quiet,
        pipeline: Option.getOrUndefined(pipeline),
        execution: Option.getOrUndefined(execution),
        output: Option.getOrUndefined(output),
      })
    }),
).pipe(
  Command.withDescription("Play a pipeline on this machine, with no cluster"),
  Command.withExamples([
    { command: "peanut run config/samples", description: "Play the one execution in a directory" },
    { command: "peanut run web.yaml --pipeline web", description: "Play a pipeline that has no execution" },
    { command: "kubectl get pst,ppl -o yaml | peanut run - --pipeline web", description: "Play what a cluster has" },
  ]),
)

const peanut = Command.make("peanut").pipe(
  Command.withDescription("Pipelines on Kubernetes that cost nothing while nothing runs"),
  Command.withSubcommands([runCommand]),
)

// What the parser of the command line says. Help is an answer, or it explains a mistake; only the end tells which.
const said: string[] = []
const parserConsole: Console.Console = Object.assign(Object.create(console), {
  log: (...words: unknown[]) => void said.push(format(...words)),
  error: (...words: unknown[]) => void said.push(format(...words)),
})
const exit = await Effect.runPromiseExit(
  Command.run(peanut, { version: packageJson.version }).pipe(
    Effect.provide(NodeServices.layer),
    Effect.provideService(Console.Console, parserConsole),
  ),
)
if (said.length > 0) (Exit.isSuccess(exit) ? console.log : console.error)(said.join("\n"))
if (Exit.isFailure(exit)) {
  const error = Cause.squash(exit.cause)
  // What was wrong with the command line has been said, with the help.
  if (CliError.isCliError(error)) process.exitCode = exitCodes.badInput
  else {
    console.error(error)
    process.exitCode = exitCodes.failed
  }
}
