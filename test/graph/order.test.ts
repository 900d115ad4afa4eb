import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Node } from "../../src/graph/node.ts"
import { ancestorsOf, childrenOf, sortTopologically } from "../../src/graph/order.ts"
import { graph } from "../builders/graph.ts"

const names = (stages: readonly Node[]) => stages.map((stage) => stage.name).join(" ")

describe("sortTopologically", () => {
  it.each([
    { graph: "a, b, c", order: "a b c" },
    { graph: "a → b → c", order: "a b c" },
    { graph: "c → b → a", order: "c b a" },
    // b waits for c, which is named last.
    { graph: "a → b, c → b", order: "a c b" },
    { graph: "a → b, a → c, b → d, c → d", order: "a b c d" },
    { graph: "a, b → a, c → b", order: "c b a" },
  ])("$graph comes in the order $order", ({ graph: text, order }) => {
    expect(names(sortTopologically(graph(text)))).toBe(order)
  })

  it("leaves out a cycle and all that is below it", () => {
    expect(names(sortTopologically(graph("a → b → a, b → c → d, e")))).toBe("e")
  })

  it("leaves out what waits for a stage that is not there", () => {
    expect(names(sortTopologically([...graph("a"), { name: "b", type: "task", dependsOn: ["ghost"] }]))).toBe("a")
  })

  it("counts a dependency named twice once", () => {
    expect(names(sortTopologically([...graph("a"), { name: "b", type: "task", dependsOn: ["a", "a"] }]))).toBe("a b")
  })

  it("orders stages named like properties of objects", () => {
    expect(names(sortTopologically(graph("__proto__ → constructor → toString")))).toBe("__proto__ constructor toString")
  })

  it("puts every stage of an acyclic graph after all that it depends on", () => {
    fc.assert(
      fc.property(shuffledDag, (stages) => {
        const order = sortTopologically(stages)
        const place = new Map(order.map((stage, index) => [stage.name, index]))
        expect(order).toHaveLength(stages.length)
        for (const stage of stages) {
          for (const parent of stage.dependsOn ?? []) expect(place.get(parent)!).toBeLessThan(place.get(stage.name)!)
        }
      }),
    )
  })
})

describe("childrenOf", () => {
  it.each([
    { graph: "a → b → d, a → c → d", of: { a: "b c", b: "d", d: "", c: "d" } },
    { graph: "a, b", of: { a: "", b: "" } },
  ])("are the stages that wait for each: $graph", ({ graph: text, of }) => {
    const children = [...childrenOf(graph(text))].map(([name, stages]) => [name, names(stages)])
    expect(Object.fromEntries(children)).toEqual(of)
  })

  it("are named once, and not of stages that are not there", () => {
    const children = childrenOf([...graph("a"), { name: "b", type: "task", dependsOn: ["a", "a", "ghost"] }])
    expect([...children].map(([name, stages]) => `${name}: ${names(stages)}`)).toEqual(["a: b", "b: "])
  })
})

describe("ancestorsOf", () => {
  it.each([
    { stage: "a", graph: "a → b → c → d, x", of: "" },
    { stage: "d", graph: "a → b → c → d, x", of: "a b c" },
    { stage: "d", graph: "a → b → d, a → c → d", of: "a b c" },
    { stage: "a", graph: "a → b → a", of: "a b" },
    { stage: "x", graph: "a → b", of: "" },
  ])("are all stages above $stage in $graph: $of", ({ stage, graph: text, of }) => {
    expect([...ancestorsOf(stage, graph(text))].toSorted().join(" ")).toBe(of)
  })

  it("ends where a stage is not in the pipeline", () => {
    const stages = [...graph("b → c"), { name: "d", type: "task", dependsOn: ["ghost", "c"] }]
    expect(ancestorsOf("d", stages)).toEqual(new Set(["b", "c", "ghost"]))
  })
})

const shuffledDag = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
  .map((rows) =>
    rows.map((picks, index) => ({
      name: `s${index}`,
      type: "task",
      dependsOn: index === 0 ? [] : picks.map((pick) => `s${pick % index}`),
    })),
  )
  .chain((stages) => fc.shuffledSubarray(stages, { minLength: stages.length }))
