import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { expect, it } from "vitest"
import { kubernetesApi } from "../../src/cluster/kubernetes/api.ts"
import { resources } from "../../src/cluster/object-api.ts"

it("an API server that does not answer is given up on, and the call with it", async () => {
  let given: AbortSignal | undefined
  const api = kubernetesApi((_call, signal) => {
    given = signal
    return new Promise(() => undefined)
  })
  const error = await Effect.gen(function* () {
    const call = yield* Effect.forkChild(Effect.flip(api.get(resources.jobs, { namespace: "team", name: "a" })))
    yield* TestClock.adjust("15 seconds")
    return yield* Fiber.join(call)
  }).pipe(Effect.provide(TestClock.layer()), Effect.runPromise)
  expect(error).toMatchObject({
    _tag: "Unavailable",
    message: "GET /apis/batch/v1/namespaces/team/jobs/a: no answer in 15 seconds",
  })
  expect(given?.aborted).toBe(true)
})
