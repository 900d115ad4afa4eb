// Creates an execution and, if asked to, stays with it to its end: what `start` and `rerun` have in common.

import { apiVersion } from "../../../api/meta.ts"
import type { Param } from "../../../api/param.ts"
import type { Client } from "../../../client/client.ts"
import { CommandError } from "../../../client/errors.ts"
import type { ExecutionObject } from "../../../client/objects.ts"
import { resources } from "../../../cluster/object-api.ts"
import { follow } from "../../view/follow.ts"
import { formatObject, fullName, type ObjectForm } from "../../view/output.ts"

export interface CreateOptions {
  readonly name: string | undefined
  readonly wait: boolean
  readonly watch: boolean
  readonly output: ObjectForm | undefined
}

/** The exit code: with wait or watch that of the run, else 0. */
export async function createExecution(
  client: Client,
  spec: {
    readonly pipelineName: string
    readonly params?: readonly Param[] | undefined
    readonly rerunOf?: string | undefined
  },
  { name, wait, watch, output }: CreateOptions,
): Promise<number> {
  const created = await client
    .create<ExecutionObject>(resources.executions, {
      apiVersion,
      kind: resources.executions.kind,
      // The API server puts five random characters behind it.
      metadata: name === undefined ? { generateName: `${spec.pipelineName}-` } : { name },
      spec,
    })
    .catch((error: { _tag?: string; message?: string }) => {
      if (error._tag !== "AlreadyExists") throw error
      throw new CommandError(`there is an execution "${name}" in namespace "${client.namespace}" already`)
    })
  const print = (execution: ExecutionObject) =>
    console.log(
      output === undefined
        ? `${fullName(resources.executions, execution)} created`
        : formatObject(resources.executions, execution, output),
    )
  if (!wait && !watch) {
    print(created)
    return 0
  }
  // Standard output is for the object alone, if one is asked for.
  const stream = output === undefined ? process.stdout : process.stderr
  if (output === undefined) print(created)
  const { execution, exitCode } = await follow(client, created.metadata.name, stream, { isQuiet: !watch })
  if (output !== undefined) print(execution)
  return exitCode
}
