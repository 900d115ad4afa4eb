// peanut rerun: a new execution that runs what an ended one left undone.

import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Execution } from "../../api/execution.ts"
import { Unfit } from "../../client/errors.ts"
import { readExecution } from "../../client/executions.ts"
import { findRerunProblem } from "../../execution/rerun-of.ts"
import type { CommandError } from "../exit-codes.ts"
import { objectForms } from "../view/output.ts"
import { withCluster } from "./cluster/command.ts"
import { createAndFollow } from "./cluster/created.ts"
import { clusterFlags, executionArgument, followFlags, nameFlag, outputFlag } from "./cluster/flags.ts"

export const rerunCommand = Command.make(
  "rerun",
  { execution: executionArgument, name: nameFlag, ...followFlags, output: outputFlag(objectForms), ...clusterFlags },
  ({ execution, name, ...options }) =>
    withCluster(
      options,
      Effect.fnUntraced(function* (client): Effect.fn.Return<number, CommandError> {
        const original = (yield* readExecution(client, execution)) as unknown as Execution
        const spec = { pipelineName: original.spec.pipelineName, rerunOf: execution }
        const message = findRerunProblem({ ...original, spec }, original)
        if (message !== undefined) return yield* new Unfit({ execution, message })
        return yield* createAndFollow(client, spec, { ...options, name: Option.getOrUndefined(name) })
      }),
    ),
).pipe(
  Command.withDescription("Run again what did not succeed in an execution, as a new execution"),
  Command.withExamples([
    { command: "peanut rerun web-x7k2p --watch", description: "Keep what Succeeded, run the rest, and look on" },
  ]),
)
