// peanut rerun: a new execution that runs what an ended one left undone.

import * as Command from "effect/cli/Command"
import * as Option from "effect/Option"
import type { Execution } from "../../api/execution.ts"
import { CommandError, readExecution } from "../../client/errors.ts"
import { findRerunProblem } from "../../execution/rerun-of.ts"
import { objectForms } from "../view/output.ts"
import { withCluster } from "./cluster/command.ts"
import { createExecution } from "./cluster/create.ts"
import { clusterFlags, executionArgument, followFlags, nameFlag, outputFlag } from "./cluster/flags.ts"

export const rerunCommand = Command.make(
  "rerun",
  { execution: executionArgument, name: nameFlag, ...followFlags, output: outputFlag(objectForms), ...clusterFlags },
  ({ execution, name, ...options }) =>
    withCluster(options, async (client) => {
      const original = (await readExecution(client, execution)) as unknown as Execution
      const spec = { pipelineName: original.spec.pipelineName, rerunOf: execution }
      const problem = findRerunProblem({ ...original, spec }, original)
      if (problem !== undefined) throw new CommandError(problem)
      return createExecution(client, spec, { ...options, name: Option.getOrUndefined(name) })
    }),
).pipe(
  Command.withDescription("Run again what did not succeed in an execution, as a new execution"),
  Command.withExamples([
    { command: "peanut rerun web-x7k2p --watch", description: "Keep what Succeeded, run the rest, and look on" },
  ]),
)
