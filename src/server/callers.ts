// Who may send events. Decided from the request's headers and path alone, before its body is read or anything is looked
// up; but for the PingSources of schedules, which are known only when their event is read.

import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { TokenReviewer } from "../cluster/token-reviewer.ts"
import { NotAllowed } from "../controller/not-taken.ts"
import { notAllowed, type Sender } from "../controller/starter.ts"
import type { Settings } from "../settings.ts"

/** No token, or none that is valid for this service. */
export class Unauthenticated extends Data.TaggedError("Unauthenticated")<{ readonly message: string }> {}

type Callers = Settings["callers"]
type Authorization = string | undefined

/** Lets the named callers in, by the OIDC token that Knative's senders attach; everybody, where none are named. */
export const admit = Effect.fn("admit")(function* (callers: Callers, authorization: Authorization) {
  if (callers === undefined) return
  const { username } = yield* authenticate(callers.audience, authorization)
  if (!callers.subjects.has(username)) {
    return yield* new NotAllowed({ message: `${username} may not send events here` })
  }
})

/**
 * Lets in whoever may create executions in the namespace, and its service accounts: one of these may be that of a schedule.
 * The sender, or nobody where tokens are not asked for.
 */
export const admitToStart = Effect.fn("admitToStart")(function* (
  callers: Callers,
  authorization: Authorization,
  namespace: string,
) {
  if (callers === undefined) return undefined
  const caller = yield* authenticate(callers.audience, authorization)
  const { username } = caller
  const mayStart = yield* (yield* TokenReviewer).mayStart(caller, namespace)
  if (!mayStart && !username.startsWith(`system:serviceaccount:${namespace}:`)) {
    return yield* new NotAllowed({ message: notAllowed(username, namespace) })
  }
  return { username, mayStart } satisfies Sender
})

const authenticate = Effect.fnUntraced(function* (audience: string, authorization: Authorization) {
  const token = /^Bearer +(\S{1,16384})$/i.exec(authorization ?? "")?.[1]
  if (token === undefined) return yield* new Unauthenticated({ message: "a bearer token is required" })
  const caller = yield* (yield* TokenReviewer).review(token, audience)
  if (caller === undefined) {
    return yield* new Unauthenticated({ message: `the token is not valid for audience "${audience}"` })
  }
  return caller
})
