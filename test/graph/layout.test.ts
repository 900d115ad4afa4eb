import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { boxText } from "../../src/drawing/box.ts"
import type { Drawing, DrawnStage } from "../../src/drawing/drawing.ts"
import { crossings } from "../../src/graph/crossings.ts"
import { withFewerLines } from "../../src/graph/fewer-lines.ts"
import { layersOf } from "../../src/graph/layers.ts"
import { type Frame, type Layout, layoutOf as layout, type Point } from "../../src/graph/layout.ts"
import { anyDrawing, draw } from "../drawing/draw.ts"

const layoutOf = (drawing: Drawing) => layout(drawing, boxText)

/** fast-check prints the seed of what fails. */
const holds = (rule: (layout: Layout<DrawnStage>, drawing: Drawing) => void, maxStages = 24) =>
  fc.assert(
    fc.property(anyDrawing(maxStages), (drawing) => rule(layoutOf(drawing), drawing)),
    { numRuns: 300 },
  )

const overlap = (a: Frame, b: Frame) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
/** The rectangle around two points. */
const around = (a: Point, b: Point): Frame => ({
  ...{ x: Math.min(a.x, b.x), y: Math.min(a.y, b.y) },
  ...{ width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) },
})
const keyOf = ({ x, y }: Point) => `${x} ${y}`

describe("the layout of any graph", () => {
  it("has one box for each stage, and none that overlaps another or the frame of the last ones", () =>
    holds(({ boxes, final }, { stages, final: last }) => {
      expect(boxes.map(({ stage }) => stage.name).toSorted()).toEqual(stages.map(({ name }) => name).toSorted())
      expect(final?.boxes.map(({ stage }) => stage) ?? []).toEqual(last)
      const frames: readonly Frame[] = [...boxes, ...(final ? [final.frame] : [])]
      frames.forEach((a, i) => {
        for (const b of frames.slice(i + 1)) expect(overlap(a, b)).toBe(false)
      })
      final?.boxes.forEach((a, i) => {
        for (const b of final.boxes.slice(i + 1)) expect(overlap(a, b)).toBe(false)
      })
    }))

  it("has room in every box for what is written in it", () =>
    holds(({ boxes, final }) => {
      for (const { width, height, stage } of [...boxes, ...(final?.boxes ?? [])]) {
        const text = boxText(stage)
        expect(width).toBeGreaterThanOrEqual(text.width)
        expect(height).toBeGreaterThanOrEqual(text.height)
      }
    }))

  it("lies within its size", () =>
    holds(({ boxes, lines, final, width, height }) => {
      const inner = final ? [...final.boxes, final.frame, around(final.start, final.end)] : []
      const all = [...boxes, ...inner, ...lines.map(({ start, end, through }) => around(start, through ?? end))]
      for (const frame of all) {
        expect(Math.min(frame.x, frame.y)).toBeGreaterThanOrEqual(0)
        expect(frame.x + frame.width).toBeLessThanOrEqual(width)
        expect(frame.y + frame.height).toBeLessThanOrEqual(height)
      }
      for (const box of final?.boxes ?? []) {
        expect(box.x > final!.frame.x && box.x + box.width < final!.frame.x + final!.frame.width).toBe(true)
        expect(box.y > final!.frame.y && box.y + box.height < final!.frame.y + final!.frame.height).toBe(true)
      }
    }))

  it("has only lines that go forward", () =>
    holds(({ lines, direction }) => {
      const along = direction === "right" ? "x" : "y"
      for (const { start, end, through } of lines) {
        expect(end[along]).toBeGreaterThan(start[along] + 40)
        if (through !== undefined) expect(through[along]).toBeGreaterThan(end[along])
      }
    }))

  it("leads no line through a box", () =>
    holds(({ boxes, lines, direction }) => {
      for (const { start, end, through } of lines) {
        for (const box of boxes) {
          // Between two layers there is nothing but lines, so the curve may be anywhere in its rectangle.
          const [from, to] = direction === "right" ? [start.x, end.x] : [start.y, end.y]
          const [at, size] = direction === "right" ? [box.x, box.width] : [box.y, box.height]
          expect(at < to && from < at + size).toBe(false)
          if (through === undefined) continue
          const level = around(end, through)
          expect(overlap({ ...level, width: level.width + 1, height: level.height + 1 }, box)).toBe(false)
        }
      }
    }))

  it("joins each stage with all that depend on it, and with no others", () =>
    holds(({ boxes, lines, direction }, { stages }) => {
      const entry = new Map(
        boxes.map((box) => {
          const { x, y, width, height } = box
          return [keyOf(direction === "right" ? { x, y: y + height / 2 } : { x: x + width / 2, y }), box.stage.name]
        }),
      )
      const drawn = new Set<string>()
      for (const { stage, end, through } of lines) {
        if (through === undefined) drawn.add(`${stage} → ${entry.get(keyOf(end))}`)
        // What goes through a layer goes on behind it.
        else expect(lines.some((line) => line.stage === stage && keyOf(line.start) === keyOf(through))).toBe(true)
      }
      const wanted = stages.flatMap(({ name, dependsOn }) => dependsOn.map((parent) => `${parent} → ${name}`))
      expect([...drawn].toSorted()).toEqual(wanted.toSorted())
    }))

  it("has the graph in the middle, where the frame of the last stages is higher", () => {
    const last = Array.from({ length: 6 }, (_, index) => ({ name: `last ${index}`, type: "task" }))
    const { boxes, final } = layoutOf(draw("a", last))
    expect(boxes[0]!.y + boxes[0]!.height / 2).toBe(final!.frame.y + final!.frame.height / 2)
  })

  it("is the same each time", () =>
    holds((layout, drawing) => {
      expect(JSON.stringify(layoutOf(structuredClone(drawing)))).toBe(JSON.stringify(layout))
    }))
})

describe("the layers of a graph", () => {
  const names = (text: string) =>
    layersOf(draw(text).stages).map((layer) =>
      layer.map(({ stage, isLine }) => (isLine ? `(${stage.name})` : stage.name)),
    )

  it("have each stage right behind the last that it depends on", () => {
    expect(names("a → b → c, a → d")).toEqual([["a"], ["b", "d"], ["c"]])
  })

  it("have one place for all long lines of a stage", () => {
    expect(names("a → b → c → d → e, a → d, a → e")).toEqual([["a"], ["b", "(a)"], ["c", "(a)"], ["d", "(a)"], ["e"]])
  })

  it.each([
    ["a ladder that is written crosswise", "a, b, c, a → f, b → e, c → d"],
    ["two chains of which one is long", "x → y, a → b → c → d, a → y"],
    ["a tree", "a → b, a → c, a → d, b → h, d → e, c → f, b → g, d → i"],
    ["what only sorting untangles", "a, b, c, c → d, e, e → f, a → f"],
    ["what only single swaps untangle", "a, b, c, c → d, a → d, a → e, e → f, b → f"],
  ])("cross no lines of %s", (_, text) => {
    expect(crossings(layersOf(draw(text).stages))).toBe(0)
  })

  it("cross as few lines as in the best of all rounds, not in the last", () => {
    const text = "a, b, c, b → d, a → d, c → e, b → f, c → f, e → g, a → g, b → h, c → h"
    expect(crossings(layersOf(draw(text).stages))).toBe(1)
  })

  it("count as many crossings as comparing all pairs of lines does", () => {
    fc.assert(
      fc.property(anyDrawing(16), ({ stages }) => {
        const layers = layersOf(stages)
        let count = 0
        for (const [index, layer] of layers.slice(1).entries()) {
          const lines = layers[index]!.flatMap(({ to }, at) => to.map((place) => [at, layer.indexOf(place)] as const))
          for (const [a, b] of lines) for (const [c, d] of lines) if (a < c && b > d) count++
        }
        expect(crossings(layers)).toBe(count)
      }),
    )
  })
})

describe("a graph with more lines than anybody could follow", () => {
  const everything = draw(
    Array.from({ length: 80 }, (_, i) => ({
      ...{ name: `s${i}`, type: "task" },
      dependsOn: Array.from({ length: i }, (_, parent) => `s${parent}`),
    })),
  )

  it("is drawn without those that others imply", () => {
    const { stages, hidden } = withFewerLines(everything.stages)
    expect(stages.map(({ dependsOn }) => dependsOn)).toEqual(stages.map((_, i) => (i === 0 ? [] : [`s${i - 1}`])))
    expect(hidden).toBe((80 * 79) / 2 - 79)
    expect(layoutOf(everything).hidden).toBe(hidden)
  })

  it("keeps those that nothing implies, whatever their number", () => {
    const names = Array.from({ length: 50 }, (_, i) => `a${i}`)
    const wide = draw([
      ...names.map((name) => ({ name, type: "task" })),
      ...names.map((name) => ({ name: `b${name}`, type: "task", dependsOn: names })),
    ])
    expect(withFewerLines(wide.stages)).toEqual({ stages: wide.stages, hidden: 0 })
    expect(layoutOf(wide).lines).toHaveLength(2500)
  })

  it("is drawn whole as long as it is small", () => {
    expect(withFewerLines(draw("a → b → c, a → c").stages).hidden).toBe(0)
  })
})

describe("the direction", () => {
  const chain = (length: number) => Array.from({ length }, (_, i) => `s${i}`).join(" → ")
  const last = [{ name: "z", type: "task" }]
  it.each([
    ["right for what fits side by side", draw(chain(7)), "right"],
    ["down for a longer chain", draw(chain(8)), "down"],
    ["down for a chain that the last stages make too long", draw(chain(7), last), "down"],
    ["right for what is higher than wide anyway", draw(`${chain(8)}, a, b, c, d, e, f, g`), "right"],
  ] as const)("is %s", (_, drawing, direction) => {
    expect(layoutOf(drawing).direction).toBe(direction)
  })
})
