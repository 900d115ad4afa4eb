// Who may send events. Decided from the request's headers alone, before its body is read or anything is looked up.

import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { TokenReviewer } from "../cluster/token-reviewer.ts"
import type { Settings } from "../settings.ts"

/** No token, or none that is valid for this service. */
export class Unauthenticated extends Data.TaggedError("Unauthenticated")<{ readonly message: string }> {}
/** Somebody else. */
export class NotAllowed extends Data.TaggedError("NotAllowed")<{ readonly message: string }> {}

/** Lets the named callers in, by the OIDC token that Knative's senders attach; everybody, where none are named. */
export const admit = Effect.fn("admit")(function* (callers: Settings["callers"], authorization: string | undefined) {
  if (callers === undefined) return
  const token = /^Bearer +(\S{1,16384})$/i.exec(authorization ?? "")?.[1]
  if (token === undefined) return yield* new Unauthenticated({ message: "a bearer token is required" })
  const user = yield* (yield* TokenReviewer).review(token, callers.audience)
  if (user === undefined) {
    return yield* new Unauthenticated({ message: `the token is not valid for audience "${callers.audience}"` })
  }
  if (!callers.subjects.has(user)) return yield* new NotAllowed({ message: `${user} may not send events here` })
})
