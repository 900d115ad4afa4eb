// The deliberate bugs are changes of the source text. Whoever changes that text learns here, in seconds, which of them no
// longer fits; that the simulation finds each is a matter of minutes, and of `npm run test:long`.

import { existsSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { mutants } from "./mutants.ts"
import { anchorProblem } from "./mutate.ts"

const root = new URL("../../", import.meta.url)

describe("the anchor of a deliberate bug", () => {
  it.each(mutants)("is once in its file: $what", (mutant) => {
    const file = new URL(mutant.file, root)
    expect(existsSync(file), `there is no ${mutant.file}`).toBe(true)
    expect(anchorProblem(readFileSync(file, "utf8"), mutant)).toBeUndefined()
  })

  it("is told when it is missing, and when it stands twice", () => {
    const mutant = { ...mutants[0]!, find: "anchor" }
    expect(anchorProblem("no such text", mutant)).toContain("does not have")
    expect(anchorProblem("anchor, anchor", mutant)).toContain("has 2 times")
  })
})
