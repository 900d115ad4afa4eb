// The box of one stage: its name, its type, its state in a run, and a row of marks if it has any.

import type { DrawnStage } from "./drawing.ts"
import { phaseLabel, phases } from "./state.ts"
import { fitted, oneLine, widthOf } from "./words.ts"

export const fontPixels = { name: 14, type: 12, state: 12, mark: 11 } as const

/** A name that is wider is cut; the whole of it is in the title of the box. */
const maxTextPixels = 230
/** How much wider bold letters are. */
const boldness = 1.08
const padding = 16
const minWidth = 110
export const stateHeight = 18
export const markGap = 5
export const markPadding = 7

export interface BoxText {
  readonly name: string
  readonly type: string
  readonly state?: string
  readonly marks: readonly { readonly word: string; readonly width: number }[]
  readonly width: number
  readonly height: number
}

/** What is written in the box, and the room that it takes. */
export function boxText(stage: DrawnStage): BoxText {
  const name = fitted(oneLine(stage.name), fontPixels.name, maxTextPixels)
  const type = fitted(oneLine(stage.type), fontPixels.type, maxTextPixels)
  const marks = stage.marks.map(({ word }) => ({ word, width: widthOf(word, fontPixels.mark) + 2 * markPadding }))
  // A box has room for every state, so that it stays where it is while the run goes on.
  const states = stage.state === undefined ? 0 : Math.max(...phases.map(stateWidth))
  const texts = [boldness * widthOf(name, fontPixels.name), widthOf(type, fontPixels.type), states, marksWidth(marks)]
  const width = Math.max(minWidth, Math.ceil(Math.max(...texts)) + 2 * padding)
  const height = 50 + (stage.state === undefined ? 0 : stateHeight) + (marks.length === 0 ? 0 : 24)
  return { name, type, ...(stage.state && { state: phaseLabel(stage.state.phase) }), marks, width, height }
}

const stateWidth = (phase: (typeof phases)[number]) => boldness * widthOf(phaseLabel(phase), fontPixels.state)

/** How wide the row of marks is. */
export function marksWidth(marks: BoxText["marks"]): number {
  return marks.reduce((sum, { width }) => sum + width, 0) + markGap * Math.max(0, marks.length - 1)
}
