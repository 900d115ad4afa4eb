// peanut approve: lets stages start that wait for a person.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { approve } from "../../client/approve.ts"
import { plain } from "../../words/safe.ts"
import { exitCodes } from "../exit-codes.ts"
import { say } from "../writer.ts"
import { BadUsage } from "./cluster/bad-usage.ts"
import { withCluster } from "./cluster/command.ts"
import { clusterFlags, executionArgument, switchFlag } from "./cluster/flags.ts"

export const approveCommand = Command.make(
  "approve",
  {
    execution: executionArgument,
    stages: Argument.String("stage").pipe(
      Argument.withDescription("Names of stages with approval: true"),
      Argument.variadic(),
    ),
    all: switchFlag("all", "All stages that wait for approval now"),
    ...clusterFlags,
  },
  ({ execution, stages, all, ...flags }) =>
    withCluster(flags, (client) => {
      if ((stages.length === 0) === !all) {
        return Effect.fail(new BadUsage({ message: "name the stages to approve, or give --all" }))
      }
      return Effect.map(approve(client, execution, all ? undefined : stages), (approved) => {
        if (approved.length === 0) say(`no stage of execution "${plain(execution)}" waits for approval`)
        for (const { stage, isOld } of approved) {
          say(`stage "${plain(stage)}" ${isOld ? "was approved before" : "approved"}`)
        }
        return exitCodes.succeeded
      })
    }),
).pipe(
  Command.withDescription("Let stages with approval: true start"),
  Command.withExamples([
    { command: 'peanut approve web-x7k2p "Deploy to production"', description: "A stage by its name" },
    { command: "peanut approve web-x7k2p --all", description: "Whatever waits for approval now" },
  ]),
)
