// The graph in the language of Graphviz.

import { directionOf } from "../graph/direction.ts"
import { depthsOf } from "../graph/tree.ts"
import type { Drawing, DrawnStage } from "./drawing.ts"
import { phaseClass, phaseColours, phaseLabel } from "./state.ts"
import { oneLine } from "./words.ts"

/** A digraph; the names of its nodes are numbers, so that a stage may be called anything. */
export function toDot(drawing: Drawing): string {
  const { pipeline, stages, final } = drawing
  const ids = new Map(stages.map(({ name }, index) => [name, `s${index}`]))
  const nodes = stages.map((stage, index) => `s${index} [${attributes(stage)}];`)
  const edges = stages.flatMap(({ name, dependsOn }) => {
    return dependsOn.map((parent) => `${ids.get(parent)} -> ${ids.get(name)};`)
  })
  const lines =
    final.length === 0
      ? [...nodes, ...edges]
      : [
          "compound=true;",
          "subgraph cluster_stages {",
          ...['style="invis";', ...nodes, ...edges].map((line) => `  ${line}`),
          "}",
          "subgraph cluster_finally {",
          '  label="finally"; style="dashed,rounded"; fontname="sans-serif"; fontsize=11;',
          ...final.map((stage, index) => `  f${index} [${attributes(stage)}];`),
          "}",
          // From the border of all stages, as none of them alone leads to the end; from the last, so that it is behind them.
          `s${deepestOf(stages)} -> f0 [ltail="cluster_stages", lhead="cluster_finally", style="dashed"];`,
        ]
  return [
    `digraph "${escaped(pipeline)}" {`,
    `  rankdir="${directionOf(drawing) === "right" ? "LR" : "TB"}";`,
    '  node [shape="box", style="rounded", fontname="sans-serif", fontsize=11];',
    ...lines.map((line) => `  ${line}`),
    "}",
  ].join("\n")
}

function deepestOf(stages: readonly DrawnStage[]): number {
  const depths = depthsOf(stages)
  const deepest = Math.max(...depths.values())
  return stages.findIndex(({ name }) => depths.get(name) === deepest)
}

function attributes({ name, type, state, marks }: DrawnStage): string {
  const words = [type, ...(state ? [phaseLabel(state.phase)] : []), ...marks.map(({ word }) => word)]
  const second = words.map(escaped).join(" · ")
  const sentences = [...(state ? [state.sentence] : []), ...marks.map(({ sentence }) => sentence)]
  const told = sentences.map(escaped).join("; ")
  const look = state === undefined ? "" : `, class="${phaseClass(state.phase)}", color="${phaseColours[state.phase]}"`
  return `label="${escaped(name)}\\n${second}"${told === "" ? "" : `, tooltip="${told}"`}${look}`
}

/** Within double quotes a backslash begins an escape such as \N, and an ampersand an entity of HTML. */
function escaped(text: string): string {
  return oneLine(text).replaceAll("&", "&amp;").replaceAll("\\", "\\\\").replaceAll('"', '\\"')
}
