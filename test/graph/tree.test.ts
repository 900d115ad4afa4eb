import { describe, expect, it } from "vitest"
import { belowTheirParents, depthsOf } from "../../src/graph/tree.ts"
import { graph } from "../builders/graph.ts"

const drawn = (text: string) => {
  const depths = depthsOf(graph(text))
  return belowTheirParents(graph(text)).map(({ name }) => "  ".repeat(depths.get(name)!) + name)
}

describe("a graph drawn as lines", () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ["a chain steps to the right", "a → b → c", ["a", "  b", "    c"]],
    ["branches stand below each other", "a → b → c, a → d → e", ["a", "  b", "    c", "  d", "    e"]],
    ["a join comes below the last of its parents", "a → c, b → c, a → d", ["a", "  d", "b", "  c"]],
    ["a join is as deep as the longest way to it", "a → b → c → d, a → d", ["a", "  b", "    c", "      d"]],
    ["roots keep the order of the pipeline", "c, a, b", ["c", "a", "b"]],
    // Second → Third, Fourth → Fifth
    ["the sample reads from top to bottom", "1, 2, 2 → 3 → 5, 2 → 4 → 5", ["1", "2", "  3", "  4", "    5"]],
  ]
  it.each(cases)("%s", (_, text, lines) => expect(drawn(text)).toEqual(lines))

  it("has each stage once, however many parents it has, also twice the same", () => {
    const stages = [...graph("a, b"), { name: "c", type: "task", dependsOn: ["a", "a", "b"] }]
    expect(belowTheirParents(stages).map(({ name }) => name)).toEqual(["a", "b", "c"])
  })

  it("takes a thousand stages in a row and a thousand side by side", () => {
    const names = Array.from({ length: 1000 }, (_, i) => `s${i}`)
    expect(drawn(names.join(" → ")).at(-1)).toBe(`${"  ".repeat(999)}s999`)
    expect(drawn(names.join(", "))).toEqual(names)
  })
})
