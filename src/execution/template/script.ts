// Which arguments of a command are scripts. A value that is pasted into a script becomes part of the program, whoever
// wrote the value; so references in scripts are refused (Argo's CVE-2021-37914 was this).

const interpreters =
  /^(sh|bash|dash|ash|zsh|ksh|mksh|fish|csh|tcsh|busybox|su|runuser|python|pypy|perl|ruby|node|deno|bun|php|lua|rscript|pwsh|powershell|cmd)([0-9.]*)(\.exe)?$/i
/** These take a user, or the name of a command, before the flag. */
const prefixes = /^(busybox|su|runuser)$/
/** These go on with their own options after a script; for the others, what follows it is data. */
const takesMore = /^(perl|ruby|node|deno|bun|php|lua|rscript)/i
const scriptFlag = /^([-+][a-z]*[cepr]|-E|-Command|--command|--eval|--execute|--print|\/c|eval)$/i
const isOption = (word: string) => /^([-+].|\/[a-z]$)/i.test(word)
/** An option of shells that takes the next word, also where it stands between `-c` and the script. */
const optionWithWord = /^[-+][a-z]*o$/i

/** The indexes of the arguments of this command line that an interpreter would run as a program. */
export function scriptsIn(
  command: readonly string[] | undefined,
  args: readonly string[] | undefined,
): ReadonlySet<number> {
  const words = [...(command ?? []), ...(args ?? [])]
  const scripts = new Set<number>()
  // Without a command the image's entry point is used, which may be any interpreter.
  let state: "data" | "options" | "script" | "name" = command === undefined || command.length === 0 ? "options" : "data"
  let interpreter = ""
  let before = ""
  for (const [index, word] of words.entries()) {
    const name = baseName(word)
    if (state === "script") {
      // Between the flag and the script there may be more options; taking one for the script does no harm.
      scripts.add(index)
      if (!isOption(word) && !optionWithWord.test(before)) state = takesMore.test(interpreter) ? "options" : "name"
    } else if (state === "name") {
      // A shell takes the word after the script for its own name.
      state = "data"
    } else if (state === "options" && scriptFlag.test(word)) {
      state = "script"
    } else if (state === "options" && /^--?[a-z]+=/i.test(word)) {
      if (scriptFlag.test(word.slice(0, word.indexOf("=")))) scripts.add(index)
    } else if (interpreters.test(name)) {
      state = "options"
      interpreter = name
    } else if (!isOption(word) && !isOption(before) && !prefixes.test(interpreter)) {
      // A program in a file, or a command of another kind: what follows it is data.
      state = "data"
    }
    before = word
  }
  return scripts
}

const baseName = (word: string) => word.slice(word.lastIndexOf("/") + 1)
