// What `cancel`, `suspend` and `resume` have in common: one change to the spec of each execution that is named.

import * as Argument from "effect/cli/Argument"
import * as Effect from "effect/Effect"
import type { ExecutionSpec } from "../../../api/execution.ts"
import type { Client } from "../../../client/client.ts"
import { steer } from "../../../client/steer.ts"
import { resources } from "../../../cluster/object-api.ts"
import { exitCodes } from "../../exit-codes.ts"
import { fullName } from "../../view/output.ts"
import { say } from "../../writer.ts"
import { told } from "./command.ts"

export const executionsArgument = Argument.String("execution").pipe(
  Argument.withDescription("Names of PeanutPipelineExecutions"),
  Argument.variadic({ min: 1 }),
)

/** Steers each of these executions, and says so; one that cannot be steered does not keep the others from it. */
export const steerAll = (
  client: Client,
  names: readonly string[],
  patch: Pick<ExecutionSpec, "cancel" | "suspend">,
  done: string,
): Effect.Effect<number> =>
  Effect.forEach(names, (name) =>
    steer(client, name, patch).pipe(
      Effect.map((execution): number => {
        say(`${fullName(resources.executions, execution)} ${done}`)
        return exitCodes.succeeded
      }),
      Effect.catch((error) => told(error, client)),
    ),
  ).pipe(Effect.map((codes) => Math.max(...codes)))
