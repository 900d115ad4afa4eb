import { describe, expect, it } from "vitest"
import { toText } from "../../../src/cli/view/graph-text.ts"
import { draw, oddDrawing, oddNames, seen } from "../../drawing/draw.ts"

/** Without the heading and the type, which is the same everywhere. */
const drawn = (text: string) =>
  toText(draw(text))
    .split("\n")
    .slice(1)
    .map((line) => line.replace(/ +task( *)/, "$1"))

describe("a graph as text", () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ["of a chain steps to the right", "a → b → c", ["a", "  b", "    c"]],
    ["of branches has them below each other", "a → b → c, a → d → e", ["a", "  b", "    c", "  d", "    e"]],
    ["of a diamond says what the join comes after", "a → b → d, a → c → d", ["a", "  b", "  c", "    d  after b, c"]],
    [
      "says what a stage comes after that is not below its parent",
      "a → b → c, a → d, b → x, d → x, d → y",
      ["a", "  b", "    c", "  d", "    x  after b, d", "    y"],
    ],
    [
      "says it too where another stage stands between",
      "a → b, r, a → j, r → j, b → k, j → k, r → s",
      ["a", "  b", "r", "  j  after a, r", "    k  after b, j", "  s"],
    ],
  ]
  it.each(cases)("%s", (_, text, lines) => expect(drawn(text)).toEqual(lines))

  it("has a heading, types, marks and the stages at the end", () => {
    const stages = [
      { name: "Build", type: "make" },
      { name: "Test", type: "npm", dependsOn: ["Build"], matrix: [{ name: "node", values: ["22", "24"] }] },
      { name: "Ship", type: "helm", dependsOn: ["Build", "Test"], approval: true, when: "true" },
    ]
    expect(toText(draw(stages, [{ name: "Tidy", type: "broom", onFailure: "Ignore" }]))).toBe(
      [
        "pipeline web: 3 stages, 1 at the end",
        "Build     make",
        "  Test    npm    ×2",
        "    Ship  helm   approval, when, after Build, Test",
        "finally",
        "  Tidy    broom  may fail",
      ].join("\n"),
    )
  })

  it("counts the parents that are too many to name", () => {
    const fan = Array.from({ length: 9 }, (_, i) => `p${i} → z`).join(", ")
    expect(drawn(fan).at(-1)).toBe("  z  after p0, p1, p2, p3, p4, p5 and 3 more")
  })

  it("moves a deep stage no further to the right, and says what it comes after", () => {
    const lines = drawn(Array.from({ length: 20 }, (_, i) => `s${i}`).join(" → "))
    expect(lines[12]).toBe(`${"  ".repeat(12)}s12`)
    expect(lines[13]).toBe(`${"  ".repeat(12)}s13  after s12`)
    expect(lines[19]).toBe(`${"  ".repeat(12)}s19  after s18`)
  })

  it("keeps every name on one line, without what a terminal obeys", () => {
    const lines = toText(oddDrawing).split("\n")
    expect(lines).toHaveLength(2 * oddNames.length + 2)
    for (const odd of oddNames) expect(lines.some((line) => line.trim().startsWith(seen(odd)))).toBe(true)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal obeys
    expect(lines.join("")).not.toMatch(/[\x00-\x1f\u202e]/)
  })
})
