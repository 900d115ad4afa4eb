// A reader of a command line stands for one program: it reads the words behind its name as that program would, and tells in
// which of them a value would be run, or taken for an option. Several read the same words: xargs, and its sh.

/** Reads the words behind a program's name, one after the other. */
export interface Reader {
  /** As a message names it. */
  readonly name: string
  /** Whether a value in the next word may be run, or read as an option. */
  read(text: string): "program" | "data"
  /** All words to come are data. */
  readonly isDone: boolean
  /** The next word is the name that a shell's program gets: it starts nothing. */
  readonly hidesNext?: boolean
}

/** Nothing more is proven to be data. */
export const lost = (name: string): Reader => ({ name, read: () => "program", isDone: false })
