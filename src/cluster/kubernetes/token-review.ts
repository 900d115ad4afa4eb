// Tokens, reviewed by the API server: signature, expiry, audience, and whether the service account is still there.

import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as z from "zod"
import { apiRequestsTotal } from "../../metrics.ts"
import { Unavailable } from "../object-api.ts"
import type { TokenReviewerService } from "../token-reviewer.ts"
import { type HttpClient, json } from "./http-client.ts"
import { makeVerdicts } from "./verdicts.ts"

const answer = z.object({
  status: z.object({
    authenticated: z.boolean().optional(),
    // Of a token that is refused, the API server says `user: {}`.
    user: z.object({ username: z.string().optional() }).optional(),
    audiences: z.array(z.string()).optional(),
  }),
})

/**
 * How long a verdict holds: a source sends many events with one token. A refusal holds for seconds, so that a token that
 * becomes valid is let in before its sender gives up for good.
 */
const lifetimes = {
  granted: { millis: 60_000, size: 100 },
  refused: { millis: 10_000, size: 1000 },
}

export function tokenReviewer(client: HttpClient): TokenReviewerService {
  const verdicts = makeVerdicts<string | undefined, Unavailable>({
    isGranted: (user) => user !== undefined,
    ...lifetimes,
  })

  return {
    review: Effect.fn("TokenReviewer.review")((token: string, audience: string) => {
      const key = createHash("sha256")
        .update(JSON.stringify([token, audience]))
        .digest("base64")
      return verdicts(key, ask(token, audience))
    }),
  }

  function ask(token: string, audience: string) {
    return Effect.tryPromise({
      try: async (signal) => {
        const path = "/apis/authentication.k8s.io/v1/tokenreviews"
        const body = {
          apiVersion: "authentication.k8s.io/v1",
          kind: "TokenReview",
          spec: { token, audiences: [audience] },
        }
        return await client({ method: "POST", path, body: json(body) }, signal)
      },
      catch: (cause) => new Unavailable({ message: `no answer to a TokenReview: ${String(cause)}`, cause }),
    }).pipe(
      Effect.timeoutOrElse({
        duration: "5 seconds",
        orElse: () => Effect.fail(new Unavailable({ message: "no answer to a TokenReview in 5 seconds" })),
      }),
      Effect.tap(({ status }) => count(String(status))),
      Effect.tapError(() => count("none")),
      Effect.flatMap(({ status, body: review }) => {
        if (status >= 300) return cannotTell(`the API server answered ${status} to a TokenReview`)
        const parsed = answer.safeParse(review)
        if (!parsed.success) return cannotTell("the answer to a TokenReview is none")
        const { authenticated, user, audiences } = parsed.data.status
        // An API server that does not know of audiences reviews a token without them.
        return Effect.succeed(authenticated && audiences?.includes(audience) ? user?.username : undefined)
      }),
    )
  }
}

const cannotTell = (message: string) => Effect.fail(new Unavailable({ message }))

const count = (code: string) =>
  Metric.update(Metric.withAttributes(apiRequestsTotal, { verb: "create", resource: "tokenreviews", code }), 1)
