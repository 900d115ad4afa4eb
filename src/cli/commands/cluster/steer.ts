// Changes to the spec of an execution by which a person steers it: cancel, suspend, resume.

import * as Argument from "effect/cli/Argument"
import { type ExecutionSpec, isFinished } from "../../../api/execution.ts"
import type { Client } from "../../../client/client.ts"
import { CommandError, explain, readExecution } from "../../../client/errors.ts"
import { resources } from "../../../cluster/object-api.ts"
import { fullName } from "../../view/output.ts"

export const executionsArgument = Argument.String("execution").pipe(
  Argument.withDescription("Names of PeanutPipelineExecutions"),
  Argument.variadic({ min: 1 }),
)

/** Patches each of these executions, and says so; one that cannot be steered does not keep the others from it. */
export async function steer(
  client: Client,
  names: readonly string[],
  patch: Pick<ExecutionSpec, "cancel" | "suspend">,
  done: string,
): Promise<number> {
  let exitCode = 0
  for (const name of names) {
    try {
      const execution = await readExecution(client, name)
      if (isFinished(execution)) {
        throw new CommandError(`execution "${name}" has ended: ${execution.status?.phase}; there is nothing to steer`)
      }
      await client.patch(resources.executions, name, { spec: patch })
      console.log(`${fullName(resources.executions, execution)} ${done}`)
    } catch (error) {
      console.error(`error: ${explain(error, client)}`)
      exitCode = 1
    }
  }
  return exitCode
}
