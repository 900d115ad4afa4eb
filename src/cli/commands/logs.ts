// peanut logs: what the stages of an execution wrote.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { whilst } from "../../client/errors.ts"
import { followLogs, showLogs } from "../../client/logs.ts"
import { plain } from "../../words/safe.ts"
import { exitCodes } from "../exit-codes.ts"
import { lineFormatter } from "../view/log-line.ts"
import { complain, painterOf, passOn, stdout } from "../writer.ts"
import { BadUsage } from "./cluster/bad-usage.ts"
import { withCluster } from "./cluster/command.ts"
import { clusterFlags, executionArgument, switchFlag } from "./cluster/flags.ts"

export const logsCommand = Command.make(
  "logs",
  {
    execution: executionArgument,
    stage: Argument.String("stage").pipe(
      Argument.withDescription("A stage by its name; all stages where it is not given"),
      Argument.optional,
    ),
    follow: switchFlag("follow", "Go on until the execution, or the stage, has ended").pipe(Flag.withAlias("f")),
    previous: switchFlag("previous", "Of containers that were restarted, the run before"),
    container: Flag.String("container").pipe(
      Flag.withAlias("c"),
      Flag.withMetavar("NAME"),
      Flag.withDescription("Another container of the pods than the stage's own"),
      Flag.optional,
    ),
    ...clusterFlags,
  },
  ({ execution, stage, follow, previous, container, ...flags }) =>
    withCluster(flags, (client) => {
      if (follow && previous) {
        return Effect.fail(new BadUsage({ message: "--previous has ended: leave out --follow" }))
      }
      const stages: string[] = []
      const isTerminal = stdout.isTTY
      const options = { withStage: Option.isNone(stage), isTerminal }
      const format = lineFormatter(stages, options, painterOf(stdout))
      const request = {
        execution,
        previous,
        stage: Option.getOrUndefined(stage),
        container: Option.getOrUndefined(container),
      }
      return whilst(async () => {
        for await (const event of (follow ? followLogs : showLogs)(client, request)) {
          if (event.source === undefined) {
            complain(plain(event.note))
            continue
          }
          const { source, line } = event
          if (!stages.includes(source.stage)) stages.push(source.stage)
          passOn(...format(source, line))
        }
        return exitCodes.succeeded
      })
    }),
).pipe(
  Command.withDescription("Show what the stages of an execution wrote"),
  Command.withExamples([
    { command: "peanut logs web-x7k2p -f", description: "All stages as they run, each line behind its stage" },
    { command: 'peanut logs web-x7k2p "Unit tests"', description: "One stage, as it wrote it" },
  ]),
)
