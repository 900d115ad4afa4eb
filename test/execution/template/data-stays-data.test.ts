// Command lines that the rule for references takes, run for real with hostile values: no value is ever executed. Each
// value that is executed leaves a file, the canary. Lines are made by permutation: wrappers, interpreters, the options of
// each, and a reference at every place of them.

import { execFileSync, spawn } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { resolveContainer } from "../../../src/cluster/local/container.ts"
import { processRuntime } from "../../../src/cluster/local/process-runtime.ts"
import { expanderFor } from "../../../src/execution/template/expanded-words.ts"
import { refusedWords } from "../../../src/execution/template/program-words.ts"
import { replaceReferences } from "../../../src/execution/template/references.ts"
import { replaceInTemplate } from "../../../src/execution/template/template.ts"

const X = "$(params.x)"

const generic = [
  "touch canary",
  "./hostile",
  "$(touch canary)",
  "`touch canary`",
  ";touch canary;",
  "\ntouch canary\n",
  '";touch canary;"',
  "';touch canary;'",
  "-ctouch canary",
  "-c",
  "-S./hostile",
  "BASH_ENV=./hostile",
]
/** What runs in one language: as a program, and as an option with one. */
const inLanguage: Record<string, readonly string[]> = {
  python3: ['__import__("os").system("touch canary")', '-c__import__("os").system("touch canary")'],
  perl: ['system("touch canary")', '-esystem("touch canary")'],
  node: [
    'require("child_process").execSync("touch canary")',
    '--eval=require("child_process").execSync("touch canary")',
  ],
  awk: ['BEGIN{system("touch canary")}', '-eBEGIN{system("touch canary")}'],
  sed: ["1e touch canary", "-e1e touch canary"],
  make: ["$(shell touch canary)", "--eval=$(shell touch canary)"],
  tclsh: ["exec touch canary"],
}
const hostile = [...generic, ...Object.values(inLanguage).flat()]

/** The file ./hostile, which leaves the canary in whatever language it is read. */
const hostileFiles: Record<string, string> = {
  python3: '#!/usr/bin/env python3\n__import__("os").system("touch canary")\n',
  perl: '#!/usr/bin/env perl\nsystem("touch canary")\n',
  node: '#!/usr/bin/env node\nrequire("child_process").execSync("touch canary")\n',
  tclsh: "#!/usr/bin/env tclsh\nexec touch canary\n",
}

/** The values for an interpreter; the one that runs in most places comes most often. */
const valuesFor = (interpreter: string) => [
  ...generic,
  ...(inLanguage[interpreter.replace("busybox ", "")] ?? []),
  ...Array.from({ length: 20 }, () => "./hostile"),
]

/** What each interpreter is given: options in several orders, a harmless program, and words behind it. */
const tails: Record<string, readonly (readonly string[])[]> = {
  ...Object.fromEntries(
    ["sh", "bash", "dash", "busybox sh", "busybox ash"].map((name) => [
      name,
      [
        ...clusters().flatMap((options) => [
          [...options, ":", "sh", "a"],
          [...options, "--", ":", "sh", "a"],
        ]),
        ["-c", 'printf %s "$1" >seen', "sh", "a"],
        ["-c", "-x", ":", "sh", "a"],
        ["-c", "+e", ":", "sh", "a"],
        ["-c", "+", ":", "sh", "a"],
        ["-c", "-", ":", "sh", "a"],
        ["script.sh", "a"],
        ["-x", "script.sh", "a"],
        ["-x", "--", "script.sh", "-c", "a"],
        ["-c", ":", "bash", "-c", "a"],
        ["-c", 'exec "$@"', "sh", "bash", "-c", ":", "bash", "a"],
        ["-c", 'exec "$0" "$@"', "bash", "-c", ":", "bash", "a"],
      ],
    ]),
  ),
  python3: [
    ["-c", "pass", "a"],
    ["-u", "-c", "pass", "a"],
    ["-W", "ignore", "-uc", "pass", "a"],
    ["script.py", "a"],
    ["-u", "script.py", "a", "-c", "b"],
    ["-m", "timeit", "-n", "1", "-r", "1", "pass"],
    ["-m", "this", "a"],
  ],
  perl: [
    ["-e", "1", "a"],
    ["-e", "1", "--", "a", "-e", "b"],
    ["-ne", "1", "--", "script.pl"],
    ["-Mstrict", "-e", "1", "-e", "1", "script.pl", "a"],
    ["script.pl", "-e", "a"],
    ["-w", "script.pl", "a"],
  ],
  node: [
    ["-e", "0", "a"],
    ["-p", "0", "--", "a"],
    ["--eval", "0", "--", "a", "-e", "b"],
    ["--no-warnings", "script.js", "-e", "a"],
    ["-r", "./script.js", "-e", "0", "--", "a"],
    ["script.js", "--eval=a"],
  ],
  awk: [
    ["BEGIN{exit}", "a"],
    ["-v", "a=b", "BEGIN{exit}"],
    ["--", "BEGIN{exit}", "a"],
  ],
  "busybox awk": [
    ["BEGIN{exit}", "a"],
    ["-f", "script.awk", "a"],
  ],
  sed: [
    ["p", "script.sh"],
    ["-n", "-e", "p", "script.sh"],
    ["-n", "s/a/b/", "script.sh"],
  ],
  make: [
    ["-f", "script.mk", "all"],
    ["-f", "script.mk", "all", "A=a"],
  ],
  tclsh: [["script.tcl", "a"]],
  echo: [["a", "--name=a", "a/b", "-e", "a"]],
  find: [
    [".", "-name", "a", "-exec", "echo", "a", ";"],
    [".", "-exec", "sh", "-c", ":", "sh", "a", ";"],
  ],
}

/** Of these no word is proven to be data. */
const takesNone = new Set(["awk", "busybox awk", "sed", "make"])

const wrappers = [
  [],
  ["env"],
  ["env", "-i", "PATH=/usr/bin:/bin", "A=b"],
  ["env", "-S"],
  ["/usr/bin/env", "-u", "HOME", "--"],
  ["timeout", "5"],
  ["timeout", "-k", "1", "--foreground", "5"],
  ["nice", "-n", "5"],
  ["nice", "-5"],
  ["nohup"],
  ["setsid"],
  ["stdbuf", "-oL"],
  ["xargs", "-n", "9"],
  ["xargs", "-I", "{}"],
  ["flock", "lock"],
  ["flock", "lock", "-c"],
  ["busybox"],
  ["busybox", "env"],
  ["env", "timeout", "5", "nice", "-n", "1"],
] as const

/** Every order of `c` with other letters, and with an option that takes a word. */
function clusters(): readonly (readonly string[])[] {
  const orders = ["e", "u", "x", "l", "i", "eu", "ex", "eux"].flatMap((others) =>
    [...`${others} `].map((_, at) => `-${others.slice(0, at)}c${others.slice(at)}`),
  )
  const withWord = ["-o", "-eo", "-euo"].map((option) => [option, "nounset", "-c"])
  const oneCluster = ["-co", "-ceuo", "-oc", "-eco"].map((option) => [option, "nounset"])
  return [...orders.map((cluster) => [cluster]), ...withWord, ...oneCluster]
}

/** The line with a reference in place of each word, and before it, alone and with something in front. */
function* withReference(line: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < line.length; at++) {
    for (const word of [X, `${line[at]}${X}`, `A=${X}`, `-c${X}`, `--eval=${X}`]) {
      yield line.with(at, word)
      if (word !== `${line[at]}${X}`) yield line.toSpliced(at, 0, word)
    }
  }
  yield [...line, X]
}

const isTaken = (words: readonly string[]) => refusedWords(words.map(expanderFor([])), 1).size === 0

const isHere = (name: string) => {
  try {
    return execFileSync("sh", ["-c", 'command -v "$1"', "sh", name.split(" ")[0]!]).length > 0
  } catch {
    return false
  }
}

const seed = Number(process.env.PEANUT_CANARY_SEED ?? Math.floor(Math.random() * 2 ** 31))
const folder = mkdtempSync(join(tmpdir(), "peanut-data-"))
let made = 0

/** Runs a line, in a folder of its own, with this value in place of the reference. */
async function play(
  line: readonly string[],
  value: string,
  interpreter = "sh",
): Promise<{ executes: boolean; isFine: boolean }> {
  const cwd = join(folder, String(made++))
  mkdirSync(cwd)
  for (const script of ["sh", "py", "pl", "js", "awk", "tcl"]) writeFileSync(join(cwd, `script.${script}`), "")
  writeFileSync(join(cwd, "script.mk"), "all:\n\t@echo $(A)\n")
  writeFileSync(join(cwd, "hostile"), hostileFiles[interpreter] ?? "#!/bin/sh\ntouch canary\n")
  chmodSync(join(cwd, "hostile"), 0o755)
  const [program, ...args] = line.map((word) => replaceReferences(word, () => value))
  const code = await new Promise<number | null>((resolve) => {
    const child = spawn(program!, args, { cwd, stdio: "ignore", timeout: 20_000 })
    child.once("error", () => resolve(null))
    child.once("exit", resolve)
  })
  const executes = existsSync(join(cwd, "canary"))
  rmSync(cwd, { recursive: true, force: true })
  return { executes, isFine: code === 0 }
}

async function inParallel<T>(work: readonly T[], does: (one: T) => Promise<void>): Promise<void> {
  const queue = work.values()
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (const one of queue) await does(one)
    }),
  )
}

const interpreters = Object.keys(tails).filter(isHere)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Every line of an interpreter; the wrappers take turns with the options. */
function linesOf(interpreter: string): readonly (readonly string[])[] {
  const here = wrappers.filter(([wrapper = "sh"]) => isHere(wrapper))
  return here.flatMap((wrapper, turn) =>
    tails[interpreter]!.filter(
      (_, at) => turn === 0 || at % here.length === turn || at >= tails[interpreter]!.length - 6,
    ).flatMap((tail) => [...withReference([...wrapper, ...interpreter.split(" "), ...tail])]),
  )
}

const most = Number(process.env.PEANUT_CANARY_RUNS ?? 60)

/** So many of the lines, each with one of the values. */
function someOf(lines: readonly (readonly string[])[], values: readonly string[]) {
  const all = lines.flatMap((line) => values.map((value) => fc.constant({ line, value })))
  return all.length === 0 ? [] : fc.sample(fc.oneof(...all), { numRuns: most, seed })
}

describe.each(interpreters)("a command line with %s", (interpreter) => {
  const all = linesOf(interpreter)
  const taken = all.filter(isTaken)

  it(`never executes the value of a reference that is taken (seed ${seed})`, {
    timeout: 100_000 + most * 500,
  }, async () => {
    const ended: { executes: boolean; isFine: boolean }[] = []
    await inParallel(someOf(taken, valuesFor(interpreter)), async (run) => {
      ended.push({ ...run, ...(await play(run.line, run.value, interpreter)) })
    })
    expect(ended.filter(({ executes }) => executes)).toEqual([])
    // The lines are real ones: many of them run to their end.
    expect(taken.length > 0).toBe(!takesNone.has(interpreter))
    expect(ended.filter(({ isFine }) => isFine).length).toBeGreaterThanOrEqual(ended.length / 8)
  })
})

describe("a value in a word of its own", () => {
  it.each(hostile)("arrives as it is, in a process of this machine: %j", async (value) => {
    const file = join(folder, `seen${made++}`)
    const spec = { image: "busybox", command: ["sh", "-c", 'printf %s "$1" >"$2"', "sh", X, file] }
    expect(isTaken(spec.command)).toBe(true)
    const around = { name: "pod", messageFile: "", seesThisMachine: true }
    const { command = [] } = replaceInTemplate(spec, () => value)
    await processRuntime.start(resolveContainer({ name: "stage", image: "busybox", command }, around), () => {}).exited
    expect(readFileSync(file, "utf8")).toBe(value)
  })
})

describe("a command line that is refused", () => {
  it.each<[line: readonly string[], value: string]>([
    ...["sh", "bash", "dash"].flatMap((shell) =>
      ["-cx", "-xc", "-cu", "-ceu", "-euc"].map((option): [string[], string] => [[shell, option, X], "touch canary"]),
    ),
    [["bash", "-ceuo", "pipefail", X], "touch canary"],
    [["sh", "-c", "+", X], "touch canary"],
    [["sh", "-c", "-", X], "touch canary"],
    [["sh", X], "./hostile"],
    [[X], "./hostile"],
    [["env", X], "./hostile"],
    [["env", X, "true"], "-S./hostile"],
    [["env", "-S", X], "./hostile"],
    [["env", "-S", "sh -c", X], "touch canary"],
    [["env", `-S${X}`], "./hostile"],
    [["sh", "-c", 'exec "$0" "$@"', "sh", "-c", X], "touch canary"],
    [["sh", "-c", 'exec "$@"', "sh", "sh", "-c", X], "touch canary"],
    [["busybox", "sh", "-c", X], "touch canary"],
    [["timeout", "5", "sh", "-c", X], "touch canary"],
    [["xargs", "sh", "-c", X], "touch canary"],
    [["flock", "lock", "-c", X], "touch canary"],
    [["script", "-qc", X, "/dev/null"], "touch canary"],
    [["python3", "-c", X], '__import__("os").system("touch canary")'],
    [["python3", "-m", "timeit", X], '__import__("os").system("touch canary")'],
    [["python3", X], '-c__import__("os").system("touch canary")'],
    [["perl", "-e", X], 'system("touch canary")'],
    [["sh", "-c", 'cd . && exec "$@"', "sh", X], "./hostile"],
    [["sh", "-c", 'eval "tool $1"', "sh", X], ";touch canary"],
    [["perl", "-e", "1;", X], '-esystem("touch canary")'],
    [["perl", "-ne", "1", "-e", X, "script.sh"], '};system("touch canary");{'],
    [["node", "-p", X], 'require("child_process").execSync("touch canary")'],
    [["nodejs", "-e", X], 'require("child_process").execSync("touch canary")'],
    [["node", "-e", "0", X], '--eval=require("child_process").execSync("touch canary")'],
    [["awk", X], 'BEGIN{system("touch canary")}'],
    [["sed", "-n", X, "script.mk"], "1e touch canary"],
    [["make", "-f", "script.mk", `A=${X}`], "$(shell touch canary)"],
    [["find", ".", "-maxdepth", "0", "-exec", X, ";"], "./hostile"],
    [["find", ".", "-maxdepth", "0", "-exec", "sh", "-c", X, ";"], "touch canary"],
    [["tar", "-cf", "a.tar", "--checkpoint=1", `--checkpoint-act=exec=${X}`, "script.mk"], "sh hostile"],
    [["gdb", "-batch", "-ex", X], "shell touch canary"],
    [["sqlite3", ":memory:", X], ".shell touch canary"],
  ])("would execute its value: %j, %s", async (line, value) => {
    expect(isTaken(line)).toBe(false)
    if (isHere(line[0]!)) expect(await play(line, value)).toMatchObject({ executes: true })
  })
})
