// Changes to the spec of an execution by which a person steers it: cancel, suspend, resume.

import * as Effect from "effect/Effect"
import { type ExecutionSpec, isFinished } from "../api/execution.ts"
import { type Conflict, resources } from "../cluster/object-api.ts"
import type { Client } from "./client.ts"
import { Unfit } from "./errors.ts"
import { type ReadError, readExecution } from "./executions.ts"
import type { ExecutionObject } from "./objects.ts"

/** Patches the execution, unless it has ended; the execution as it was. */
export const steer = Effect.fnUntraced(function* (
  client: Client,
  name: string,
  patch: Pick<ExecutionSpec, "cancel" | "suspend">,
): Effect.fn.Return<ExecutionObject, ReadError | Unfit | Conflict> {
  const execution = yield* readExecution(client, name)
  if (isFinished(execution)) {
    const message = `execution "${name}" has ended: ${execution.status?.phase}; there is nothing to steer`
    return yield* new Unfit({ execution: name, message })
  }
  yield* client.patch(resources.executions, name, { spec: patch })
  return execution
})
