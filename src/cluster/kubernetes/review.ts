// Questions to the API server about callers: an object is posted, and comes back with the verdict in its status.

import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as z from "zod"
import { apiRequestsTotal } from "../../metrics.ts"
import { Unavailable } from "../object-api.ts"
import { type HttpClient, json } from "./http-client.ts"

export interface Review<A> {
  readonly group: "authentication.k8s.io" | "authorization.k8s.io"
  readonly kind: "TokenReview" | "SubjectAccessReview"
  readonly spec: object
  readonly answer: z.ZodType<A>
}

/** The answer to a review. Whatever else comes is no verdict: another try may have one. */
export function review<A>(client: HttpClient, { group, kind, spec, answer }: Review<A>): Effect.Effect<A, Unavailable> {
  const resource = `${kind.toLowerCase()}s`
  const count = (code: string) =>
    Metric.update(Metric.withAttributes(apiRequestsTotal, { verb: "create", resource, code }), 1)
  return Effect.tryPromise({
    try: async (signal) => {
      const body = json({ apiVersion: `${group}/v1`, kind, spec })
      return await client({ method: "POST", path: `/apis/${group}/v1/${resource}`, body }, signal)
    },
    catch: (cause) => new Unavailable({ message: `no answer to a ${kind}: ${String(cause)}`, cause }),
  }).pipe(
    Effect.timeoutOrElse({
      duration: "5 seconds",
      orElse: () => Effect.fail(new Unavailable({ message: `no answer to a ${kind} in 5 seconds` })),
    }),
    Effect.tap(({ status }) => count(String(status))),
    Effect.tapError(() => count("none")),
    Effect.flatMap(({ status, body }) => {
      if (status >= 300) return cannotTell(`the API server answered ${status} to a ${kind}`)
      const parsed = answer.safeParse(body)
      return parsed.success ? Effect.succeed(parsed.data) : cannotTell(`the answer to a ${kind} is none`)
    }),
  )
}

const cannotTell = (message: string) => Effect.fail(new Unavailable({ message }))

/** What a question is remembered by: no token is kept. */
export const keyOf = (question: unknown): string =>
  createHash("sha256").update(JSON.stringify(question)).digest("base64")

/**
 * How long a verdict holds: a source sends many events with one token. A refusal holds for seconds, so that who becomes
 * allowed is let in before its sender gives up for good.
 */
export const lifetimes = {
  granted: { millis: 60_000, size: 100 },
  refused: { millis: 10_000, size: 1000 },
}
