// What a command says when the cluster does not do as asked: one line, about what to do next.

import { resources } from "../cluster/object-api.ts"
import { didYouMean } from "../words/nearest-name.ts"
import { plain } from "../words/text.ts"
import type { Client } from "./client.ts"
import type { ExecutionObject, KubernetesObject } from "./objects.ts"

/** Ends a command with this message and exit code. */
export class CommandError extends Error {
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The error that a command met, for the person who gave it. */
export function explain(error: unknown, client: Client | undefined): string {
  if (!(error instanceof Error)) return String(error)
  const { _tag, cause } = error as { _tag?: string; cause?: { code?: string; message?: string } }
  if (isWithoutPeanut(error)) return "this cluster knows no pipelines: Peanut is not installed in it"
  if (_tag === "Unavailable" && cause !== undefined) {
    return plain(`cannot reach the API server at ${client?.server}: ${reasonOf(cause)}`)
  }
  if (_tag === "Unavailable" && error.message.startsWith("401")) {
    return `the API server at ${client?.server} does not accept your credentials; sign in again, as for kubectl`
  }
  return plain(error.message)
}

/** Errors of several addresses have a message for each, and none of their own. */
function reasonOf(cause: { code?: string; message?: string; errors?: readonly Error[] }): string {
  return cause.message || cause.errors?.map(({ message }) => message).join(", ") || cause.code || String(cause)
}

/** Where the CRDs are missing, there is no such path. */
function isWithoutPeanut({ message }: Error): boolean {
  return /404 page not found|could not find the requested resource/.test(message)
}

/** The execution of this name; else an error that says which one was probably meant. */
export async function readExecution(client: Client, name: string): Promise<ExecutionObject> {
  return client.get<ExecutionObject>(resources.executions, name).catch(async (error: unknown) => {
    throw isMissing(error) ? await missing(client, "execution", name) : error
  })
}

/** Whether an object is not there, in a cluster that knows its kind. */
export function isMissing(error: unknown): boolean {
  return (error as { _tag?: string })._tag === "NotFound" && !isWithoutPeanut(error as Error)
}

/** The error about a name that nothing in the namespace has. */
export async function missing(client: Client, kind: "execution" | "pipeline", name: string): Promise<CommandError> {
  const resource = resources[`${kind}s`]
  // Who may read one object by its name need not have the right to list all.
  const known = await client.list<KubernetesObject>(resource).catch(() => [])
  const names = known.map(({ metadata }) => metadata.name)
  return new CommandError(`there is no ${kind} "${name}" in namespace "${client.namespace}"${didYouMean(name, names)}`)
}
