// A guard around each object: a defect of one is told with its name and stops none of the others.

import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import { describe, expect, it } from "vitest"
import { Unavailable } from "../../src/cluster.ts"
import { guardAll } from "../../src/controller/guard.ts"

const about = (name: string) => ({ kind: "PeanutPipeline", namespace: "team", name })

async function looked(work: (name: string) => Effect.Effect<void, Unavailable>) {
  const lines: string[] = []
  const logger = Logger.make(({ message }) => {
    lines.push(JSON.stringify(message))
  })
  const seen: string[] = []
  const { failures, first } = await Effect.runPromise(
    guardAll(
      ["a", "b", "c"],
      about,
      (name) => {
        seen.push(name)
        return work(name)
      },
      2,
    ).pipe(Effect.provide(Logger.layer([logger]))),
  )
  const outcome = await Effect.runPromise(Effect.result(first))
  return { failures, outcome: outcome._tag, seen, lines: lines.length }
}

describe("a guard of each object", () => {
  it("lets the others have their turn where one throws, and does not fail", async () => {
    const thrown = () => {
      throw new RangeError("Maximum call stack size exceeded")
    }
    const result = await looked((name) => (name === "a" ? thrown() : Effect.void))
    expect(result).toEqual({ failures: 1, outcome: "Success", seen: ["a", "b", "c"], lines: 1 })
  })

  it("fails with what another try may cure, after all had their turn", async () => {
    const result = await looked((name) =>
      name === "b" ? Effect.fail(new Unavailable({ message: "down" })) : name === "a" ? Effect.die("bug") : Effect.void,
    )
    expect(result).toEqual({ failures: 2, outcome: "Failure", seen: ["a", "b", "c"], lines: 1 })
  })

  it("lets whatever waits go first between two objects", async () => {
    let ticks = 0
    let isDone = false
    const tick = () => {
      ticks++
      if (!isDone) setImmediate(tick)
    }
    setImmediate(tick)
    await Effect.runPromise(
      guardAll(
        Array.from({ length: 100 }, (_, i) => `${i}`),
        about,
        () => Effect.void,
        1,
      ),
    )
    isDone = true
    expect(ticks).toBeGreaterThanOrEqual(50)
  })
})
