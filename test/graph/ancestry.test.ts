// Which nodes lie above which.

import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ancestryOf } from "../../src/graph/ancestry.ts"
import { ancestorsOf } from "../../src/graph/order.ts"
import { graph } from "../builders/graph.ts"

describe("the ancestry of a graph", () => {
  it("has for each node what a walk up from it finds", () => {
    const acyclic = fc.array(fc.uniqueArray(fc.nat({ max: 79 }), { maxLength: 6 }), { maxLength: 80 }).map((rows) =>
      rows.map((parents, index) => ({
        name: `n${index}`,
        dependsOn: parents.filter((parent) => parent < index).map((parent) => `n${parent}`),
      })),
    )
    fc.assert(
      fc.property(acyclic, (nodes) => {
        const { above } = ancestryOf(nodes)
        for (const { name } of nodes) expect(new Set(above(name))).toEqual(ancestorsOf(name, nodes))
      }),
    )
  })

  it("is the same whatever the order in which the nodes are listed", () => {
    const nodes = graph("a → b → c, d")
    expect(ancestryOf(nodes.toReversed()).above("c").toSorted()).toEqual(["a", "b"])
  })

  it("knows nothing of names that are not there, and says yes of cycles", () => {
    const { isAbove } = ancestryOf(graph("a → b"))
    expect([isAbove("ghost", "b"), isAbove("b", "a"), isAbove("a", "b")]).toEqual([false, false, true])
    const circle = [
      { name: "x", dependsOn: ["y"] },
      { name: "y", dependsOn: ["x"] },
    ]
    expect(ancestryOf(circle).isAbove("x", "y")).toBe(true)
  })

  it("takes a walk over the edges once, not once for each node", () => {
    const wide = Array.from({ length: 500 }, (_, index) => `n${index}`)
    const dense = wide.map((name, index) => ({ name, dependsOn: wide.slice(0, index) }))
    const start = performance.now()
    const { above } = ancestryOf(dense)
    expect(above("n499").length).toBe(499)
    // A walk for each node takes 500 * 125,000 steps, seconds of them.
    expect(performance.now() - start).toBeLessThan(500)
  })
})
