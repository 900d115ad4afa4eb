// The graph as indented text, in the order and with the indentation of the live view of `peanut run`. Where the
// indentation does not tell what a stage comes after, words do.

import stringWidth from "string-width"
import type { Drawing, DrawnStage } from "../../drawing/drawing.ts"
import { oneLine } from "../../drawing/words.ts"
import { depthsOf } from "../../graph/tree.ts"
import { counted } from "../../words/phrases.ts"
import { padded } from "./stage-lines.ts"

/** Beyond this, deeper stages are not moved further to the right. */
const deepest = 12
/** Of more parents, the others are counted. */
const maxParents = 6

/** One line for each stage: name, type, what makes it special, and what it comes after. */
export function toText({ pipeline, stages, final }: Drawing): string {
  const depths = depthsOf(stages)
  const rows = stages.map((stage) => {
    const depth = depths.get(stage.name) ?? 0
    // A stage with one parent stands in its order below that parent, and nothing but what else comes after it between.
    const isPlain = depth <= deepest && stage.dependsOn.length <= 1
    return row(stage, Math.min(depth, deepest), isPlain ? "" : after(stage.dependsOn))
  })
  const last = final.map((stage) => row(stage, 1, ""))
  const width = Math.max(0, ...[...rows, ...last].map(({ name }) => stringWidth(name)))
  const typeWidth = Math.max(0, ...[...rows, ...last].map(({ type }) => stringWidth(type)))
  const line = ({ name, type, notes }: Row) => `${padded(name, width)}  ${padded(type, typeWidth)}  ${notes}`.trimEnd()
  return [
    `pipeline ${oneLine(pipeline)}: ${counted(stages.length, "stage")}${final.length === 0 ? "" : `, ${final.length} at the end`}`,
    ...rows.map(line),
    ...(last.length === 0 ? [] : ["finally", ...last.map(line)]),
  ].join("\n")
}

interface Row {
  readonly name: string
  readonly type: string
  readonly notes: string
}

function row({ name, type, marks }: DrawnStage, depth: number, after: string): Row {
  const notes = [...marks.map(({ word }) => word), ...(after === "" ? [] : [after])].join(", ")
  return { name: "  ".repeat(depth) + oneLine(name), type: oneLine(type), notes }
}

function after(parents: readonly string[]): string {
  const shown = parents.slice(0, maxParents).map(oneLine).join(", ")
  return `after ${shown}${parents.length > maxParents ? ` and ${parents.length - maxParents} more` : ""}`
}
