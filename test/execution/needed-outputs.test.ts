import { describe, expect, it } from "vitest"
import type { PipelineStage } from "../../src/api/pipeline.ts"
import type { StageSpec } from "../../src/api/stage.ts"
import { findNeeders } from "../../src/execution/needed-outputs.ts"
import { outputsReadIn } from "../../src/execution/rules/when.ts"
import { accepted } from "../builders/objects.ts"

const plain: StageSpec = { image: "busybox" }
/** a → b → c, with d beside them and e at the end; what is given is said of c. */
function neederOf(
  c: Partial<PipelineStage>,
  { spec = plain, atEnd = {} }: { spec?: StageSpec; atEnd?: Partial<PipelineStage> } = {},
) {
  const { snapshot } = accepted({ graph: "a" }).status
  const one = (name: string, more: Partial<PipelineStage> = {}) => ({ name, type: "task", ...more })
  const stages = [
    one("a"),
    one("b", { dependsOn: ["a"] }),
    one("c", { type: "reader", dependsOn: ["b"], ...c }),
    one("d"),
  ]
  const needer = findNeeders({
    ...snapshot,
    stages,
    finally: [one("e", atEnd)],
    stageSpecs: { task: plain, reader: spec },
  } as never)
  return Object.fromEntries(["a", "b", "c", "d", "e"].flatMap((name) => (needer(name) ? [[name, needer(name)]] : [])))
}

const ofA = "$(stages['a'].outputs.k)"

describe("the outputs of a stage are needed", () => {
  it("by nobody, where nobody names them", () => {
    expect(neederOf({})).toEqual({})
  })

  it.each<[string, Partial<PipelineStage>, StageSpec?]>([
    ["in a parameter", { params: [{ name: "p", value: `x ${ofA}` }] }],
    ["in a value of a matrix", { matrix: [{ name: "m", values: ["1", ofA] }] }],
    ["in its template's args", {}, { ...plain, args: [ofA] }],
    ["in its template's env", {}, { ...plain, env: [{ name: "K", value: '$(stages["a"].outputs.k)' }] }],
    ["in when", { when: "stages['a'].outputs.k == 'yes'" }],
  ])("by a stage that names them %s", (_, c, spec) => {
    expect(neederOf(c, { ...(spec && { spec }) })).toEqual({ a: "c" })
  })

  it("by a stage of finally", () => {
    expect(neederOf({}, { atEnd: { params: [{ name: "p", value: ofA }] } })).toEqual({ a: "e" })
  })

  it("of all stages above by an expression that chooses one as it runs, and of none beside or below", () => {
    expect(neederOf({ when: "stages.exists(name, stages[name].outputs.k == 'x')" })).toEqual({ a: "c", b: "c" })
  })

  it("of all of the graph, by such an expression in finally", () => {
    const when = "stages[params.which].outputs.k == 'x'"
    expect(neederOf({}, { atEnd: { when } })).toEqual({ a: "e", b: "e", c: "e", d: "e" })
  })

  it("is told in a time that grows with the run and no faster", () => {
    const stages = Array.from({ length: 1000 }, (_, i) => ({
      name: `s${i}`,
      type: "task",
      when: "stages[params.p].outputs.k == 'x'",
      dependsOn: Array.from({ length: Math.min(i, 20) }, (_, j) => `s${i - j - 1}`),
    }))
    const { snapshot } = accepted({ graph: "a" }).status
    const start = performance.now()
    expect(findNeeders({ ...snapshot, stages, stageSpecs: { task: plain } } as never)("s0")).toBe("s1")
    expect(performance.now() - start).toBeLessThan(500)
  })
})

describe("an expression reads the outputs", () => {
  it.each<[string, ReturnType<typeof outputsReadIn>]>([
    ["params.p == 'yes'", []],
    ["stages['a'].outputs.k == 'x'", ["a"]],
    ['stages["a b"].outputs.k == "x"', ["a b"]],
    ["stages.a.outputs.k == stages . b . outputs.k", ["a", "b"]],
    ["'k' in stages[ 'a' ].outputs", ["a"]],
    ["stages['a']['outputs'].k == 'x'", ["a"]],
    ["stages['a'].phase == 'Succeeded' && stages.b.reason != ''", []],
    ["stages['a'].phase == 'Succeeded' || stages['a'].outputs.k == 'x'", ["a"]],
    ["stages['a'].phase.contains('x')", []],
    ["stages['a'].phases == 'x'", ["a"]],
    ["stages[params.p].outputs.k == 'x'", "any"],
    ["stages['a' + 'b'].outputs.k == 'x'", "any"],
    ["stages['\\u0061'].outputs.k == 'x'", "any"],
    ["stages['''a'''].outputs.k == 'x'", "any"],
    ["stages[r'a'].outputs.k == 'x'", "any"],
    ["stages // all\n['a'].outputs.k == 'x'", "any"],
    ["stages.exists(s, true)", "any"],
    ["stages == {}", "any"],
  ])("that %j names", (when, expected) => {
    expect(outputsReadIn(when)).toEqual(expected)
  })
})
