// Creates an execution and, if asked to, stays with it to its end: what `start` and `rerun` have in common.

import * as Effect from "effect/Effect"
import type { Client } from "../../../client/client.ts"
import type { ClientError } from "../../../client/errors.ts"
import { createExecution } from "../../../client/executions.ts"
import type { ExecutionObject } from "../../../client/objects.ts"
import { resources } from "../../../cluster/object-api.ts"
import { exitCodes } from "../../exit-codes.ts"
import { follow } from "../../view/follow.ts"
import { formatObject, fullName, type ObjectForm } from "../../view/output.ts"
import { say, stderr, stdout } from "../../writer.ts"

export interface CreateOptions {
  readonly name: string | undefined
  readonly wait: boolean
  readonly watch: boolean
  readonly output: ObjectForm | undefined
}

/** The exit code: with wait or watch that of the run, else 0. */
export const createAndFollow = Effect.fnUntraced(function* (
  client: Client,
  spec: Parameters<typeof createExecution>[1],
  { name, wait, watch, output }: CreateOptions,
): Effect.fn.Return<number, ClientError> {
  const created = yield* createExecution(client, spec, name)
  const print = (execution: ExecutionObject) =>
    say(
      output === undefined
        ? `${fullName(resources.executions, execution)} created`
        : formatObject(resources.executions, execution, output),
    )
  if (!wait && !watch) {
    print(created)
    return exitCodes.succeeded
  }
  // Standard output is for the object alone, if one is asked for.
  const stream = output === undefined ? stdout : stderr
  if (output === undefined) print(created)
  const { execution, exitCode } = yield* follow(client, created.metadata.name, stream, { isQuiet: !watch })
  if (output !== undefined) print(execution)
  return exitCode
})
