// Output of a process, line by line.

import type { Readable } from "node:stream"

/** A line longer than this is cut into several: a program that never writes a line end must not fill the memory. */
const maxLineLength = 64 * 1024

export function onLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = ""
  stream.setEncoding("utf8")
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split(/\r?\n/)
    rest = lines.pop() ?? ""
    for (const line of lines) onLine(line)
    while (rest.length > maxLineLength) {
      onLine(rest.slice(0, maxLineLength))
      rest = rest.slice(maxLineLength)
    }
  })
  // Also where the stream was cut off before its end.
  stream.on("close", () => {
    if (rest !== "") onLine(rest)
  })
}
