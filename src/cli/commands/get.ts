// peanut get: one execution, for a person or for a program.

import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { readExecution } from "../../client/executions.ts"
import { resources } from "../../cluster/object-api.ts"
import { exitCodes } from "../exit-codes.ts"
import { formatObject, objectForms } from "../view/output.ts"
import { executionPage } from "../view/page.ts"
import { painterOf, say, stdout } from "../writer.ts"
import { withCluster } from "./cluster/command.ts"
import { clusterFlags, executionArgument, outputFlag } from "./cluster/flags.ts"

export const getCommand = Command.make(
  "get",
  { execution: executionArgument, output: outputFlag([...objectForms, "wide"]), ...clusterFlags },
  ({ execution: name, output, ...flags }) =>
    withCluster(flags, (client) =>
      Effect.map(readExecution(client, name), (execution) => {
        say(
          output === undefined || output === "wide"
            ? executionPage(execution, { isWide: output === "wide", nowMillis: Date.now() }, painterOf(stdout))
            : formatObject(resources.executions, execution, output),
        )
        return exitCodes.succeeded
      }),
    ),
).pipe(
  Command.withDescription("Show an execution: its stages as a graph, and why each is where it is"),
  Command.withExamples([
    { command: "peanut get web-x7k2p", description: "A page to read; with -o wide also the Jobs" },
    { command: "peanut get web-x7k2p -o yaml", description: "The whole object" },
  ]),
)
