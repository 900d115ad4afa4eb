// Readers of a command line: each stands for one program, reads the words behind its name as that program would, and tells
// in which of them a value would be run, or taken for an option. Several read the same words: xargs, and its sh.

import { hole, unknown } from "./expanded-words.ts"
import type { Grammar, Program, RunningOptions } from "./interpreters.ts"

/** Reads the words behind a program's name, one after the other. */
export interface Reader {
  readonly name?: string
  /** Whether a value in the next word may be run, or read as an option. */
  read(text: string): "program" | "data"
  /** All words to come are data. */
  readonly isDone: boolean
  /** The next word is the name that a shell's program gets: it starts nothing. */
  readonly hidesNext?: boolean
}

/** What reads the words behind this program. */
export const readerOf = (name: string, program: Program): Reader =>
  "operands" in program ? grammarReader(name, program) : optionReader(name, program)

/** Nothing more is proven to be data. */
export const lost = (name: string): Reader => ({ name, read: () => "program", isDone: false })

function grammarReader(name: string, grammar: Grammar): Reader {
  const { isShell = false } = grammar
  let { operands } = grammar
  let state: "options" | "operands" | "taken" | "program" | "lost" | "data" = "options"
  /** A program was given by an option, so the first operand is an argument of it. */
  let hasProgram = false
  /** The first operand is a shell's program, not a file of one. */
  let isInline = false
  let hidesNext = false

  function next(text: string): typeof state {
    if (state === "lost" || text.startsWith(unknown)) return "lost"
    if (state === "taken" || state === "program") return "options"
    if (state === "options" && (text === "--" || (isShell && text === "-"))) return hasProgram ? "data" : "operands"
    if (state === "options" && (text.startsWith("-") || (isShell && text.startsWith("+")))) return afterOption(text)
    if (grammar.assigns && isAssignment(text)) return state
    operands -= 1
    if (isInline) return afterScript(text)
    return operands > 0 && !hasProgram ? state : "data"
  }

  function afterOption(option: string): typeof state {
    isInline ||= isShell && !option.startsWith("--") && option.includes("c")
    if (grammar.program?.test(option)) return "program"
    if (grammar.taking?.test(option)) return "taken"
    return grammar.plain?.test(option) ? "options" : "lost"
  }

  function afterScript(script: string): typeof state {
    isInline = false
    hidesNext = !usesItsName(script)
    if (evaluates(script)) return "lost"
    if (!handsOn(script)) return "data"
    // Behind its name comes a program again.
    operands = 2
    return "operands"
  }

  return {
    name,
    read(text) {
      hidesNext = false
      if (text.includes(hole)) {
        state = "lost"
        return "program"
      }
      if (state === "program") hasProgram = true
      state = next(text)
      return "data"
    },
    get isDone() {
      return state === "data"
    },
    get hidesNext() {
      return hidesNext
    },
  }
}

const isAssignment = (text: string) => /^[A-Za-z_]\w*=/.test(text)

/** Whether a shell's program reads `$0`, such as `exec "$0" "$@"`. */
const usesItsName = (script: string) => /\$\{?0|[@*]\s*:|BASH_ARGV/.test(script)

/** Whether it runs its arguments as a command: `exec "$@"`, `"$1"`, but not `tool "$@"`. */
const handsOn = (script: string) =>
  /(?:^|[;&|({!\n]|\b(?:exec|command|env|then|do|else|time|nohup)\b)[ \t]*"?\$\{?[@*\d]/.test(script)

const evaluates = (script: string) => /\beval\b/.test(script) && /\$\{?[@*\d]/.test(script)

function optionReader(name: string, { letters, words }: RunningOptions): Reader {
  const short = letters === undefined ? undefined : new RegExp(`^-[A-Za-z0-9]*[${letters}]$`)
  const runs = (option: string) =>
    short?.test(option) === true ||
    words.some((word) => word === option || (/^--./.test(option) && word.startsWith(option)))
  return readsOptions(name, runs, () => false)
}

/** Options of the interpreters that images have for an entry point; in a shell's cluster, the c stands anywhere. */
const runsInAny = (option: string) =>
  /^([-+][A-Za-z]*[ceEprS]|-Command|\/[cC]|eval|--(command|eval|execute|print|split-string))$/.test(option) ||
  (/^[-+][abcefhiklmnprstuvxBCEHPo]+$/.test(option) && option.includes("c"))

/** What nobody named may be any interpreter, or none: its options are suspected, up to its first operand. */
export function entryPoint(): Reader {
  let before = ""
  return readsOptions(undefined, runsInAny, (text) => {
    const isOperand = [text, before].every((word) => !/^([-+]|\/.$)/.test(word) && !word.startsWith(unknown))
    before = text
    return isOperand && !text.includes(hole)
  })
}

/** An option of shells that takes the next word, also where it stands between `-c` and the program. */
const optionWithWord = /^[-+][A-Za-z]*o$/

/** Reads options of which some run the next word; `ends` tells at which word they end. */
function readsOptions(
  name: string | undefined,
  runs: (option: string) => boolean,
  ends: (text: string) => boolean,
): Reader {
  let isDone = false
  let isRun = false
  let before = ""
  return {
    ...(name !== undefined && { name }),
    read(text) {
      const verdict = isRun || runsAttached(text) ? "program" : "data"
      const isEnd = ends(text)
      isDone = isEnd && !isRun
      // More options may stand between: -c -e 'program', -c -o pipefail 'program'.
      isRun = runs(text) || (isRun && (/^[-+]/.test(text) || optionWithWord.test(before)))
      before = text
      return verdict
    },
    get isDone() {
      return isDone
    },
  }

  function runsAttached(text: string): boolean {
    const option = text.slice(0, Math.max(text.indexOf(hole), 0))
    if (option.includes("=")) return runs(option.slice(0, option.indexOf("=")))
    // A value may go on with a cluster of short options; of a tool it is known which of them take a value.
    return runs(option) || (name === undefined && /^[-+][A-Za-z]+$/.test(option))
  }
}
