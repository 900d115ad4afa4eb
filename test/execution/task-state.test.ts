// States of a stage's Jobs, and the letters that a status keeps of them.

import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readStates, type TaskState, withoutOpen, writeStates } from "../../src/execution/task-state.ts"

const all: readonly TaskState[] = ["Waiting", "Running", "Succeeded", "Failed", "Cancelled"]

describe("the states of a matrix", () => {
  it("are a letter each", () => {
    expect(writeStates(all)).toBe("WRSFC")
    expect(readStates("WRSFC")).toEqual(all)
  })

  it("are read as they were written", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...all)), (states) => {
        expect(readStates(writeStates(states))).toEqual(states)
      }),
    )
  })

  it("wait where a letter is none", () => {
    expect(readStates("S?s🥜")).toEqual(["Succeeded", "Waiting", "Waiting", "Waiting"])
  })

  it("are cancelled, when the stage ends, where they were open", () => {
    expect(writeStates(withoutOpen(readStates("WRSFC")))).toBe("CCSFC")
  })
})
