// What a terminal obeys, and what is left of it.

import { describe, expect, it } from "vitest"
import { isUnsafe, outputLine, plain, safeJson, safeLines, spelled } from "../../src/words/safe.ts"

const codes = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)
/** All of C0 and C1, DEL, separators of lines, and what turns writing around. */
const every = [...codes(0, 31), ...codes(127, 159), ...codes(0x2028, 0x202e), ...codes(0x2066, 0x2069)].map((code) =>
  String.fromCharCode(code),
)

describe("a character that a terminal obeys", () => {
  it.each(every.map((sign) => [sign.charCodeAt(0).toString(16), sign]))("goes wherever it stands: U+%s", (_, sign) => {
    const text = `a${sign}b${sign}[31m${sign}${sign}]52;c;YQ==\x07c${sign}`
    expect(isUnsafe(text)).toBe(true)
    expect(isUnsafe(plain(text))).toBe(false)
    expect(isUnsafe(spelled(text))).toBe(false)
    expect(isUnsafe(safeLines(text, { isStyled: false }).replace(/[\n\t]/g, ""))).toBe(false)
    expect(
      isUnsafe(
        safeLines(text, { isStyled: true })
          .replaceAll("\x1b[31m", "")
          .replace(/[\n\t]/g, ""),
      ),
    ).toBe(false)
    expect(
      isUnsafe(
        outputLine(text)
          .replaceAll("\x1b[31m", "")
          .replaceAll("\x1b[0m", "")
          .replace(/[\n\t]/g, ""),
      ),
    ).toBe(false)
    expect(isUnsafe(safeJson({ [text]: text }).replaceAll("\n", ""))).toBe(false)
    expect(JSON.parse(safeJson({ [text]: [text] }))).toEqual({ [text]: [text] })
  })
})

describe("text that nobody need fear", () => {
  it.each(["", "Build", "Fünfte Stufe", "部署", "👩‍👩‍👧‍👦 🥜", "שלום", "a\u200fb"])("stays as it is: %j", (text) => {
    for (const made of [plain(text), spelled(text), outputLine(text), safeLines(text, { isStyled: false })]) {
      expect(made).toBe(text)
    }
  })
})

describe("outputLine", () => {
  it("keeps colours and ends them, and leaves nothing of other sequences of C1, titles and clipboards", () => {
    expect(outputLine("\x1b[31mred\x1b]52;c;YQ==\x07\x9d0;title\x9c\x9b2J\u202e!")).toBe("\x1b[31mred!\x1b[0m")
    expect(outputLine("\x1bPdevice\x1b\\a\x90device\x9cb\x1b[?1049hc\x1bcd")).toBe("abcd")
  })
})

describe("safeLines", () => {
  it("keeps colours where there are any, and line breaks and tabs always", () => {
    expect(safeLines("\x1b[1ma\x1b[0m\tb\nc\r\x1b[2J", { isStyled: true })).toBe("\x1b[1ma\x1b[0m\tb\nc")
    expect(safeLines("\x1b[1ma\x1b[0m\tb\nc", { isStyled: false })).toBe("a\tb\nc")
  })
})
