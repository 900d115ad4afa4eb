// Where a reference may stand in a command line: in words that are data. Whoever writes a value must not choose what
// runs (Argo's CVE-2021-37914 was this), so a word is data only where that is proven: behind a known interpreter all
// words are taken for its program or its options until the words between leave no doubt (interpreters.ts).

import { type Expanded, hole, unknown } from "./expanded-words.ts"
import { programOf } from "./interpreters.ts"
import { entryPoint, lost, type Reader, readerOf } from "./word-readers.ts"

/** Why no reference may stand in a word. */
export type Refusal =
  /** It chooses the program that the container runs. */
  | { readonly why: "command" }
  /** An interpreter may run it; without a name it is the image's entry point. */
  | { readonly why: "program"; readonly by?: string }
  /** It stands among characters that may have a meaning. */
  | { readonly why: "text" }

/** The words with references that are refused, by index; the first `commandLength` of them are the container's command. */
export function refusedWords(words: readonly Expanded[], commandLength: number): ReadonlyMap<number, Refusal> {
  const refused = new Map<number, Refusal>()
  if (!words.some(holds)) return refused
  let readers: readonly Reader[] = commandLength === 0 ? [entryPoint()] : []
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
  if (by !== undefined) return { why: "program", ...(by.name !== undefined && { by: by.name }) }
  return harmless.test(text.replaceAll(hole, "")) ? undefined : { why: "text" }
}

/** More programs than this in one command line are not told apart. */
const mostReaders = 16

function withReaderOf(text: string, readers: readonly Reader[]): readonly Reader[] {
  if (text.split(/[/\\]/).at(-1)?.startsWith(unknown))
    return readers.length < mostReaders ? [...readers, entryPoint()] : [lost(text)]
  const bare = text.replaceAll(hole, "")
  const program = programOf(bare)
  if (program === undefined) return readers
  const name = bare.slice(bare.lastIndexOf("/") + 1)
  return readers.length < mostReaders ? [...readers, readerOf(name, program)] : [lost(name)]
}
