// Reads the words behind an interpreter, or a program that starts others, up to those that are data.

import { hole, unknown } from "./expanded-words.ts"
import type { Grammar } from "./interpreters.ts"
import type { Reader } from "./word-reader.ts"

/** Takes a value for a program, or an option, until constant words prove that it is none. */
export function grammarReader(name: string, grammar: Grammar): Reader {
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

/** Whether it runs an argument as a program: `eval "$1"`, `sh -c "$1"`. */
const evaluates = (script: string) =>
  /\b(?:eval|source|su|ssh)\b|sh[ \t]+-[a-z]*c|(?:^|[;&|(\n])[ \t]*\.[ \t]/.test(script) && /\$\{?[@*\d]/.test(script)
