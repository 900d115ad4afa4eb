import { describe, expect, it } from "vitest"
import { didYouMean, nearestName } from "../../src/words/nearest-name.ts"

describe("nearestName", () => {
  it.each([
    { wrong: "Buld", known: ["Test", "Build", "Deploy"], nearest: "Build" },
    { wrong: "build", known: ["Build"], nearest: "Build" },
    { wrong: "deploy-prod", known: ["deploy-test", "deploy-prods"], nearest: "deploy-prods" },
    { wrong: "Biuld and test", known: ["Build and test"], nearest: "Build and test" },
    { wrong: "Build", known: ["Deploy", "Test"], nearest: undefined },
    { wrong: "ab", known: ["cd"], nearest: undefined },
    { wrong: "a", known: ["b"], nearest: undefined },
    { wrong: "deploy-prod", known: ["deploy-prods", "deploy-test"], nearest: "deploy-prods" },
    { wrong: "Biuld", known: ["Test", "Build"], nearest: "Build" },
    // Of two that are as near, the one that comes first.
    { wrong: "stage-c", known: ["stage-b", "stage-a"], nearest: "stage-b" },
    // A third of the longer name: two letters forgotten of six are a slip.
    { wrong: "Buld", known: ["Builds"], nearest: "Builds" },
    // Two edits in four letters make another word as easily as a slip.
    { wrong: "tset", known: ["test"], nearest: undefined },
    { wrong: "a", known: [], nearest: undefined },
    { wrong: "", known: ["build"], nearest: undefined },
  ])("$wrong among $known is probably $nearest", ({ wrong, known, nearest }) => {
    expect(nearestName(wrong, known)).toBe(nearest)
  })
})

describe("didYouMean", () => {
  it("ends a message with the likely name", () => {
    expect(didYouMean("Biuld", new Set(["Build"]))).toBe('; did you mean "Build"?')
  })

  it("adds nothing when no name is near", () => {
    expect(didYouMean("Biuld", ["Deploy"])).toBe("")
  })
})
