// Where a reference may stand in a command line: in words that are data. Whoever writes a value must not choose what
// runs (Argo's CVE-2021-37914 was this), so a word is data only where that is proven: behind a known interpreter all
// words are taken for its program or its options until the words between leave no doubt (interpreters.ts).

import { type Expanded, hole, unknown } from "./expanded-words.ts"
import { grammarReader } from "./grammar-reader.ts"
import { type Program, programOf } from "./interpreters.ts"
import { anyProgram, optionReader } from "./option-reader.ts"
import { lost, type Reader } from "./word-reader.ts"

/** Why no reference may stand in a word. */
export type Refusal =
  /** It chooses the program that the container runs. */
  | { readonly why: "command" }
  /** A program may run it, or take it for an option; `by` names that program as a message does. */
  | { readonly why: "program"; readonly by: string }
  /** It stands among characters that may have a meaning. */
  | { readonly why: "text" }

/** The words with references that are refused, by index; the first `commandLength` of them are the container's command. */
export function refusedWords(words: readonly Expanded[], commandLength: number): ReadonlyMap<number, Refusal> {
  const refused = new Map<number, Refusal>()
  if (!words.some(holds)) return refused
  let readers: readonly Reader[] = commandLength === 0 ? [anyProgram("the image's entry point")] : []
  let programName = -1
  for (const [index, word] of words.entries()) {
    const by = readers.filter((reader) => reader.read(word.text) === "program")
    if (holds(word)) {
      const refusal = refusalOf(word.text, index, commandLength, by[0])
      if (refusal !== undefined) refused.set(index, refusal)
    }
    if (readers.some(({ hidesNext }) => hidesNext)) programName = index + 1
    readers = readers.filter(({ isDone }) => !isDone)
    if (index !== programName) readers = withReaderOf(word.text, readers)
  }
  return refused
}

const holds = ({ text }: Expanded) => text.includes(hole)

/** Letters and signs that mean nothing to a shell, a query or a template, on their own. */
const harmless = /^[\w./:@%+,=-]*$/

function refusalOf(text: string, index: number, commandLength: number, by: Reader | undefined): Refusal | undefined {
  if (index === 0 && (commandLength > 0 || !text.startsWith("-"))) {
    // Most images have no entry point: their first argument is the program.
    return { why: "command" }
  }
  if (by !== undefined) return { why: "program", by: by.name }
  return harmless.test(text.replaceAll(hole, "")) ? undefined : { why: "text" }
}

/** More programs than this in one command line are not told apart. */
const mostReaders = 16

function withReaderOf(text: string, readers: readonly Reader[]): readonly Reader[] {
  const bare = text.replaceAll(hole, "")
  const last = bare.slice(bare.lastIndexOf("/") + 1)
  const program = programOf(bare)
  const reader = last.startsWith(unknown)
    ? anyProgram("a program that a variable may name")
    : program && readerOf(`"${last}"`, program)
  if (reader === undefined) return readers
  return readers.length < mostReaders ? [...readers, reader] : [lost(reader.name)]
}

const readerOf = (name: string, program: Program): Reader =>
  "operands" in program ? grammarReader(name, program) : optionReader(name, program)
