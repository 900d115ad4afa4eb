// A terminal as far as Peanut's live view uses one: what would a person see on it?

import stringWidth from "string-width"

export class Screen {
  readonly isTTY = true
  columns: number
  rows: number
  /** Everything that was ever written. */
  written = ""
  readonly #lines: string[][] = [[]]
  #top = 0
  #row = 0
  #column = 0

  constructor(columns = 80, rows = 24) {
    this.columns = columns
    this.rows = rows
  }

  /** What scrolled out at the top and what is to be seen, as far as something is there. */
  get text(): string[] {
    return this.#lines.map((cells) => cells.join("").trimEnd()).filter((line) => line !== "")
  }

  /** The stream that a view writes to. */
  get stream(): NodeJS.WriteStream {
    return this as unknown as NodeJS.WriteStream
  }

  write(text: string): boolean {
    this.written += text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal obeys
    for (const [token] of text.matchAll(/\x1b\[[0-?]*[@-~]|\P{Cc}+|\p{Cc}/gu)) this.#obey(token)
    return true
  }

  #obey(token: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal obeys
    const [, count = "", command] = /^\x1b\[([?\d;]*)([A-Za-z])$/.exec(token) ?? []
    const n = Number(count || 1)
    if (token === "\n") this.#newLine()
    else if (token === "\r") this.#column = 0
    else if (command === "A") this.#row = Math.max(this.#top, this.#row - n)
    else if (command === "B") this.#row = Math.min(this.#top + this.rows - 1, this.#row + n)
    else if (command === "G") this.#column = n - 1
    else if (command === "K") this.#line.splice(count === "2" ? 0 : this.#column)
    else if (command === "m" || count === "?2026") return
    else if (/^\P{Cc}+$/u.test(token)) for (const { segment } of new Intl.Segmenter().segment(token)) this.#put(segment)
    else throw new Error(`the view wrote ${JSON.stringify(token)}`)
  }

  get #line(): string[] {
    while (this.#lines.length <= this.#row) this.#lines.push([])
    return this.#lines[this.#row]!
  }

  #put(character: string): void {
    const width = stringWidth(character)
    if (this.#column + width > this.columns) this.#newLine()
    const line = this.#line
    while (line.length < this.#column) line.push(" ")
    line.splice(this.#column, width, character, ...Array.from({ length: width - 1 }, () => ""))
    this.#column += width
  }

  /** A terminal turns the end of a line into the start of the next. */
  #newLine(): void {
    this.#row++
    this.#column = 0
    this.#top = Math.max(this.#top, this.#row - this.rows + 1)
    void this.#line
  }
}
