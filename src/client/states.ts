// An execution as it changes, until it has ended: by a watch, which is opened again whenever it breaks off.

import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import { isFinished } from "../api/execution.ts"
import { resources } from "../cluster/object-api.ts"
import type { Client } from "./client.ts"
import { Deleted, isAway, isForbidden, isMissing } from "./errors.ts"
import { readExecution } from "./executions.ts"
import type { ExecutionObject } from "./objects.ts"

/** How long the API server may be away before a command that waits gives up. */
const patienceMillis = 120_000
const pauseMillis = 1000

/**
 * Each state of the execution from now on; the last one is its end. `note` hears when the API server is away. Throws
 * what {@link Client} fails with, and {@link Deleted}.
 */
export async function* executionStates(
  client: Client,
  name: string,
  note: (text: string) => void,
): AsyncGenerator<ExecutionObject> {
  let execution = await Effect.runPromise(readExecution(client, name))
  const { uid } = execution.metadata
  let canWatch = true
  let awaySince: number | undefined
  let isTold = false
  yield execution
  while (!isFinished(execution)) {
    try {
      if (canWatch) {
        for await (const change of client.streams.watch(resources.executions, execution.metadata)) {
          execution = checked(change.object as ExecutionObject, change.type === "DELETED")
          yield execution
          if (isFinished(execution)) return
        }
      }
    } catch (error) {
      // Who may get but not watch is served by asking again and again.
      if (isForbidden(error)) canWatch = false
      else if (!isAway(error)) throw error
    }
    await sleep(pauseMillis)
    try {
      execution = await reread()
      awaySince = undefined
      yield execution
    } catch (error) {
      if (!isAway(error)) throw error
      awaySince ??= performance.now()
      if (performance.now() - awaySince > patienceMillis) throw error
      if (!isTold) note("no connection to the API server; trying again")
      isTold = true
    }
  }

  async function reread(): Promise<ExecutionObject> {
    const read = client
      .get<ExecutionObject>(resources.executions, name)
      .pipe(Effect.mapError((error) => (isMissing(error) ? deleted() : error)))
    return checked(await Effect.runPromise(read), false)
  }

  /** Another one of the same name is not the one that was watched. */
  function checked(object: ExecutionObject, isDeleted: boolean): ExecutionObject {
    if (isDeleted || object.metadata.uid !== uid) throw deleted()
    return object
  }

  function deleted(): Deleted {
    return new Deleted({ execution: name, message: `execution "${name}" was deleted before it ended` })
  }
}
