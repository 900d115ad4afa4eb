// Whose token is this, and what may they do? The API server knows.

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Unavailable } from "./object-api.ts"

/** A user of the cluster, as a TokenReview names it. */
export interface Caller {
  /** Such as `system:serviceaccount:NS:NAME`. */
  readonly username: string
  readonly uid?: string | undefined
  readonly groups?: readonly string[] | undefined
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined
}

export interface TokenReviewerService {
  /** The user of a token that is valid for this audience; undefined of another. */
  review(token: string, audience: string): Effect.Effect<Caller | undefined, Unavailable>
  /** Whether a user may create executions in a namespace. */
  mayStart(caller: Caller, namespace: string): Effect.Effect<boolean, Unavailable>
}

const nobody = Effect.fail(new Unavailable({ message: "there is nobody here who can review tokens" }))

export const TokenReviewer: Context.Reference<TokenReviewerService> = Context.Reference("peanut/TokenReviewer", {
  defaultValue: (): TokenReviewerService => ({ review: () => nobody, mayStart: () => nobody }),
})
