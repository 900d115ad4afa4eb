// The one place where the command line writes. Whatever a line is made of, nothing in it moves the cursor of a terminal or
// turns its words around: that is seen to here, as the last step, also for words that nobody thought of.

import { styleText } from "node:util"
import { safeLines } from "../words/safe.ts"

type Stream = NodeJS.WriteStream
export type Style = Parameters<typeof styleText>[0]

/** The streams themselves, for what they are: a terminal or not, and how wide. */
export const stdout: Stream = process.stdout
export const stderr: Stream = process.stderr

/** Writes to standard output; colours stay where there are any. */
export function say(text: string): void {
  sayOn(stdout, text)
}

/** Writes to standard error. */
export function complain(text: string): void {
  sayOn(stderr, text)
}

/** Writes to this stream; colours are ours alone, so there are none where we paint none. */
export function sayOn(stream: Stream, text: string): void {
  stream.write(`${safeLines(text, { isStyled: painterOf(stream)("bold", "x") !== "x" })}\n`)
}

/** Writes lines of stages, too, whose own colours stay. */
export function showOn(stream: Stream, text: string): void {
  stream.write(`${shown(text)}\n`)
}

/** What {@link showOn} writes, for what is drawn in place. */
export function shown(text: string): string {
  return safeLines(text, { isStyled: true })
}

/** Writes a line of a log to a file or a pipe: as the stage wrote it, byte for byte, behind a prefix of ours. */
export function passOn(prefix: string, line: string): void {
  stdout.write(`${safeLines(prefix, { isStyled: true })}${line}\n`)
}

/** Paints for this stream: not at all, if it shows no colours. */
export function painterOf(stream: Stream): (style: Style, text: string) => string {
  return (style, text) => styleText(style, text, { stream })
}
