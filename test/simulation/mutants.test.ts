// A test of the simulation: every deliberate bug must be found, or it looks where nothing can be wrong.

import { describe, expect, it } from "vitest"
import { invariants } from "./invariants.ts"
import { mutants } from "./mutants.ts"
import { searchOf } from "./mutate.ts"

const most = 6000

describe("the simulation", () => {
  it.each(mutants)("finds that $what ($invariant)", { timeout: 120_000 }, async (mutant) => {
    const { search } = await searchOf(mutant)
    const { broken } = search(1, most)
    expect(broken, `the mutant survived ${most} cases`).toBeDefined()
  })

  it("has two deliberate bugs or more for every invariant", () => {
    const few = invariants.filter(({ id }) => mutants.filter(({ invariant }) => invariant === id).length < 2)
    expect(few.map(({ id }) => id)).toEqual([])
  })

  it("fails loudly when a bug no longer fits the source", async () => {
    const stale = { ...mutants[0]!, find: "no such text" }
    await expect(searchOf(stale)).rejects.toThrow("must be brought up to date")
    await expect(searchOf({ ...stale, file: "src/no-such-file.ts" })).rejects.toThrow("is not part of the simulation")
  })
})
