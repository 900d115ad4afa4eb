// Who may send events, by the token of the request, and what the reviews of tokens cost.

import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, it } from "vitest"
import type { HttpClient } from "../../src/cluster/kubernetes/http-client.ts"
import { tokenReviewer } from "../../src/cluster/kubernetes/token-review.ts"
import { TokenReviewer, type TokenReviewerService } from "../../src/cluster/token-reviewer.ts"
import { Unavailable } from "../../src/cluster.ts"
import { admit, admitToStart } from "../../src/server/callers.ts"

const source = "system:serviceaccount:peanut-system:source"
const callers = { audience: "peanut", subjects: new Set([source]) }

/** Knows two tokens, and what it was asked. */
function fakeReviewer(): TokenReviewerService & { readonly asked: string[] } {
  const asked: string[] = []
  const users = new Map([
    ["of-source", source],
    ["of-another", "system:serviceaccount:team:default"],
  ])
  return {
    asked,
    review: (token, audience) =>
      Effect.sync(() => {
        asked.push(`${token} for ${audience}`)
        const username = users.get(token)
        return username === undefined ? undefined : { username }
      }),
    mayStart: ({ username }, namespace) =>
      Effect.sync(() => {
        asked.push(`${username} in ${namespace}`)
        return username === source
      }),
  }
}

const admission = (
  authorization: string | undefined,
  reviewer: TokenReviewerService,
  who: typeof callers | undefined,
) =>
  Effect.runPromise(
    admit(who, authorization).pipe(
      Effect.as("admitted" as const),
      Effect.catch((error) => Effect.succeed(error)),
      Effect.provideService(TokenReviewer, reviewer),
    ),
  )

describe("admit", () => {
  it.each(["Bearer of-source", "bearer of-source", "Bearer   of-source"])(
    "lets the named caller in (%s)",
    async (given) => {
      const reviewer = fakeReviewer()
      expect(await admission(given, reviewer, callers)).toBe("admitted")
      expect(reviewer.asked).toEqual(["of-source for peanut"])
    },
  )

  it.each([
    undefined,
    "",
    "Bearer",
    "Bearer ",
    "of-source",
    "Basic of-source",
    "Bearer of-source and more",
    "Bearer of-source, Bearer of-source",
    `Bearer ${"x".repeat(20_000)}`,
  ])("asks for a token where there is none, without a review (%s)", async (given) => {
    const reviewer = fakeReviewer()
    expect(await admission(given, reviewer, callers)).toMatchObject({
      _tag: "Unauthenticated",
      message: "a bearer token is required",
    })
    expect(reviewer.asked).toEqual([])
  })

  it("does not know who it is whose token is not valid, and repeats nothing of it", async () => {
    expect(await admission("Bearer s3cret", fakeReviewer(), callers)).toMatchObject({
      _tag: "Unauthenticated",
      message: 'the token is not valid for audience "peanut"',
    })
  })

  it("turns others away by name", async () => {
    expect(await admission("Bearer of-another", fakeReviewer(), callers)).toMatchObject({
      _tag: "NotAllowed",
      message: "system:serviceaccount:team:default may not send events here",
    })
  })

  it("lets nobody in where the list of callers is empty", async () => {
    const nobody = { ...callers, subjects: new Set<string>() }
    expect(await admission("Bearer of-source", fakeReviewer(), nobody)).toMatchObject({ _tag: "NotAllowed" })
  })

  it("lets everybody in where no callers are named, and looks at no token", async () => {
    const reviewer = fakeReviewer()
    expect(await admission("Bearer whatever", reviewer, undefined)).toBe("admitted")
    expect(await admission(undefined, reviewer, undefined)).toBe("admitted")
    expect(reviewer.asked).toEqual([])
  })

  it("cannot tell while nobody reviews tokens", async () => {
    const down = () => Effect.fail(new Unavailable({ message: "down" }))
    const reviewer = { review: down, mayStart: down }
    expect(await admission("Bearer of-source", reviewer, callers)).toMatchObject({ _tag: "Unavailable" })
  })
})

describe("admitToStart", () => {
  const team = "system:serviceaccount:team:default"
  const sender = (authorization: string | undefined, namespace: string, reviewer = fakeReviewer()) =>
    Effect.runPromise(
      admitToStart(callers, authorization, namespace).pipe(
        Effect.catch((error) => Effect.succeed(error)),
        Effect.provideService(TokenReviewer, reviewer),
      ),
    )

  it("lets in whoever may create executions in the namespace, whether they are named or not", async () => {
    const reviewer = fakeReviewer()
    const named = { audience: "peanut", subjects: new Set<string>() }
    const admitted = await Effect.runPromise(
      admitToStart(named, "Bearer of-source", "team").pipe(Effect.provideService(TokenReviewer, reviewer)),
    )
    expect(admitted).toEqual({ username: source, mayStart: true })
    expect(reviewer.asked).toEqual(["of-source for peanut", `${source} in team`])
  })

  it("lets a service account of the namespace go on to be looked at: it may be a schedule's", async () => {
    expect(await sender("Bearer of-another", "team")).toEqual({ username: team, mayStart: false })
  })

  it.each(["tea", "team2", "peanut-system"])("turns away whoever may not, by name (%s)", async (namespace) => {
    expect(await sender("Bearer of-another", namespace)).toMatchObject({
      _tag: "NotAllowed",
      message: `${team} may not start executions: it may not create peanutpipelineexecutions in namespace "${namespace}"`,
    })
  })

  it.each([undefined, "Bearer s3cret", "Basic of-source"])("asks for a valid token (%s)", async (given) => {
    const reviewer = fakeReviewer()
    expect(await sender(given, "team", reviewer)).toMatchObject({ _tag: "Unauthenticated" })
    expect(reviewer.asked.filter((question) => question.includes(" in "))).toEqual([])
  })

  it("knows nobody where no callers are named, and looks at no token", async () => {
    const reviewer = fakeReviewer()
    const admitted = admitToStart(undefined, "Bearer of-source", "team")
    expect(await Effect.runPromise(Effect.provideService(admitted, TokenReviewer, reviewer))).toBeUndefined()
    expect(reviewer.asked).toEqual([])
  })

  it("cannot tell while nobody reviews rights", async () => {
    const mayStart = () => Effect.fail(new Unavailable({ message: "down" }))
    const reviewer = { ...fakeReviewer(), mayStart }
    expect(await sender("Bearer of-source", "team", reviewer)).toMatchObject({ _tag: "Unavailable" })
  })
})

/** An API server that answers every TokenReview so. */
function answering(status: object, code = 201) {
  const bodies: unknown[] = []
  const client: HttpClient = async ({ method, path, body }) => {
    bodies.push({ method, path, body: JSON.parse(String(body)) })
    return { status: code, body: { kind: "TokenReview", metadata: {}, spec: { token: "t" }, status }, bytes: 0 }
  }
  return { bodies, reviewer: tokenReviewer(client) }
}
const valid = { authenticated: true, user: { username: source }, audiences: ["peanut"] }
const outcome = <A>(effect: Effect.Effect<A, Unavailable>) =>
  Effect.runPromise(Effect.catch(effect, (error) => Effect.succeed(error)))

describe("a review of a token", () => {
  it("asks the API server for this token and this audience", async () => {
    const { bodies, reviewer } = answering(valid)
    expect(await outcome(reviewer.review("t", "peanut"))).toEqual({ username: source })
    expect(bodies).toEqual([
      {
        method: "POST",
        path: "/apis/authentication.k8s.io/v1/tokenreviews",
        body: {
          apiVersion: "authentication.k8s.io/v1",
          kind: "TokenReview",
          spec: { token: "t", audiences: ["peanut"] },
        },
      },
    ])
  })

  it.each([
    ["is refused", { user: {}, error: "[invalid bearer token, token lookup failed]" }],
    ["is refused in as many words", { authenticated: false, user: { username: source }, audiences: ["peanut"] }],
    ["has no verdict", {}],
    ["is for another audience", { ...valid, audiences: ["other"] }],
    ["was reviewed by an API server that knows no audiences", { authenticated: true, user: valid.user }],
    ["belongs to nobody", { authenticated: true, audiences: ["peanut"] }],
  ])("knows nobody whose token %s", async (_, status) => {
    expect(await outcome(answering(status).reviewer.review("t", "peanut"))).toBeUndefined()
  })

  it.each([
    ["says 403", answering({}, 403).reviewer, "the API server answered 403 to a TokenReview"],
    ["says 500", answering({}, 500).reviewer, "the API server answered 500 to a TokenReview"],
    [
      "is no API server",
      tokenReviewer(async () => ({ status: 200, body: "<html>", bytes: 6 })),
      "the answer to a TokenReview is none",
    ],
    ["is not there", tokenReviewer(() => Promise.reject(new Error("ECONNREFUSED"))), "ECONNREFUSED"],
  ])("cannot be had where what answers %s", async (_, reviewer, message) => {
    const error = await outcome(reviewer.review("s3cret", "peanut"))
    expect(error).toMatchObject({ _tag: "Unavailable", message: expect.stringContaining(message) })
    expect(String((error as Unavailable).message)).not.toContain("s3cret")
  })

  const inTestTime = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(Effect.provide(effect, TestClock.layer()))

  it("holds for a minute, for this token and this audience alone", async () => {
    const { bodies, reviewer } = answering(valid)
    await inTestTime(
      Effect.gen(function* () {
        for (let i = 0; i < 10; i++) yield* reviewer.review("t", "peanut")
        expect(bodies).toHaveLength(1)
        yield* TestClock.adjust("59 seconds")
        yield* reviewer.review("t", "peanut")
        expect(bodies).toHaveLength(1)
        yield* TestClock.adjust("2 seconds")
        yield* reviewer.review("t", "peanut")
        expect(bodies).toHaveLength(2)
        yield* reviewer.review("t2", "peanut")
        yield* reviewer.review("t", "peanut2")
        expect(bodies).toHaveLength(4)
      }),
    )
  })

  it("that found nobody holds for ten seconds: a bad token costs one review, and one that becomes valid is let in soon", async () => {
    const { bodies, reviewer } = answering({ authenticated: false })
    await inTestTime(
      Effect.gen(function* () {
        for (let i = 0; i < 10; i++) yield* reviewer.review("t", "peanut")
        expect(bodies).toHaveLength(1)
        yield* TestClock.adjust("11 seconds")
        yield* reviewer.review("t", "peanut")
        expect(bodies).toHaveLength(2)
      }),
    )
  })

  it("of one token at the same time is one call", async () => {
    const { bodies, reviewer } = answering(valid)
    const reviews = Array.from({ length: 20 }, () => outcome(reviewer.review("t", "peanut")))
    expect(await Promise.all(reviews)).toEqual(reviews.map(() => ({ username: source })))
    expect(bodies).toHaveLength(1)
  })

  it("goes on for the others where one of those who wait for it goes away", async () => {
    let answered = () => {}
    const reviewer = tokenReviewer(async () => {
      await new Promise<void>((resolve) => (answered = resolve))
      return { status: 201, body: { metadata: {}, status: valid }, bytes: 0 }
    })
    const first = Effect.runFork(reviewer.review("t", "peanut"))
    const second = outcome(reviewer.review("t", "peanut"))
    await Effect.runPromise(Fiber.interrupt(first))
    answered()
    expect(await second).toEqual({ username: source })
  })

  it("is remembered of a good token, however many bad ones strangers send", async () => {
    const asked: string[] = []
    const reviewer = tokenReviewer(async ({ body }) => {
      const { token } = JSON.parse(String(body)).spec
      asked.push(token)
      return { status: 201, body: { metadata: {}, status: token === "good" ? valid : {} }, bytes: 0 }
    })
    const bad = Effect.forEach(Array.from({ length: 3000 }), (_, i) => reviewer.review(`bad-${i}`, "peanut"))
    const good = reviewer.review("good", "peanut")
    await inTestTime(Effect.andThen(good, Effect.andThen(bad, good)))
    expect(asked.filter((token) => token === "good")).toHaveLength(1)
  })

  it("remembers so many tokens and no more", async () => {
    const { bodies, reviewer } = answering(valid)
    const all = Effect.forEach(Array.from({ length: 150 }), (_, i) => reviewer.review(`t${i}`, "peanut"))
    await inTestTime(Effect.andThen(all, reviewer.review("t0", "peanut")))
    expect(bodies).toHaveLength(151)
  })

  it("waits for five seconds and no longer", async () => {
    const reviewer = tokenReviewer(() => new Promise(() => undefined))
    const error = await inTestTime(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(Effect.flip(reviewer.review("t", "peanut")))
        yield* TestClock.adjust("4 seconds")
        expect(fiber.pollUnsafe()).toBeUndefined()
        yield* TestClock.adjust("2 seconds")
        return yield* Fiber.join(fiber)
      }),
    )
    expect(error.message).toBe("no answer to a TokenReview in 5 seconds")
  })
})

describe("a review of a right", () => {
  const caller = {
    username: source,
    uid: "u1",
    groups: ["system:serviceaccounts", "system:authenticated"],
    extra: { "authentication.kubernetes.io/pod-name": ["p"] },
  }
  function deciding(decide: (namespace: string) => object, code = 201) {
    const bodies: unknown[] = []
    const reviewer = tokenReviewer(async ({ method, path, body }) => {
      const review = JSON.parse(String(body))
      bodies.push({ method, path, body: review })
      return { status: code, body: { status: decide(review.spec.resourceAttributes.namespace) }, bytes: 0 }
    })
    return { bodies, reviewer }
  }
  const inTestTime = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(Effect.provide(effect, TestClock.layer()))

  it("asks the API server for all that it said of the caller", async () => {
    const { bodies, reviewer } = deciding(() => ({ allowed: true }))
    expect(await outcome(reviewer.mayStart(caller, "team"))).toBe(true)
    const { username: user, ...known } = caller
    expect(bodies).toEqual([
      {
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        body: {
          apiVersion: "authorization.k8s.io/v1",
          kind: "SubjectAccessReview",
          spec: {
            user,
            ...known,
            resourceAttributes: {
              namespace: "team",
              verb: "create",
              group: "pipeline.peanut.dev",
              resource: "peanutpipelineexecutions",
            },
          },
        },
      },
    ])
  })

  it("knows of a caller what the review of its token says", async () => {
    const status = { authenticated: true, user: caller, audiences: ["peanut"] }
    expect(await outcome(answering(status).reviewer.review("t", "peanut"))).toEqual(caller)
  })

  it.each([
    [{ allowed: false }],
    [{ allowed: false, denied: true, reason: "no" }],
    [{ allowed: false, evaluationError: "a role is missing" }],
  ])("refuses by %o", async (status) => {
    expect(await outcome(deciding(() => status).reviewer.mayStart(caller, "team"))).toBe(false)
  })

  it.each([
    ["says 403", deciding(() => ({ allowed: true }), 403).reviewer, "the API server answered 403 to a SubjectAccess"],
    ["says nothing", deciding(() => ({})).reviewer, "the answer to a SubjectAccessReview is none"],
    [
      "says no yes or no",
      deciding(() => ({ allowed: "true" })).reviewer,
      "the answer to a SubjectAccessReview is none",
    ],
  ])("cannot be had where what answers %s", async (_, reviewer, message) => {
    expect(await outcome(reviewer.mayStart(caller, "team"))).toMatchObject({
      _tag: "Unavailable",
      message: expect.stringContaining(message),
    })
  })

  it("holds for a minute where it is granted and ten seconds where not, for this caller and namespace alone", async () => {
    const { bodies, reviewer } = deciding((namespace) => ({ allowed: namespace === "team" }))
    const asks = (namespace: string, who = caller) => Effect.map(reviewer.mayStart(who, namespace), () => bodies.length)
    await inTestTime(
      Effect.gen(function* () {
        for (let i = 0; i < 10; i++) expect(yield* asks("team")).toBe(1)
        for (let i = 0; i < 10; i++) expect(yield* asks("other")).toBe(2)
        yield* TestClock.adjust("11 seconds")
        expect(yield* asks("team")).toBe(2)
        expect(yield* asks("other")).toBe(3)
        yield* TestClock.adjust("50 seconds")
        expect(yield* asks("team")).toBe(4)
        expect(yield* asks("team", { ...caller, groups: [] })).toBe(5)
      }),
    )
  })

  it("remembers so many and no more", async () => {
    const { bodies, reviewer } = deciding(() => ({ allowed: true }))
    const all = Effect.forEach(Array.from({ length: 150 }), (_, i) => reviewer.mayStart(caller, `n${i}`))
    await inTestTime(Effect.andThen(all, reviewer.mayStart(caller, "n0")))
    expect(bodies).toHaveLength(151)
  })
})
