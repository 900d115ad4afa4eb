// Whose token is this? The API server knows.

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Unavailable } from "./object-api.ts"

export interface TokenReviewerService {
  /** The user of a token that is valid for this audience, such as `system:serviceaccount:NS:NAME`; undefined of another. */
  review(token: string, audience: string): Effect.Effect<string | undefined, Unavailable>
}

export const TokenReviewer: Context.Reference<TokenReviewerService> = Context.Reference("peanut/TokenReviewer", {
  defaultValue: (): TokenReviewerService => ({
    review: () => Effect.fail(new Unavailable({ message: "there is nobody here who can review tokens" })),
  }),
})
