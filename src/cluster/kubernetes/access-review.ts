// Rights, reviewed by the API server: whether a caller could create the execution that its event is to start.

import * as Effect from "effect/Effect"
import * as z from "zod"
import { resources, type Unavailable } from "../object-api.ts"
import type { Caller, TokenReviewerService } from "../token-reviewer.ts"
import type { HttpClient } from "./http-client.ts"
import { keyOf, lifetimes, review } from "./review.ts"
import { makeVerdicts } from "./verdicts.ts"

const answer = z.object({ status: z.object({ allowed: z.boolean() }) })

export function accessReviewer(client: HttpClient): TokenReviewerService["mayStart"] {
  const verdicts = makeVerdicts<boolean, Unavailable>({ isGranted: (isAllowed) => isAllowed, ...lifetimes })
  const { group, plural: resource } = resources.executions

  return Effect.fn("TokenReviewer.mayStart")((caller: Caller, namespace: string) =>
    verdicts(keyOf([caller, namespace]), ask(caller, namespace)),
  )

  function ask({ username: user, uid, groups, extra }: Caller, namespace: string) {
    const resourceAttributes = { namespace, verb: "create", group, resource }
    const spec = { user, uid, groups, extra, resourceAttributes }
    return review(client, { group: "authorization.k8s.io", kind: "SubjectAccessReview", spec, answer }).pipe(
      Effect.map(({ status }) => status.allowed),
    )
  }
}
