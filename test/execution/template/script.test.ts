import { describe, expect, it } from "vitest"
import { scriptsIn } from "../../../src/execution/template/script.ts"

/** X marks what the test asks about: is it run as a program? */
const isScript = (command: string[] | undefined, args?: string[]) => {
  const words = [...(command ?? []), ...(args ?? [])]
  const found = scriptsIn(command, args)
  return words.flatMap((word, index) => (word.startsWith("X") || word.includes("=X") ? [found.has(index)] : []))
}

describe("scriptsIn", () => {
  it.each<string[]>([
    ["sh", "-c", "X"],
    ["/bin/sh", "-c", "X"],
    ["bash", "-ec", "X"],
    ["bash", "-euo", "pipefail", "-c", "X"],
    ["bash", "-o", "pipefail", "-c", "X"],
    ["bash", "--norc", "-c", "X"],
    ["bash", "+e", "-c", "X"],
    ["sh", "-c", "-e", "X"],
    ["sh", "-c", "-x", "X"],
    ["sh", "/opt/run/a", "busybox", "ash", "-c", "X"],
    ["node", "-e=X"],
    ["cmd", "/q", "/c", "X"],
    ["sh", "-c", "--", "X"],
    ["bash", "-c", "-o", "pipefail", "X"],
    ["bash", "-c", "-euo", "pipefail", "X"],
    ["BASH", "-c", "X"],
    ["bash5.2", "-c", "X"],
    ["zsh", "-c", "X"],
    ["busybox", "sh", "-c", "X"],
    ["env", "sh", "-c", "X"],
    ["/usr/bin/env", "A=1", "-i", "bash", "-c", "X"],
    ["timeout", "10", "nice", "-n", "5", "sh", "-c", "X"],
    ["su", "postgres", "-c", "X"],
    ["su", "-", "postgres", "-c", "X"],
    ["python", "-c", "X"],
    ["python3.12", "-c", "X"],
    ["python", "-W", "ignore", "-c", "X"],
    ["perl", "-e", "X"],
    ["perl", "-pe", "X"],
    ["perl", "-lane", "X"],
    ["perl", "-E", "X"],
    ["perl", "-Mstrict", "-e", "X"],
    ["perl", "-e", "first", "-e", "X"],
    ["ruby", "-e", "X"],
    ["node", "-e", "X"],
    ["node", "-p", "X"],
    ["node", "--eval", "X"],
    ["node", "--eval=X"],
    ["node", "--print=X"],
    ["node", "-r", "module", "-e", "X"],
    ["deno", "eval", "X"],
    ["php", "-r", "X"],
    ["lua", "-e", "X"],
    ["cmd.exe", "/c", "X"],
    ["cmd", "/C", "X"],
    ["pwsh", "-Command", "X"],
    ["powershell", "-c", "X"],
    // A script that hands its arguments on as a command.
    ["sh", "-c", 'exec "$@"', "sh", "bash", "-c", "X"],
  ])("finds the script of %j %j %j %j", (...words) => {
    expect(isScript(words)).toEqual([true])
  })

  it.each<string[]>([
    ["sh", "script.sh", "X"],
    ["sh", "script.sh", "-c", "X"],
    ["sh", "run-tests.sh", "-c", "X"],
    ["sh", "a--b=c", "-c", "X"],
    ["python", "train.py", "-e", "X"],
    ["python", "/app/train.py", "-e", "X"],
    ["python", "/app/train.py", "--eval=X"],
    ["node", "index.js", "-p", "X"],
    ["sh", "-c", 'echo "$1"', "sh", "X"],
    ["sh", "-c", 'tool "$@"', "--", "-p", "X"],
    ["sh", "-c", 'tool "$@"', "sh", "-p", "X"],
    ["bash", "-c", 'tool "$@"', "bash", "-e", "X"],
    ["python", "-c", "import sys", "-e", "X"],
    ["echo", "-e", "X"],
    ["grep", "-e", "X"],
    ["tool", "--eval=X"],
    ["git", "commit", "-c", "X"],
    ["sh", "X"],
    // Names that only look like an interpreter's.
    ["mysh", "-c", "X"],
    ["shellcheck", "-e", "X"],
    ["sh.d", "-c", "X"],
    ["issu", "a", "-c", "X"],
    ["sudoku", "-c", "X"],
    ["sh", "-c", "script", "superperl", "-e", "X"],
    ["node", "--import=X"],
    ["node", "--name=X"],
    ["sh", "-x", "X"],
  ])("takes for data what %j %j %j %j is given", (...words) => {
    expect(isScript(words)).toEqual([false])
  })

  it.each<{ state: string; command?: string[]; args?: string[]; is: boolean }>([
    { state: "a script in args", command: ["sh"], args: ["-c", "X"], is: true },
    { state: "a script in args after the flag in command", command: ["sh", "-c"], args: ["X"], is: true },
    // The image's entry point may be an interpreter.
    { state: "args alone", args: ["-c", "X"], is: true },
    { state: "args alone, after an empty command", command: [], args: ["-c", "X"], is: true },
    { state: "args alone that name an interpreter", args: ["sh", "-c", "X"], is: true },
    { state: "args alone, a long flag", args: ["--eval=X"], is: true },
    { state: "args alone of a command with words of its own", args: ["s3", "cp", "-r", "X"], is: false },
    { state: "args alone without a flag", args: ["X"], is: false },
    { state: "args alone with an unlike flag", args: ["--name", "X"], is: false },
  ])("$state: $is", ({ command, args, is }) => {
    expect(isScript(command, args)).toEqual([is])
  })

  it("finds nothing where there is nothing", () => {
    expect(scriptsIn(undefined, undefined).size).toBe(0)
    expect(scriptsIn(["sh", "-c"], undefined).size).toBe(0)
  })
})
