import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { afterEach, describe, expect, it, vi } from "vitest"
import { layerLog } from "../../src/server/log.ts"
import { spyOnConsole } from "./serve.ts"

afterEach(() => vi.restoreAllMocks())

/** The one line that this writes. */
function lineOf(effect: Effect.Effect<void>): unknown {
  const { log } = spyOnConsole()
  Effect.runSync(effect.pipe(Effect.provide(layerLog)))
  expect(log()).toHaveLength(1)
  expect(log()[0]).not.toContain("\n")
  return JSON.parse(log()[0]!)
}

describe("the log", () => {
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

  it("writes time, level, message and fields", () => {
    expect(lineOf(Effect.logInfo("resync", { executions: 3 }))).toEqual({
      time,
      level: "INFO",
      message: "resync",
      executions: 3,
    })
  })

  it("makes annotations fields", () => {
    expect(lineOf(Effect.logWarning("late").pipe(Effect.annotateLogs({ namespace: "team" })))).toEqual({
      time,
      level: "WARN",
      message: "late",
      namespace: "team",
    })
  })

  it("keeps the fixed message beside a field of that name", () => {
    expect(lineOf(Effect.logError("refused by the API server", { status: 403, message: "no rights" }))).toEqual({
      time,
      level: "ERROR",
      message: "refused by the API server",
      status: 403,
      detail: "no rights",
    })
  })

  it("writes a stack in one line too", () => {
    expect(lineOf(Effect.logError("request failed", Cause.die(new Error("first\nsecond"))))).toMatchObject({
      message: "request failed",
      cause: expect.stringContaining("first\nsecond"),
    })
  })
})
