// Reads the words behind a program of which some options run the word behind them.

import { hole, unknown } from "./expanded-words.ts"
import type { RunningOptions } from "./interpreters.ts"
import type { Reader } from "./word-reader.ts"

/** Takes a value for a program where it is given to one of these options. */
export function optionReader(name: string, { letters, words }: RunningOptions): Reader {
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
export function anyProgram(name: string): Reader {
  let before = ""
  // A value may go on with a cluster of short options; of a known tool it is known which of them take a value.
  const runs = (option: string, isAttached: boolean) =>
    runsInAny(option) || (isAttached && /^[-+][A-Za-z]+$/.test(option))
  return readsOptions(name, runs, (text) => {
    const isOperand = [text, before].every((word) => !/^([-+]|\/.$)/.test(word) && !word.startsWith(unknown))
    before = text
    return isOperand && !text.includes(hole)
  })
}

/** How many words a shell takes for a cluster of options before its program: one for each `o`. */
const wordsOfCluster = (option: string) => (/^[-+][A-Za-z]+$/.test(option) ? option.split("o").length - 1 : 0)

/** Reads options of which some run the next word; `ends` tells at which word they end. */
function readsOptions(
  name: string,
  runs: (option: string, isAttached: boolean) => boolean,
  ends: (text: string) => boolean,
): Reader {
  let isDone = false
  let isRun = false
  let ofOptions = 0
  return {
    name,
    read(text) {
      const verdict = isRun || runsAttached(text) ? "program" : "data"
      const isEnd = ends(text)
      isDone = isEnd && !isRun
      // More options may stand between: -c -e 'program', -c -o pipefail 'program'.
      const isOption = runs(text, false) || (isRun && /^[-+]/.test(text))
      isRun = isOption || (isRun && ofOptions > 0)
      ofOptions = isOption ? ofOptions + wordsOfCluster(text) : Math.max(ofOptions - 1, 0)
      return verdict
    },
    get isDone() {
      return isDone
    },
  }

  function runsAttached(text: string): boolean {
    const option = text.slice(0, Math.max(text.indexOf(hole), 0))
    return option.includes("=") ? runs(option.slice(0, option.indexOf("=")), false) : runs(option, true)
  }
}
