// What can go wrong for a person at a cluster: what the API server says, and what of a request does not fit what is there.

import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { NoConnection } from "../cluster/kubernetes/connection.ts"
import type { AlreadyExists, Conflict, NotFound, Refused, Unavailable } from "../cluster/object-api.ts"

/** Nothing has this name; the message says which one was probably meant. */
export class Missing extends Data.TaggedError("Missing")<{
  readonly kind: "execution" | "pipeline" | "stage" | "container"
  readonly name: string
  readonly message: string
}> {}

/** What was asked for does not fit the state of the execution, such as steering one that has ended. */
export class Unfit extends Data.TaggedError("Unfit")<{ readonly execution: string; readonly message: string }> {}

/** The execution was deleted while somebody looked on; one of the same name is another one. */
export class Deleted extends Data.TaggedError("Deleted")<{ readonly execution: string; readonly message: string }> {}

export type ApiError = NotFound | Conflict | AlreadyExists | Refused | Unavailable
export type ClientError = NoConnection | ApiError | Missing | Unfit | Deleted

const tags: ReadonlySet<string> = new Set<ClientError["_tag"]>([
  ...(["NotFound", "Conflict", "AlreadyExists", "Refused", "Unavailable"] as const),
  ...(["NoConnection", "Missing", "Unfit", "Deleted"] as const),
])

/** Whether this was thrown by the client; all else is a bug. */
export function isClientError(error: unknown): error is ClientError {
  return error instanceof Error && "_tag" in error && tags.has(String(error._tag))
}

/** What follows changes or logs by asynchronous iteration, as an Effect. */
export function whilst<A>(follow: () => Promise<A>): Effect.Effect<A, ClientError> {
  return Effect.tryPromise({
    try: follow,
    catch: (error) => {
      if (isClientError(error)) return error
      throw error
    },
  })
}

/** Whether the API server knows nothing of Peanut: its kinds are missing. */
export function isWithoutPeanut(error: ClientError): boolean {
  if (error._tag === "NotFound") return error.isUnknownKind ?? false
  return error._tag === "Unavailable" && error.status === 404
}

/** Whether an object is not there, in a cluster that knows its kind. */
export function isMissing(error: unknown): boolean {
  return isClientError(error) && error._tag === "NotFound" && !isWithoutPeanut(error)
}

/** Whether it may be another time: the API server is away, or busy. */
export function isAway(error: unknown): boolean {
  return isClientError(error) && error._tag === "Unavailable"
}

/** Whether the rights of this person do not suffice. */
export function isForbidden(error: unknown): boolean {
  return isClientError(error) && error._tag === "Refused" && error.status === 403
}
