// Drawings of a run: the pipeline as the run has it, and the state of each stage.

import { describe, expect, it } from "vitest"
import type { StageStatus } from "../../src/api/execution.ts"
import { toDot } from "../../src/drawing/dot.ts"
import { type Drawing, drawingOfRun } from "../../src/drawing/drawing.ts"
import { toMermaid } from "../../src/drawing/mermaid.ts"
import { phases } from "../../src/drawing/state.ts"
import { toSvg } from "../../src/drawing/svg.ts"
import { graph } from "../builders/graph.ts"
import { draw, oddDrawing, oddNames } from "./draw.ts"
import { elementsOf, parseSvg } from "./parse-svg.ts"

function run(text: string, stages: readonly StageStatus[], last: readonly string[] = []): Drawing {
  const atEnd = last.map((name) => ({ name, type: "task" }))
  return drawingOfRun({
    metadata: { name: "web-1" },
    spec: { pipelineName: "web" },
    status: { snapshot: { stages: graph(text), finally: atEnd }, stages },
  })!
}

const boxes = (svg: string) =>
  elementsOf(parseSvg(svg)).flatMap(({ name, attributes, children }) =>
    name === "g" && attributes["data-stage"] !== undefined
      ? [{ stage: attributes["data-stage"], classes: attributes.class, texts: children.map(({ text }) => text) }]
      : [],
  )

const failed: StageStatus = { name: "b", phase: "Failed", reason: "BackoffLimitExceeded", message: "exit code 3" }

describe("the picture of a run", () => {
  const drawing = run("a → b → c", [{ name: "a", phase: "Succeeded" }, failed], ["tidy"])

  it("has a class for the phase of each stage, and its name as data", () => {
    expect(boxes(toSvg(drawing)).map(({ stage, classes }) => `${stage}: ${classes}`)).toEqual([
      "a: stage succeeded",
      "b: stage failed",
      "c: stage waiting",
      "tidy: stage waiting",
    ])
  })

  it("tells each state in a sign and a word, and why in the title of the box", () => {
    const [a, b, c] = boxes(toSvg(drawing))
    expect(a!.texts).toContain("✔ Succeeded")
    expect(b!.texts).toContain("✖ Failed")
    expect(b!.texts[0]).toBe("b (task); Failed: BackoffLimitExceeded: exit code 3")
    expect(c!.texts).toContain("· Waiting")
  })

  it("is called after the run", () => {
    const elements = elementsOf(parseSvg(toSvg(drawing)))
    expect(elements.find(({ name }) => name === "title")!.text).toBe("Execution web-1 of pipeline web")
    expect(elements.find(({ attributes }) => attributes.class === "caption")!.text).toBe("web-1")
  })

  it("has a colour for every phase on light pages and on dark ones", () => {
    const style = elementsOf(parseSvg(toSvg(drawing))).find(({ name }) => name === "style")!.text
    for (const phase of phases) {
      const rules = [
        ...style.matchAll(new RegExp(`^\\.peanut \\.${phase.toLowerCase()} \\.state\\{fill:(#\\w+)\\}$`, "gm")),
      ]
      expect(new Set(rules.map(([, colour]) => colour)).size, phase).toBe(2)
    }
  })

  it("keeps everything where it is while the run goes on", () => {
    const places = (svg: string) =>
      elementsOf(parseSvg(svg)).flatMap(({ name, attributes: { x, y, d, width, height } }) =>
        name === "text" ? [`${x} ${y}`] : [`${name} ${x} ${y} ${d} ${width} ${height}`],
      )
    const text = "a → b, a → c, c → d"
    const before = places(toSvg(run(text, [])))
    for (const phase of phases) {
      const now = ["a", "b", "c", "d"].map((name): StageStatus => ({ name, phase, reason: "Because" }))
      expect(places(toSvg(run(text, now)))).toEqual(before)
    }
  })

  it("tells a stage by its exact name, whatever is in it", () => {
    const names = oddNames.map(([name]) => name)
    // Control characters are replaced.
    const held = names.map((name) => name.toWellFormed().replace(/(?![\t\n\r])\p{Cc}/gu, "\ufffd"))
    const stages = boxes(toSvg(oddDrawing)).map(({ stage }) => stage)
    expect(stages.slice(0, names.length).toSorted()).toEqual(held.toSorted())
  })

  it("is none before the run has its copy of the pipeline", () => {
    const pending = { metadata: { name: "web-1" }, spec: { pipelineName: "web" } }
    expect(drawingOfRun(pending)).toBeUndefined()
    expect(drawingOfRun({ ...pending, status: { stages: [] } })).toBeUndefined()
  })
})

describe("the picture of a pipeline", () => {
  it("has no states", () => {
    const svg = toSvg(draw("a → b"))
    expect(boxes(svg).map(({ stage, classes }) => `${stage}: ${classes}`)).toEqual(["a: stage", "b: stage"])
    expect(svg).not.toMatch(/state|running|Waiting/)
  })
})

describe("a run in another language", () => {
  const drawing = run("a → b", [{ name: "a", phase: "Succeeded" }, failed], ["tidy"])

  it("has words and classes in Mermaid", () => {
    expect(
      toMermaid(drawing)
        .split("\n")
        .slice(1)
        .map((line) => line.trim()),
    ).toEqual([
      'subgraph stages["web"]',
      's0["a<br/><small>task · ✔ Succeeded</small>"]',
      's1["b<br/><small>task · ✖ Failed</small>"]',
      "s0 --> s1",
      "end",
      'subgraph final["finally"]',
      'f0["tidy<br/><small>task · · Waiting</small>"]',
      "end",
      "stages -.-> final",
      "classDef waiting stroke:#8a7a66,stroke-width:2px",
      "class f0 waiting",
      "classDef succeeded stroke:#2f9150,stroke-width:2px",
      "class s0 succeeded",
      "classDef failed stroke:#d1433a,stroke-width:2px",
      "class s1 failed",
    ])
  })

  it("has words, classes and colours in the language of Graphviz", () => {
    const dot = toDot(drawing)
    expect(dot).toContain(
      's0 [label="a\\ntask · ✔ Succeeded", tooltip="Succeeded", class="succeeded", color="#2f9150"];',
    )
    expect(dot).toContain('tooltip="Failed: BackoffLimitExceeded: exit code 3", class="failed"')
  })
})
