import { describe, expect, it } from "vitest"
import { toMermaid } from "../../src/drawing/mermaid.ts"
import { draw, oddDrawing, oddNames, seen } from "./draw.ts"

/** The labels in quotes may hold letters of any script, emoji, blanks, and numbers of signs; `-` and `_` within words. */
const label = /(?:[^!-/:-@[-`{-~\p{Cc}]|(?<=[\p{L}\p{N}])[-_](?=[\p{L}\p{N}])|#\d+;)+/u.source
const lines = [
  /^flowchart (?:LR|TD)$/,
  new RegExp(`^ +(?:s|f)\\d+\\["${label}<br/><small>${label}</small>"\\]$`, "u"),
  /^ +s\d+ --> s\d+$/,
  new RegExp(`^ {2}subgraph (?:stages|final)\\["${label}"\\]$`, "u"),
  /^ {2}end$/,
  /^ {2}stages -\.-> final$/,
]

/** As Mermaid reads it: the first line of each label by the name of its node, and the edges. */
function read(source: string) {
  for (const line of source.split("\n")) {
    if (!lines.some((form) => form.test(line))) throw new Error(`not of our grammar: ${line}`)
  }
  const labels = [...source.matchAll(/^ +([sf]\d+)\["(.*)<br\/>/gm)].map(
    ([, id, text]) => [id!, text!.replace(/#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))] as const,
  )
  const names = new Map(labels)
  const edges = [...source.matchAll(/^ +(\S+) (-->|-\.->) (\S+)$/gm)]
  return {
    names: labels.map(([, name]) => name),
    edges: edges.map(([, from, arrow, to]) => `${names.get(from!) ?? from} ${arrow} ${names.get(to!) ?? to}`),
  }
}

describe("a Mermaid flowchart", () => {
  it("has every stage and every dependency", () => {
    expect(toMermaid(draw("a → b, a → c, b → d, c → d"))).toBe(
      [
        "flowchart LR",
        '  s0["a<br/><small>task</small>"]',
        '  s1["b<br/><small>task</small>"]',
        '  s2["c<br/><small>task</small>"]',
        '  s3["d<br/><small>task</small>"]',
        "  s0 --> s1",
        "  s0 --> s2",
        "  s1 --> s3",
        "  s2 --> s3",
      ].join("\n"),
    )
  })

  it("has the stages at the end in a graph of their own", () => {
    const source = toMermaid(draw("a → b", [{ name: "tidy", type: "broom", when: "true" }]))
    expect(read(source)).toEqual({ names: ["a", "b", "tidy"], edges: ["a --> b", "stages -.-> final"] })
    expect(source).toContain('  subgraph final["finally"]\n    f0["tidy<br/><small>broom · when</small>"]\n  end\n')
  })

  it("keeps every name, whatever is in it", () => {
    const { names, edges } = read(toMermaid(oddDrawing))
    expect(names).toEqual([...oddNames.map(seen), ...oddNames.map((odd) => `last ${seen(odd)}`)])
    expect(edges).toHaveLength(oddNames.length)
  })

  it("shows a blank name as a blank", () => {
    expect(toMermaid(draw([{ name: " ", type: "task" }]))).toContain('s0["\u00a0<br/>')
  })

  it("goes down where it would be too long", () => {
    expect(toMermaid(draw("a → b → c → d → e → f → g → h"))).toMatch(/^flowchart TD\n/)
  })
})
