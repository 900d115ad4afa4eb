import { describe, expect, it } from "vitest"
import { toDot } from "../../src/drawing/dot.ts"
import { draw, oddDrawing, oddNames, seen } from "./draw.ts"

const text = /"(?:[^"\\\p{Cc}]|\\.)*"/u.source
const attributes = `\\w+=(?:${text}|\\d+)(?:, \\w+=(?:${text}|\\d+))*`
const lines = [
  new RegExp(`^digraph ${text} \\{$`, "u"),
  new RegExp(`^ +(?:\\w+=${text};|\\w+=\\w+;)(?: (?:\\w+=${text};|\\w+=\\w+;))*$`, "u"),
  new RegExp(`^ +(?:node|[sf]\\d+) \\[${attributes}\\];$`, "u"),
  /^ +s\d+ -> s\d+;$/,
  new RegExp(`^ +s\\d+ -> f0 \\[${attributes}\\];$`, "u"),
  /^ +subgraph cluster_(?:stages|finally) \{$/,
  /^ *\}$/,
]

/** As Graphviz reads it: the first line of each label by the name of its node, and the edges between stages. */
function read(source: string) {
  for (const line of source.split("\n")) {
    if (!lines.some((form) => form.test(line))) throw new Error(`not of our grammar: ${line}`)
  }
  const labels = [...source.matchAll(/^ +([sf]\d+) \[label="((?:[^"\\]|\\.)*)"/gm)].map(([, id, label]) => {
    const [first = ""] = label!.replace(/\\(.)/g, (_, sign) => (sign === "n" ? "\n" : sign)).split("\n")
    return [id!, first.replaceAll("&amp;", "&")] as const
  })
  const names = new Map(labels)
  const edges = [...source.matchAll(/^ +(s\d+) -> (s\d+);$/gm)]
  return {
    names: labels.map(([, name]) => name),
    edges: edges.map(([, from, to]) => `${names.get(from!)} → ${names.get(to!)}`),
  }
}

describe("a Graphviz digraph", () => {
  it("has every stage and every dependency", () => {
    expect(toDot(draw("a → b"))).toBe(
      [
        'digraph "web" {',
        '  rankdir="LR";',
        '  node [shape="box", style="rounded", fontname="sans-serif", fontsize=11];',
        '  s0 [label="a\\ntask"];',
        '  s1 [label="b\\ntask"];',
        "  s0 -> s1;",
        "}",
      ].join("\n"),
    )
    expect(read(toDot(draw("a → b, a → c, b → d, c → d"))).edges).toEqual(["a → b", "a → c", "b → d", "c → d"])
  })

  it("has the stages at the end in a cluster of their own, behind the last of the others", () => {
    const source = toDot(draw("a → b → c, a → z", [{ name: "tidy", type: "broom", when: "1 < 2" }]))
    expect(read(source).names).toEqual(["a", "b", "c", "z", "tidy"])
    expect(source).toContain('f0 [label="tidy\\nbroom · when", tooltip="when 1 < 2"];')
    expect(source).toContain('s2 -> f0 [ltail="cluster_stages", lhead="cluster_finally", style="dashed"];')
  })

  it("keeps every name, whatever is in it", () => {
    const { names, edges } = read(toDot(oddDrawing))
    expect(names).toEqual([...oddNames.map(seen), ...oddNames.map((odd) => `last ${seen(odd)}`)])
    expect(edges).toHaveLength(oddNames.length - 1)
  })

  it("goes down where it would be too long", () => {
    expect(toDot(draw("a → b → c → d → e → f → g → h"))).toContain('rankdir="TB"')
  })
})
