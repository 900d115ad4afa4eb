// The colours and fonts of a picture. It paints its own page, so that it can be read wherever it is shown.

import { fontPixels } from "./box.ts"

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

/** Fits between `<style>` tags as it is: it has no sign that means something in XML. */
export const style = `
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
