// peanut resume: lets suspended executions go on.

import * as Command from "effect/cli/Command"
import { withCluster } from "./cluster/command.ts"
import { clusterFlags } from "./cluster/flags.ts"
import { executionsArgument, steerAll } from "./cluster/steer.ts"

export const resumeCommand = Command.make(
  "resume",
  { executions: executionsArgument, ...clusterFlags },
  ({ executions, ...flags }) =>
    withCluster(flags, (client) => steerAll(client, executions, { suspend: false }, "resumed")),
).pipe(
  Command.withDescription("Let suspended executions go on"),
  Command.withExamples([{ command: "peanut resume web-x7k2p", description: "Start what was held" }]),
)
