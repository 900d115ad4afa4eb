// The graph in the language of Mermaid, which GitHub, GitLab and many wikis draw in Markdown.

import { directionOf } from "../graph/direction.ts"
import type { Drawing, DrawnStage } from "./drawing.ts"
import { phaseClass, phaseColours, phaseLabel, phases } from "./state.ts"
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
  const classes = classLines(drawing)
  if (final.length === 0) return [head, ...nodes, ...edges, ...classes].join("\n")
  return [
    head,
    `  subgraph stages["${escaped(drawing.pipeline)}"]`,
    ...[...nodes, ...edges].map((line) => `  ${line}`),
    "  end",
    '  subgraph final["finally"]',
    ...final.map((stage, index) => `    f${index}["${label(stage)}"]`),
    "  end",
    "  stages -.-> final",
    ...classes,
  ].join("\n")
}

/** Of a run: the colours of the phases that there are, and which node has which. */
function classLines({ stages, final }: Drawing): readonly string[] {
  const nodes = [
    ...stages.map(({ state }, index) => ({ id: `s${index}`, phase: state?.phase })),
    ...final.map(({ state }, index) => ({ id: `f${index}`, phase: state?.phase })),
  ]
  return phases.flatMap((phase) => {
    const ids = nodes.filter((node) => node.phase === phase).map(({ id }) => id)
    const name = phaseClass(phase)
    return ids.length === 0
      ? []
      : [`  classDef ${name} stroke:${phaseColours[phase]},stroke-width:2px`, `  class ${ids.join(",")} ${name}`]
  })
}

function label({ name, type, state, marks }: DrawnStage): string {
  const words = [type, ...(state ? [phaseLabel(state.phase)] : []), ...marks.map(({ word }) => word)]
  const second = words.map(escaped).join(" · ")
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
