// A drawing in sentences, for those who do not see it.

import { counted } from "../words/phrases.ts"
import type { Drawing, DrawnStage } from "./drawing.ts"

/** Of larger graphs only the size is told: a wall of words helps nobody. */
const maxSentences = 40

/** What the picture shows. */
export function describe({ stages, final }: Drawing, hidden: number): string {
  const lines = stages.reduce((sum, { dependsOn }) => sum + dependsOn.length, 0)
  const size = `${counted(stages.length, "stage")}, ${counted(lines, "dependency").replace(/ys$/, "ies")}.`
  const unseen = hidden === 0 ? "" : ` ${hidden} dependencies that follow from others are not drawn.`
  const all = [...stages, ...final]
  const sentences = all.length > maxSentences ? [] : [...stages.map(place), ...final.map(last)]
  return [size + unseen, ...sentences].join(" ")
}

/** All that is special about a stage, as one line. */
export function titleOf({ name, type, state, marks }: DrawnStage): string {
  return [`${name} (${type})`, ...(state ? [state.sentence] : []), ...marks.map(({ sentence }) => sentence)].join("; ")
}

function place(stage: DrawnStage): string {
  const { dependsOn } = stage
  const when = dependsOn.length === 0 ? "starts at once" : `comes after ${dependsOn.join(", ")}`
  return `${titleOf(stage)} ${when}.`
}

function last(stage: DrawnStage): string {
  return `${titleOf(stage)} runs at the end, whatever happened.`
}
