// Drawings of pipelines as a test writes them, and names that no format likes.

import * as fc from "fast-check"
import type { FinallyStage, PipelineStage } from "../../src/api/pipeline.ts"
import { type Drawing, drawingOf } from "../../src/drawing/drawing.ts"
import { graph } from "../builders/graph.ts"

/** The drawing of `a → b, a → c`, or of these stages. */
export function draw(stages: string | readonly PipelineStage[], last: readonly FinallyStage[] = []): Drawing {
  const spec = { stages: typeof stages === "string" ? graph(stages) : stages, finally: last }
  return drawingOf("web", spec)
}

/** A name and how people see it, where that is not the same. */
export const oddNames: readonly (readonly [name: string, seen?: string])[] = [
  ['Say "hi"'],
  ["it's"],
  ["<b>bold</b> & <script>alert(1)</script>"],
  ["&lt; &amp; #35; #quot; &#38;"],
  ["[a] (b) {c} |d| >e]"],
  ["back\\slash \\N \\l \\"],
  ['end of a string\\"]; evil [label="'],
  ["]]> --> --- <!-- %% comment"],
  ["`code` *bold* _it_ ~~no~~ $$x$$"],
  ["1. First"],
  ["- item"],
  ["# heading"],
  ["end"],
  ["style a:b #c; class s0 final; click s0 call x()"],
  ["two\nlines\r\n\tand a tab", "two lines and a tab"],
  ["\x1b[31mred\x1b[0m \x07bell", "red \ufffdbell"],
  ["🚀 rocket 👩‍👩‍👧 family"],
  ["בדיקות יחידה"],
  ["txt \u202egnp", "txt \ufffdgnp"],
  ["lone \ud800 surrogate", "lone \ufffd surrogate"],
  ["\u0000", "\ufffd"],
  ["名前 ünïcödé"],
  ["a-b_c-d"],
  ["x".repeat(253)],
]

/** A pipeline whose stages have all the odd names, one after the other, and whose last stages have them too. */
export const oddDrawing = draw(
  oddNames.map(([name], index) => ({
    ...{ name, type: "task", when: name },
    ...(index > 0 && { dependsOn: [oddNames[index - 1]![0]] }),
  })),
  oddNames.map(([name]) => ({ name: `last ${name}`, type: "task" })),
)

export const seen = ([name, other]: readonly [string, string?]) => other ?? name

/** Any graph of some stages: each depends on some that come before it. */
export function anyDrawing(maxStages: number): fc.Arbitrary<Drawing> {
  const entry = fc.record({
    parents: fc.array(fc.nat(1000), { maxLength: 4 }),
    letters: fc.integer({ min: 1, max: 60 }),
    isMarked: fc.boolean(),
  })
  return fc.tuple(fc.array(entry, { minLength: 1, maxLength: maxStages }), fc.nat(20)).map(([entries, last]) => {
    const names = entries.map(({ letters }, index) => `${index} ${"w".repeat(letters)}`)
    const stages = entries.map(({ parents, isMarked }, index) => ({
      name: names[index]!,
      type: "task",
      dependsOn: index === 0 ? [] : parents.map((parent) => names[parent % index]!),
      ...(isMarked && { approval: true, when: "true" }),
    }))
    return draw(
      stages,
      Array.from({ length: last }, (_, index) => ({ name: `last ${index}`, type: "task" })),
    )
  })
}
