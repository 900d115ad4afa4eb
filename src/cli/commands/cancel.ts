// peanut cancel: ends executions before their end.

import * as Command from "effect/cli/Command"
import { withCluster } from "./cluster/command.ts"
import { clusterFlags } from "./cluster/flags.ts"
import { executionsArgument, steerAll } from "./cluster/steer.ts"

export const cancelCommand = Command.make(
  "cancel",
  { executions: executionsArgument, ...clusterFlags },
  ({ executions, ...flags }) =>
    withCluster(flags, (client) => steerAll(client, executions, { cancel: true }, "cancelled")),
).pipe(
  Command.withDescription("End executions: running Jobs are stopped, and nothing new starts"),
  Command.withExamples([{ command: "peanut cancel web-x7k2p", description: "Stages of finally still run" }]),
)
