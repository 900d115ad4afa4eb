import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import type { PipelineSpec } from "../../src/api/pipeline.ts"
import { drawingOf } from "../../src/drawing/drawing.ts"
import { toSvg } from "../../src/drawing/svg.ts"
import { xml } from "../../src/drawing/words.ts"
import { choosePipeline } from "../../src/manifests/choose.ts"
import { loadManifests } from "../../src/manifests/load.ts"
import { root } from "../cli/run-peanut.ts"
import { draw, oddDrawing, oddNames, seen } from "./draw.ts"
import { elementsOf, parseSvg } from "./parse-svg.ts"

const elements = (svg: string, name: string) => elementsOf(parseSvg(svg)).filter((element) => element.name === name)
const textsOf = (svg: string, kind: string) =>
  elements(svg, "text").flatMap(({ attributes, text }) => (attributes.class === kind ? [text] : []))

describe("a picture", () => {
  it("is one element of SVG with a size, a title and a description", () => {
    const { name, attributes, children } = parseSvg(toSvg(draw("a → b, a → c")))
    expect(name).toBe("svg")
    expect(attributes).toMatchObject({ xmlns: "http://www.w3.org/2000/svg", role: "img" })
    expect(attributes.viewBox).toBe(`0 0 ${attributes.width} ${attributes.height}`)
    const [title, description] = children
    expect(attributes["aria-labelledby"]).toBe(`${title!.attributes.id} ${description!.attributes.id}`)
    expect(title).toMatchObject({ name: "title", text: "Pipeline web" })
    expect(description).toMatchObject({ name: "desc" })
    expect(description!.text).toBe(
      "3 stages, 2 dependencies. a (task) starts at once. b (task) comes after a. c (task) comes after a.",
    )
  })

  it("in the documentation is what the program draws now", async () => {
    const loaded = await loadManifests([join(root, "docs/graph.yaml")], async () => "")
    const found = choosePipeline(loaded)
    if ("problems" in found) throw new Error("there is no pipeline in docs/graph.yaml")
    expect(`${toSvg(drawingOf(found.pipeline.name, found.pipeline.object.spec as PipelineSpec))}\n`).toBe(
      readFileSync(join(root, "docs/graph.svg"), "utf8"),
    )
  })

  it("escapes text for attributes too", () => {
    expect(xml(`<a b="c" d='e'> & \ufffe`)).toBe("&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt; &amp; \ufffd")
  })

  it("needs nothing from elsewhere and runs nothing", () => {
    const svg = toSvg(oddDrawing)
    const names = new Set(elementsOf(parseSvg(svg)).map(({ name }) => name))
    expect([...names].toSorted()).toEqual(["desc", "g", "path", "rect", "style", "svg", "text", "title"])
    const attributes = elementsOf(parseSvg(svg)).flatMap((element) => Object.keys(element.attributes))
    expect(attributes.filter((name) => /^on|href|^style$/.test(name))).toEqual([])
    expect(elements(svg, "style")[0]!.text).not.toMatch(/url|@import|http/)
  })

  it("has colours of its own for dark pages, for all that it colours on light ones", () => {
    const [light, dark] = elements(toSvg(draw("a")), "style")[0]!.text.split("@media (prefers-color-scheme:dark)")
    const coloured = (rules: string) => [...rules.matchAll(/^([^{\n]+)\{(?=[^}]*#)/gm)].map(([, selector]) => selector)
    expect(coloured(dark!).length).toBeGreaterThan(6)
    expect(coloured(dark!)).toEqual(coloured(light!))
  })

  it("shows every name, whatever is in it, cut where it is too long; all of it in the title of the box", () => {
    const svg = toSvg(oddDrawing)
    const names = textsOf(svg, "name")
    const titles = elements(svg, "g").flatMap(({ children }) =>
      children[0]?.name === "title" ? [children[0].text] : [],
    )
    expect(names).toHaveLength(2 * oddNames.length)
    for (const odd of oddNames) {
      const name = seen(odd)
      expect(titles).toContainEqual(`${name} (task); when ${name}`)
      expect(names.some((text) => text === name || (text.endsWith("…") && name.startsWith(text.slice(0, -1))))).toBe(
        true,
      )
    }
    expect(names.filter((text) => /^x+…$/.test(text))).toHaveLength(1)
  })

  it("marks what makes a stage special, in a word and in a sentence", () => {
    const svg = toSvg(
      draw([
        { name: "a", type: "task", approval: true, when: "1 < 2", onFailure: "Ignore" },
        { name: "b", type: "task", dependsOn: ["a"], triggerRule: "AnyFailed" },
        { name: "c", type: "task", dependsOn: ["a"], triggerRule: "AllSucceeded", approval: false, onFailure: "Fail" },
        {
          ...{ name: "d", type: "task", dependsOn: ["a"], triggerRule: "AllDone" },
          matrix: [
            { name: "node", values: ["20", "22", "24"] },
            { name: "os", values: ["alpine", "debian", "ubi"] },
          ],
        },
      ]),
    )
    expect(textsOf(svg, "mark").toSorted()).toEqual(["AllDone", "AnyFailed", "approval", "may fail", "when", "×9"])
    const titles = elements(svg, "title").map(({ text }) => text)
    expect(titles).toContain("a (task); waits for approval; when 1 < 2; its failure is ignored")
    expect(titles).toContain("b (task); runs if anything before it failed")
    expect(titles).toContain("c (task)")
    expect(titles).toContain("d (task); 9 Jobs, one for each node and os; runs whatever became of those before it")
  })

  it("draws the stages at the end apart, joined to none", () => {
    const svg = toSvg(draw("a → b", [{ name: "tidy", type: "broom" }]))
    expect(textsOf(svg, "caption")).toEqual(["web", "finally"])
    expect(textsOf(svg, "name")).toEqual(["a", "b", "tidy"])
    const classes = elements(svg, "path").map(({ attributes }) => attributes.class)
    expect(classes).toEqual(["line", "arrow", "last", "arrow"])
    expect(toSvg(draw("a → b"))).not.toContain("finally")
  })

  it("has one arrow for a box, however many lines end there", () => {
    const [arrows] = elements(toSvg(draw("a → d, b → d, c → d")), "path").filter((p) => p.attributes.class === "arrow")
    expect(arrows!.attributes.d!.match(/M/g)).toHaveLength(1)
  })

  it("describes a large graph by its size alone", () => {
    const chain = Array.from({ length: 41 }, (_, i) => `s${i}`).join(" → ")
    expect(elements(toSvg(draw(chain)), "desc")[0]!.text).toBe("41 stages, 40 dependencies.")
  })

  it("of a thousand stages takes seconds, and less than a megabyte", () => {
    // A fixed mixture of near and far dependencies.
    const stages = Array.from({ length: 1000 }, (_, i) => ({
      ...{ name: `Stage ${i}`, type: "task" },
      dependsOn:
        i === 0 ? [] : [...new Set([i - 1 - ((i * 7) % Math.min(i, 40)), (i * 31) % i].map((p) => `Stage ${p}`))],
    }))
    const start = performance.now()
    const svg = toSvg(draw(stages))
    expect(performance.now() - start).toBeLessThan(15_000)
    expect(svg.length).toBeLessThan(1_000_000)
    expect(textsOf(svg, "name")).toHaveLength(1000)
  }, 60_000)

  it.each(["a chain", "a fan"])(
    "of a thousand stages in %s is no problem",
    (shape) => {
      const names = Array.from({ length: 1000 }, (_, i) => `s${i}`)
      const text =
        shape === "a chain"
          ? names.join(" → ")
          : names
              .slice(1)
              .map((name) => `s0 → ${name}`)
              .join(", ")
      expect(textsOf(toSvg(draw(text)), "name")).toHaveLength(1000)
    },
    60_000,
  )
})
