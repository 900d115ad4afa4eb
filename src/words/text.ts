// Text from elsewhere made fit for a terminal: whatever a program wrote or somebody called a stage, the cursor stays
// where the view left it.

/** A name or a message on one line, without anything that a terminal obeys. */
export function plain(text: string): string {
  if (!/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u.test(text)) return text
  return text
    .replace(sequences, "")
    .replace(/\s*[\t\n\v\f\r\u2028\u2029]\s*/g, " ")
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "\ufffd")
}

/**
 * A line of a program's output. Its colours stay, and end with it; everything else that a terminal would obey goes. Of
 * a line that was written over by carriage returns, as progress bars do, the last state stays.
 */
export function outputLine(line: string): string {
  if (!/\p{Cc}/u.test(line)) return line
  let isStyled = false
  const clean = (line.split("\r").findLast((part) => part !== "") ?? "").replace(obeyed, (sequence) => {
    if (sequence === "\t") return sequence
    if (!isColour.test(sequence)) return ""
    isStyled = true
    return sequence
  })
  return isStyled ? `${clean}${esc}[0m` : clean
}

const esc = "\x1b"

/** Control sequences (ECMA-48) first, then strings such as titles and links, then other escapes. */
const escapes = [`${esc}\\[[0-?]*[ -/]*[@-~]?`, `${esc}[\\]PX^_][^\\p{Cc}]*(?:\\x07|${esc}\\\\)?`, `${esc}[ -/]*[0-~]?`]

const sequences = new RegExp([...escapes, "\\x9b[0-?]*[ -/]*[@-~]?"].join("|"), "gu")
/** With the control characters that stand alone. */
const obeyed = new RegExp([...escapes, "\\p{Cc}"].join("|"), "gu")

const isColour = new RegExp(`^${esc}\\[[\\d;:]*m$`)
