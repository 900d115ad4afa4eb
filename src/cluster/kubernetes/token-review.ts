// Tokens, reviewed by the API server: signature, expiry, audience, and whether the service account is still there.

import * as Effect from "effect/Effect"
import * as z from "zod"
import type { Unavailable } from "../object-api.ts"
import type { Caller, TokenReviewerService } from "../token-reviewer.ts"
import { accessReviewer } from "./access-review.ts"
import type { HttpClient } from "./http-client.ts"
import { keyOf, lifetimes, review } from "./review.ts"
import { makeVerdicts } from "./verdicts.ts"

const answer = z.object({
  status: z.object({
    authenticated: z.boolean().optional(),
    // Of a token that is refused, the API server says `user: {}`.
    user: z
      .object({
        username: z.string(),
        uid: z.string(),
        groups: z.array(z.string()),
        extra: z.record(z.string(), z.array(z.string())),
      })
      .partial()
      .optional(),
    audiences: z.array(z.string()).optional(),
  }),
})

export function tokenReviewer(client: HttpClient): TokenReviewerService {
  const verdicts = makeVerdicts<Caller | undefined, Unavailable>({
    isGranted: (caller) => caller !== undefined,
    ...lifetimes,
  })

  return {
    review: Effect.fn("TokenReviewer.review")((token: string, audience: string) =>
      verdicts(keyOf([token, audience]), ask(token, audience)),
    ),
    mayStart: accessReviewer(client),
  }

  function ask(token: string, audience: string) {
    const spec = { token, audiences: [audience] }
    return review(client, { group: "authentication.k8s.io", kind: "TokenReview", spec, answer }).pipe(
      Effect.map(({ status: { authenticated, user, audiences } }): Caller | undefined => {
        // An API server that does not know of audiences reviews a token without them.
        if (!authenticated || !audiences?.includes(audience) || !user?.username) return undefined
        return { ...user, username: user.username }
      }),
    )
  }
}
