// Text from elsewhere made fit for a terminal: whatever a program wrote or somebody called a stage, the cursor stays
// where the view left it, and the words stand in the order in which they were written.

/** A name or a message on one line, without anything that a terminal obeys. */
export function plain(text: string): string {
  if (!unsafe.test(text)) return text
  return text
    .replace(sequences, "")
    .replace(/\s*[\t\n\v\f\r\u2028\u2029]\s*/g, " ")
    .replace(allUnsafe, "\ufffd")
}

/** The same with every such character spelled out, such as `\u001b`: for messages about what a file holds, and JSON. */
export function spelled(text: string): string {
  return text.replace(allUnsafe, (character) => {
    if (character < " ") return JSON.stringify(character).slice(1, -1)
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  })
}

/** A value as JSON of several lines that is safe to show: what JSON leaves as it is, such as C1 and bidi, is escaped. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value, null, 2).split("\n").map(spelled).join("\n")
}

/** Whether a text has a character that a terminal obeys, line breaks and tabs among them. */
export function isUnsafe(text: string): boolean {
  return unsafe.test(text)
}

/**
 * A line of a program's output. Its colours stay, and end with it; everything else that a terminal would obey goes. Of
 * a line that was written over by carriage returns, as progress bars do, the last state stays.
 */
export function outputLine(line: string): string {
  const clean = safeLines(line.split("\r").findLast((part) => part !== "") ?? "", { isStyled: true })
  return clean.includes(esc) ? `${clean}${esc}[0m` : clean
}

/** Lines as they may be written to a terminal: tabs and line breaks stay, and colours where they are styled. */
export function safeLines(text: string, { isStyled }: { readonly isStyled: boolean }): string {
  if (!unsafe.test(text)) return text
  return text.replace(obeyed, (sequence) =>
    sequence === "\n" || sequence === "\t" || (isStyled && isColour.test(sequence)) ? sequence : "",
  )
}

/** Controls, C0 and C1; separators of lines; embeddings, overrides and isolates of writing from right to left. */
const signs = "\\p{Cc}\\u2028-\\u202e\\u2066-\\u2069"
const unsafe = new RegExp(`[${signs}]`, "u")
const allUnsafe = new RegExp(`[${signs}]`, "gu")

const esc = "\x1b"

/** Control sequences (ECMA-48) first, then strings such as titles and links, then other escapes. */
const escapes = [
  `(?:${esc}\\[|\\x9b)[0-?]*[ -/]*[@-~]?`,
  `(?:${esc}[\\]PX^_]|[\\x90\\x98\\x9d-\\x9f])[^\\p{Cc}]*(?:\\x07|\\x9c|${esc}\\\\)?`,
  `${esc}[ -/]*[0-~]?`,
].join("|")

const sequences = new RegExp(escapes, "gu")
/** With the characters that stand alone. */
const obeyed = new RegExp(`${escapes}|[${signs}]`, "gu")

const isColour = new RegExp(`^${esc}\\[[\\d;:]*m$`)
