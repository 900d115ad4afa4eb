// peanut watch: an execution until it has ended.

import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { follow } from "../view/follow.ts"
import { stdout } from "../writer.ts"
import { withCluster } from "./cluster/command.ts"
import { clusterFlags, executionArgument } from "./cluster/flags.ts"

export const watchCommand = Command.make(
  "watch",
  { execution: executionArgument, ...clusterFlags },
  ({ execution, ...flags }) =>
    withCluster(flags, (client) => follow(client, execution, stdout).pipe(Effect.map(({ exitCode }) => exitCode))),
).pipe(
  Command.withDescription("Look on until an execution has ended; exit code 1 unless it Succeeded"),
  Command.withExamples([{ command: "peanut watch web-x7k2p", description: "Ctrl-C leaves it running" }]),
)
