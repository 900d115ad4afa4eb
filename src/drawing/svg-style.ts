// The colours and fonts of a picture. It paints its own page, so that it can be read wherever it is shown.

import { fontPixels } from "./box.ts"
import type { Drawing } from "./drawing.ts"
import { phaseClass, phases } from "./state.ts"

type Phase = (typeof phases)[number]

interface Colours {
  readonly page: string
  readonly edge: string
  readonly box: string
  readonly boxEdge: string
  readonly name: string
  readonly type: string
  readonly line: string
  readonly pill: string
  readonly mark: string
  /** Of the border of a box, and of the word in it. */
  readonly phases: Readonly<Record<Phase, string>>
}

const light: Colours = {
  page: "#fffdf9",
  edge: "#e8dfd2",
  box: "#fff",
  boxEdge: "#b98d55",
  name: "#2b2116",
  type: "#75654f",
  line: "#9c8a73",
  pill: "#f6e7cf",
  mark: "#6f4a12",
  phases: {
    Waiting: "#75654f",
    Running: "#0b63a5",
    Succeeded: "#1d6f37",
    Failed: "#b3261e",
    Skipped: "#7a5c00",
    Cancelled: "#6d4a9c",
  },
}

const dark: Colours = {
  page: "#16130f",
  edge: "#3a3229",
  box: "#221d17",
  boxEdge: "#a37b48",
  name: "#f5ede1",
  type: "#b8a78f",
  line: "#8a7a66",
  pill: "#46351d",
  mark: "#f0cf9c",
  phases: {
    Waiting: "#b8a78f",
    Running: "#7cc0f5",
    Succeeded: "#7fd197",
    Failed: "#ff9a90",
    Skipped: "#e3c04d",
    Cancelled: "#c9aef0",
  },
}

const rules = (colours: Colours) =>
  [
    `.page{fill:${colours.page};stroke:${colours.edge}}`,
    `.box{fill:${colours.box};stroke:${colours.boxEdge}}`,
    `.name{fill:${colours.name}}`,
    `.type,.caption{fill:${colours.type}}`,
    `.line,.last,.frame{stroke:${colours.line}}`,
    `.arrow{fill:${colours.line}}`,
    `.pill{fill:${colours.pill}}`,
    `.mark{fill:${colours.mark}}`,
  ]
    .map((rule) => rule.replaceAll(/(^|,)\./g, "$1.peanut ."))
    .join("\n")

const phaseRules = (colours: Colours) =>
  phases
    .map((phase) => {
      const those = `.peanut .${phaseClass(phase)}`
      return `${those} .box{stroke:${colours.phases[phase]}}\n${those} .state{fill:${colours.phases[phase]}}`
    })
    .join("\n")

/** The style of a drawing; only a run has states. Fits between `<style>` tags as it is: it has no sign that means something in XML. */
export function styleOf({ execution }: Drawing): string {
  return execution === undefined ? style : style + stateStyle
}

const style = `
.peanut text{font-family:system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif;text-anchor:middle}
.peanut .name{font-size:${fontPixels.name}px;font-weight:600}
.peanut .type{font-size:${fontPixels.type}px}
.peanut .mark{font-size:${fontPixels.mark}px}
.peanut text.caption{font-size:13px;text-anchor:start}
.peanut .line,.peanut .last,.peanut .frame{fill:none;stroke-width:1.5}
.peanut .last,.peanut .frame{stroke-dasharray:5 4}
${rules(light)}
@media (prefers-color-scheme:dark){
${rules(dark)}
}
`

const stateStyle = `
.peanut .state{font-size:${fontPixels.state}px;font-weight:600}
.peanut .running .box,.peanut .failed .box{stroke-width:2}
.peanut .waiting .box,.peanut .skipped .box,.peanut .cancelled .box{stroke-dasharray:4 3}
${phaseRules(light)}
@media (prefers-color-scheme:dark){
${phaseRules(dark)}
}
`
