import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { PipelineStage } from "../../src/api/pipeline.ts"
import { findGraphProblems } from "../../src/execution/graph.ts"
import { sortTopologically } from "../../src/graph/order.ts"
import { graph } from "../builders/graph.ts"

const messages = (stages: readonly PipelineStage[], types?: ReadonlySet<string>) =>
  findGraphProblems("web", stages, { types }).map((problem) => problem.message)

describe("findGraphProblems", () => {
  it("finds nothing wrong with a diamond", () => {
    expect(messages(graph("a → b, a → c, b → d, c → d"), new Set(["task"]))).toEqual([])
  })

  it.each([
    { graph: "a → b → a", cycle: "a → b → a" },
    { graph: "a → b → c → a", cycle: "a → b → c → a" },
    // The cycle starts at the stage that the pipeline names first, wherever it was found.
    { graph: "x, c, b, a → b → c → a", cycle: "c → a → b → c" },
    // What only leads to a cycle, or hangs below it, is not part of it.
    { graph: "start → a, a → b → a, b → end", cycle: "a → b → a" },
    { graph: "end, b → end, a → b → a", cycle: "b → a → b" },
  ])("prints the cycle of $graph in the direction of the flow: $cycle", ({ graph: text, cycle }) => {
    expect(messages(graph(text))).toEqual([`stages of pipeline "web" wait for each other: ${cycle}`])
  })

  it("prints only cycles that follow the arrows", () => {
    fc.assert(
      fc.property(anyGraph, (stages) => {
        const message = messages(stages).find((text) => text.includes("wait for each other"))
        const along = message?.split(": ")[1]?.split(" → ") ?? []
        if (along.length > 0) expect(along.at(-1)).toBe(along[0])
        along.slice(1).forEach((name, index) => {
          expect(stages.filter((stage) => stage.name === name).flatMap((stage) => stage.dependsOn)).toContain(
            along[index],
          )
        })
      }),
    )
  })

  it("says that a stage depends on itself, and does not call that a cycle too", () => {
    expect(messages(graph("a → a"))).toEqual(['stage "a" depends on itself'])
  })

  it("names the nearest stage for one that is not in the pipeline", () => {
    const stages = [...graph("Build"), { name: "Deploy", type: "task", dependsOn: ["Biuld"] }]
    expect(messages(stages)).toEqual([
      'stage "Deploy" depends on "Biuld", which is not in pipeline "web"; did you mean "Build"?',
    ])
  })

  // The advice is looked for among all names, also the stage's own.
  it("never advises a stage to depend on itself", () => {
    expect(messages([{ name: "Deploy", type: "task", dependsOn: ["Deplyo"] }])).toEqual([
      'stage "Deploy" depends on "Deplyo", which is not in pipeline "web"',
    ])
  })

  it("names the nearest PeanutStage for a type that does not exist", () => {
    expect(messages(graph("a", "nod-20"), new Set(["node-20", "go"]))).toEqual([
      'stage "a" is of type "nod-20", but there is no PeanutStage of that name; did you mean "node-20"?',
    ])
  })

  // Each costs a comparison with every name.
  it("advises on the first twenty mistakes, and names the others alone", () => {
    const stages = Array.from({ length: 22 }, (_, index) => ({ name: `s${index}`, type: "nod-20" }))
    expect(messages(stages, new Set(["node-20"]))).toEqual(
      stages.map(
        ({ name }, index) =>
          `stage "${name}" is of type "nod-20", but there is no PeanutStage of that name` +
          (index < 20 ? '; did you mean "node-20"?' : ""),
      ),
    )
  })

  it("does not look at types when it is not told which there are", () => {
    expect(messages(graph("a", "whatever"))).toEqual([])
  })

  it("says that two stages have one name", () => {
    expect(messages([...graph("a"), ...graph("a")])).toEqual(['pipeline "web" has two stages named "a"'])
  })

  it("names every mistake at once, each with its stage and field", () => {
    const stages: PipelineStage[] = [
      { name: "a", type: "task", dependsOn: ["b"] },
      { name: "b", type: "taks", dependsOn: ["a", "ghost"] },
      { name: "c", type: "task", dependsOn: ["c"] },
      { name: "c", type: "task" },
    ]
    expect(
      findGraphProblems("web", stages, { types: new Set(["task"]) }).map(({ stage, field }) => `${stage}.${field}`),
    ).toEqual(["c.name", "b.type", "b.dependsOn", "c.dependsOn", "a.dependsOn"])
  })

  it("finds the cycle behind an unknown name", () => {
    const stages = [...graph("a → b → a"), { name: "c", type: "task", dependsOn: ["ghost"] }]
    expect(messages(stages).at(-1)).toContain("a → b → a")
  })

  it("never throws, whatever the stages", () => {
    fc.assert(fc.property(anyGraph, (stages) => void findGraphProblems("web", stages, { types: new Set(["task"]) })))
  })
})

describe("a graph of 10,000 stages", () => {
  const count = 10_000
  const stageNames = Array.from({ length: count }, (_, index) => `s${index}`)
  // Last first, which is the worst order for an algorithm that looks for a stage that can start.
  const deep = stageNames
    .map((name, index) => ({ name, type: "task", dependsOn: index ? [`s${index - 1}`] : [] }))
    .reverse()
  const wide = stageNames.map((name, index) => ({ name, type: "task", dependsOn: index ? ["s0"] : [] }))
  const ring = deep.map((stage) => (stage.name === "s0" ? { ...stage, dependsOn: [`s${count - 1}`] } : stage))

  it.each([
    { shape: "in a row", stages: deep },
    { shape: "side by side", stages: wide },
  ])("$shape is sorted and checked in linear time and without recursion", ({ stages }) => {
    const start = performance.now()
    expect(sortTopologically(stages)).toHaveLength(count)
    expect(findGraphProblems("web", stages, { types: new Set(["task"]) })).toEqual([])
    expect(performance.now() - start).toBeLessThan(1000)
  })

  it("in a ring is printed whole", () => {
    const start = performance.now()
    expect(messages(ring)[0]?.split(" → ")).toHaveLength(count + 1)
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

const anyName = fc.constantFrom("a", "b", "c", "d", "__proto__", "ghost")
const anyGraph = fc.array(
  fc.record({ name: anyName, type: fc.constantFrom("task", "taks"), dependsOn: fc.array(anyName, { maxLength: 3 }) }),
  { maxLength: 8 },
)
