// Looks at one execution in one process: one at a time, and those that wait become one.

import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { describe, expect, it } from "vitest"
import { makeLanes } from "../../src/controller/lanes.ts"

/** Work that waits until it is let go, and tells what it was asked for. */
function gated() {
  const lanes = makeLanes()
  const begun: { readonly causes: readonly string[]; readonly end: (result: Effect.Effect<string, string>) => void }[] =
    []
  const ask = (cause: string, key = "run") =>
    Effect.runFork(
      lanes.enter(
        key,
        [cause],
        (a, b) => [...a, ...b],
        (causes) => {
          const gate = Deferred.makeUnsafe<string, string>()
          begun.push({ causes, end: (result) => Deferred.doneUnsafe(gate, result) })
          return Deferred.await(gate)
        },
      ),
    )
  const settle = () => new Promise((resolve) => setTimeout(resolve, 5))
  return { ask, begun, settle }
}
const outcome = (fiber: Fiber.Fiber<string, string>) =>
  Effect.runPromise(Effect.match(Fiber.join(fiber), { onSuccess: (it) => it, onFailure: (why) => `failed: ${why}` }))

describe("lanes", () => {
  it("make one look of all that are asked for while another goes on, which begins after it has ended", async () => {
    const { ask, begun, settle } = gated()
    const first = ask("a")
    const others = [ask("b"), ask("c"), ask("d")]
    await settle()
    expect(begun.map(({ causes }) => causes)).toEqual([["a"]])
    begun[0]!.end(Effect.succeed("first"))
    expect(await outcome(first)).toBe("first")
    await settle()
    expect(begun.map(({ causes }) => causes)).toEqual([["a"], ["b", "c", "d"]])
    // Whoever asks now may have news that this look has missed.
    const late = ask("e")
    await settle()
    begun[1]!.end(Effect.succeed("second"))
    expect(await Promise.all(others.map(outcome))).toEqual(["second", "second", "second"])
    await settle()
    expect(begun[2]!.causes).toEqual(["e"])
    begun[2]!.end(Effect.succeed("third"))
    expect(await outcome(late)).toBe("third")
  })

  it("tell a failure to all that waited for that look, and go on", async () => {
    const { ask, begun, settle } = gated()
    const first = ask("a")
    const second = [ask("b"), ask("c")]
    await settle()
    begun[0]!.end(Effect.fail("no answer"))
    expect(await outcome(first)).toBe("failed: no answer")
    await settle()
    begun[1]!.end(Effect.die(new Error("a bug")))
    for (const fiber of second) await expect(Effect.runPromise(Fiber.join(fiber))).rejects.toThrow("a bug")
    const third = ask("d")
    await settle()
    begun[2]!.end(Effect.succeed("third"))
    expect(await outcome(third)).toBe("third")
  })

  it("keep nobody waiting who asks for another execution", async () => {
    const { ask, begun, settle } = gated()
    ask("a", "one")
    const other = ask("b", "other")
    await settle()
    expect(begun.map(({ causes }) => causes)).toEqual([["a"], ["b"]])
    begun[1]!.end(Effect.succeed("other"))
    expect(await outcome(other)).toBe("other")
  })

  it("let the next in when one is interrupted, whether it looked or waited", async () => {
    const { ask, begun, settle } = gated()
    const looking = ask("a")
    await settle()
    const waiting = ask("b")
    await settle()
    await Effect.runPromise(Fiber.interrupt(waiting))
    const next = ask("c")
    await settle()
    await Effect.runPromise(Fiber.interrupt(looking))
    await settle()
    expect(begun.map(({ causes }) => causes)).toEqual([["a"], ["c"]])
    begun[1]!.end(Effect.succeed("next"))
    expect(await outcome(next)).toBe("next")
  })
})

describe("a look whose first caller goes away", () => {
  it("goes on for the others that wait for it", async () => {
    const { ask, begun, settle } = gated()
    const first = ask("a")
    const others = [ask("b"), ask("c")]
    await settle()
    await Effect.runPromise(Fiber.interrupt(first))
    await settle()
    expect(begun.map(({ causes }) => causes)).toEqual([["a"], ["b", "c"]])
    await Effect.runPromise(Fiber.interrupt(others[0]!))
    begun[1]!.end(Effect.succeed("second"))
    expect(await outcome(others[1]!)).toBe("second")
  })

  it("stops when nobody waits any more, and the next one begins", async () => {
    const { ask, begun, settle } = gated()
    const fibers = [ask("a"), ask("b"), ask("c")]
    await settle()
    for (const fiber of fibers) await Effect.runPromise(Fiber.interrupt(fiber))
    const late = ask("d")
    await settle()
    expect(begun.map(({ causes }) => causes)).toContainEqual(["d"])
    begun.at(-1)!.end(Effect.succeed("late"))
    expect(await outcome(late)).toBe("late")
  })
})
