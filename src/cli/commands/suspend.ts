// peanut suspend: holds executions.

import * as Command from "effect/cli/Command"
import { withCluster } from "./cluster/command.ts"
import { clusterFlags } from "./cluster/flags.ts"
import { executionsArgument, steerAll } from "./cluster/steer.ts"

export const suspendCommand = Command.make(
  "suspend",
  { executions: executionsArgument, ...clusterFlags },
  ({ executions, ...flags }) =>
    withCluster(flags, (client) => steerAll(client, executions, { suspend: true }, "suspended")),
).pipe(
  Command.withDescription("Hold executions: no further stage starts; what runs goes on"),
  Command.withExamples([{ command: "peanut suspend web-x7k2p", description: "Until peanut resume web-x7k2p" }]),
)
