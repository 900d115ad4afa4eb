// What a command says when the cluster does not do as asked: one line, about what to do next.

import type { Client } from "../../../client/client.ts"
import { isWithoutPeanut } from "../../../client/errors.ts"
import { plain } from "../../../words/safe.ts"
import type { CommandError } from "../../exit-codes.ts"

/** The error that a command met, for the person who gave it. */
export function explain(error: CommandError, client?: Pick<Client, "server">): string {
  if (error._tag === "BadUsage") return plain(error.message)
  if (isWithoutPeanut(error)) return "this cluster knows no pipelines: Peanut is not installed in it"
  if (error._tag === "Unavailable" && error.cause !== undefined) {
    return plain(`cannot reach the API server at ${client?.server}: ${reasonOf(error.cause)}`)
  }
  if (error._tag === "Unavailable" && error.status === 401) {
    return plain(`the API server at ${client?.server} does not accept your credentials; sign in again, as for kubectl`)
  }
  return plain(error.message)
}

/** Errors of several addresses have a message for each, and none of their own. */
function reasonOf(cause: unknown): string {
  const { message, errors, code } = cause as { message?: string; errors?: readonly Error[]; code?: string }
  return message || errors?.map(({ message }) => message).join(", ") || code || String(cause)
}
