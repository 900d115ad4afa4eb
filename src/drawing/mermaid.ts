// The graph in the language of Mermaid, which GitHub, GitLab and many wikis draw in Markdown.

import { directionOf } from "../graph/direction.ts"
import type { Drawing, DrawnStage } from "./drawing.ts"
import { oneLine } from "./words.ts"

/** A flowchart; the names of its nodes are numbers, so that a stage may be called anything. */
export function toMermaid(drawing: Drawing): string {
  const { stages, final } = drawing
  const ids = new Map(stages.map(({ name }, index) => [name, `s${index}`]))
  const nodes = stages.map((stage, index) => `  s${index}["${label(stage)}"]`)
  const edges = stages.flatMap(({ name, dependsOn }) => {
    return dependsOn.map((parent) => `  ${ids.get(parent)} --> ${ids.get(name)}`)
  })
  const head = `flowchart ${directionOf(drawing) === "right" ? "LR" : "TD"}`
  if (final.length === 0) return [head, ...nodes, ...edges].join("\n")
  return [
    head,
    `  subgraph stages["${escaped(drawing.pipeline)}"]`,
    ...[...nodes, ...edges].map((line) => `  ${line}`),
    "  end",
    '  subgraph final["finally"]',
    ...final.map((stage, index) => `    f${index}["${label(stage)}"]`),
    "  end",
    "  stages -.-> final",
  ].join("\n")
}

function label({ name, type, marks }: DrawnStage): string {
  const second = [type, ...marks.map(({ word }) => word)].map(escaped).join(" · ")
  return `${escaped(name)}<br/><small>${second}</small>`
}

/**
 * Text that Mermaid takes neither for its own syntax nor for HTML or Markdown: every sign of ASCII by its number, but
 * for a hyphen or an underscore within a word.
 */
function escaped(text: string): string {
  const line = oneLine(text).trim() || "\u00a0"
  return line.replace(/[!-/:-@[-`{-~]/g, (sign, at: number) => {
    const isWithin = /[\p{L}\p{N}]/u.test(line[at - 1] ?? "") && /[\p{L}\p{N}]/u.test(line[at + 1] ?? "")
    return /[-_]/.test(sign) && isWithin ? sign : `#${sign.charCodeAt(0)};`
  })
}
