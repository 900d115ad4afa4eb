// The command line of `peanut run`.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { runners } from "../../cluster/local.ts"
import { run } from "../play/run.ts"

export const runCommand = Command.make(
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
    param: Flag.String("param").pipe(
      Flag.withAlias("p"),
      Flag.withMetavar("NAME=VALUE"),
      Flag.withDescription("A parameter of the pipeline; may be given several times, and wins over the execution's"),
      Flag.atLeast(0),
    ),
    approve: Flag.String("approve").pipe(
      Flag.withMetavar("STAGE"),
      Flag.withDescription("Do not ask for the approval of this stage; may be given several times"),
      Flag.atLeast(0),
    ),
    approveAll: Flag.Boolean("approve-all").pipe(
      Flag.withDescription("Ask for no approval"),
      Flag.withoutNegation,
      Flag.withDefault(false),
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
  ({ paths, pipeline, execution, param, approve, approveAll, runner, output, quiet }) =>
    Effect.promise(async () => {
      process.exitCode = await run({
        paths,
        runner,
        approve,
        approveAll,
        params: param,
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
    { command: "peanut run web.yaml --param version=1.2", description: "With a parameter of the pipeline" },
    { command: "kubectl get pst,ppl -o yaml | peanut run - --pipeline web", description: "Play what a cluster has" },
  ]),
)
