// The graph as a picture that needs nothing else: no fonts, no scripts, colours for light and for dark pages.

import { type Box, type Layout, type Line, layoutOf, type Point } from "../graph/layout.ts"
import { type BoxText, boxText, fontPixels, markGap, marksWidth, stateHeight } from "./box.ts"
import { describe, titleOf } from "./describe.ts"
import type { Drawing, DrawnStage } from "./drawing.ts"
import { phaseClass } from "./state.ts"
import { styleOf } from "./svg-style.ts"
import { exact, fitted, oneLine, xml } from "./words.ts"

const margin = 28
const captionHeight = 30

/**
 * The picture as one SVG element. Each box is a group of class `stage` with the name of its stage in `data-stage`; in a run
 * it has its phase as a class beside it, such as `running`.
 */
export function toSvg(drawing: Drawing): string {
  const texts = new Map([...drawing.stages, ...drawing.final].map((stage) => [stage.name, boxText(stage)]))
  const layout = layoutOf(drawing, ({ name }) => texts.get(name)!)
  const boxes = (all: readonly Box<DrawnStage>[]) => all.map((box) => boxElement(box, texts.get(box.stage.name)!))
  const width = Math.max(layout.width, 120) + 2 * margin
  const height = layout.height + 2 * margin + captionHeight
  // Two pictures in one page must not share an id.
  const name = drawing.execution ?? drawing.pipeline
  const id = `peanut-${xml(name).replace(/[^a-z0-9.-]/g, "-")}`
  const caption = fitted(oneLine(name), fontPixels.name, width - 2 * margin)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="peanut" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">`,
    `<title id="${id}-title">${xml(titleOfDrawing(drawing))}</title>`,
    `<desc id="${id}-desc">${xml(describe(drawing, layout.hidden))}</desc>`,
    `<style>${styleOf(drawing)}</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10"/>`,
    `<text class="caption" x="${margin}" y="${margin + 8}">${xml(caption)}</text>`,
    `<g transform="translate(${margin} ${margin + captionHeight})">`,
    ...linePaths(layout),
    ...boxes(layout.boxes),
    ...finalElements(layout, boxes),
    "</g>",
    "</svg>",
  ].join("\n")
}

function titleOfDrawing({ pipeline, execution }: Drawing): string {
  return execution === undefined ? `Pipeline ${pipeline}` : `Execution ${execution} of pipeline ${pipeline}`
}

/** One path for all lines of a stage, and one for all arrows: a box has one arrow however many lines end there. */
function linePaths({ lines, direction }: Layout): readonly string[] {
  const paths = new Map<string, string[]>()
  const arrows = new Map<string, string>()
  for (const line of lines) {
    const path = paths.get(line.stage) ?? []
    paths.set(line.stage, path)
    path.push(linePath(line, direction))
    if (line.through === undefined) arrows.set(`${line.end.x} ${line.end.y}`, arrow(line.end, direction))
  }
  return [
    ...[...paths.values()].map((path) => `<path class="line" d="${path.join("")}"/>`),
    ...(arrows.size === 0 ? [] : [`<path class="arrow" d="${[...arrows.values()].join("")}"/>`]),
  ]
}

/** A curve from layer to layer, level at both ends. */
function linePath({ start, end, through }: Line, direction: Layout["direction"]): string {
  const isRight = direction === "right"
  const isArrow = through === undefined
  // Where there is an arrow, the line ends within it.
  const tip = isRight ? { x: end.x - (isArrow ? 7 : 0), y: end.y } : { x: end.x, y: end.y - (isArrow ? 7 : 0) }
  const on = isArrow ? "" : isRight ? `H${through.x}` : `V${through.y}`
  const from = `M${start.x} ${start.y}`
  if (isRight && start.y === tip.y) return `${from}H${through?.x ?? tip.x}`
  if (!isRight && start.x === tip.x) return `${from}V${through?.y ?? tip.y}`
  const [x, y] = [Math.round((start.x + tip.x) / 2), Math.round((start.y + tip.y) / 2)]
  const bend = isRight ? `${x} ${start.y} ${x} ${tip.y}` : `${start.x} ${y} ${tip.x} ${y}`
  return `${from}C${bend} ${tip.x} ${tip.y}${on}`
}

function arrow({ x, y }: Point, direction: Layout["direction"]): string {
  return direction === "right"
    ? `M${x - 9} ${y - 4.5}L${x - 1} ${y}L${x - 9} ${y + 4.5}Z`
    : `M${x - 4.5} ${y - 9}L${x} ${y - 1}L${x + 4.5} ${y - 9}Z`
}

function boxElement({ stage, x, y, width, height }: Box<DrawnStage>, text: BoxText): string {
  const middle = x + width / 2
  const top = y + (height - text.height) / 2
  const { state } = stage
  const isIn = state === undefined ? "stage" : `stage ${phaseClass(state.phase)}`
  return [
    `<g class="${isIn}" data-stage="${exact(stage.name)}"><title>${xml(titleOf(stage))}</title>`,
    `<rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="8"/>`,
    `<text class="name" x="${middle}" y="${top + 22}">${xml(text.name)}</text>`,
    `<text class="type" x="${middle}" y="${top + 39}">${xml(text.type)}</text>`,
    ...(text.state === undefined
      ? []
      : [`<text class="state" x="${middle}" y="${top + 57}">${xml(text.state)}</text>`]),
    ...markElements(text.marks, middle, top + 48 + (text.state === undefined ? 0 : stateHeight)),
    "</g>",
  ].join("")
}

function markElements(marks: BoxText["marks"], middle: number, y: number): readonly string[] {
  let x = middle - marksWidth(marks) / 2
  return marks.map(({ word, width }) => {
    const text = `<text class="mark" x="${x + width / 2}" y="${y + 12.5}">${xml(word)}</text>`
    const pill = `<rect class="pill" x="${x}" y="${y}" width="${width}" height="17" rx="8.5"/>${text}`
    x += width + markGap
    return pill
  })
}

/** Behind a line that all other stages must have reached, in a frame of their own. */
function finalElements(
  { final, direction }: Layout<DrawnStage>,
  elements: (boxes: readonly Box<DrawnStage>[]) => readonly string[],
): readonly string[] {
  if (final === undefined) return []
  const { frame, boxes, start, end } = final
  const isRight = direction === "right"
  const middle = isRight ? { x: start.x, y: (start.y + end.y) / 2 } : { x: (start.x + end.x) / 2, y: start.y }
  const tip = isRight ? { x: frame.x, y: middle.y } : { x: middle.x, y: frame.y }
  const lead = isRight ? `H${tip.x - 7}` : `V${tip.y - 7}`
  return [
    `<path class="last" d="M${start.x} ${start.y}L${end.x} ${end.y}M${middle.x} ${middle.y}${lead}"/>`,
    `<path class="arrow" d="${arrow(tip, direction)}"/>`,
    `<rect class="frame" x="${frame.x}" y="${frame.y}" width="${frame.width}" height="${frame.height}" rx="10"/>`,
    `<text class="caption" x="${frame.x + 16}" y="${frame.y + 25}">finally</text>`,
    ...elements(boxes),
  ]
}
