// Where a reference may stand in a command line. What is refused here, or taken, is also run for real, with hostile
// values: data-stays-data.test.ts.

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { EnvVar } from "../../../src/api/job.ts"
import { expanderFor } from "../../../src/execution/template/expanded-words.ts"
import { refusedWords } from "../../../src/execution/template/program-words.ts"

/** X is a reference. Why it is refused: the interpreter, or what else it would be; "data" where it is taken. */
function isA(command: readonly string[], args: readonly string[] = [], env: readonly EnvVar[] = []): string {
  const words = [...command, ...args].map((word) => word.replaceAll("X", "$(params.x)"))
  const [refusal] = refusedWords(words.map(expanderFor(env)), command.length).values()
  if (refusal === undefined) return "data"
  return refusal.why === "program" ? refusal.by.replaceAll('"', "") : refusal.why
}

/** The words of a line; `_` is a space in a word. */
const wordsOf = (line: string) => line.split(" ").map((word) => word.replaceAll("_", " "))

const shells = ["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"]
const paths = (name: string) => [
  name,
  `/bin/${name}`,
  name.toUpperCase(),
  `${name}5.2`,
  `${name}.exe`,
  `${name}-static`,
]

/** Every order of these letters. */
const orders = (letters: string): readonly string[] =>
  letters.length < 2
    ? [letters]
    : [...letters].flatMap((first) => orders(letters.replace(first, "")).map((rest) => first + rest))

const wrappers = [
  [],
  ["env"],
  ["env", "-i", "A=b"],
  ["env", "-S"],
  ["timeout", "5"],
  ["nice", "-n", "5"],
  ["nohup"],
  ["stdbuf", "-oL"],
  ["setsid", "-w"],
  ["sudo", "-u", "me"],
  ["su", "me"],
  ["flock", "file"],
  ["busybox"],
  ["xargs", "-n", "1"],
  ["ssh", "host"],
  ["chroot", "/new"],
  ["unshare", "-r"],
  ["tini", "--"],
  ["dumb-init", "--"],
  ["gosu", "me"],
  ["watch", "-n", "1"],
  ["script", "-q"],
  ["find", ".", "-exec"],
  ["docker", "run", "--rm", "image"],
  ["kubectl", "exec", "pod", "--"],
  ["nobody-knows-me", "-x"],
]

describe("refusedWords", () => {
  it("refuses the program of a shell, in every order of its options, behind every wrapper", () => {
    const clusters = ["e", "u", "x", "l", "i", "eu", "eux", "eul", "exil"].flatMap((others) => orders(`c${others}`))
    for (const name of shells.flatMap(paths)) {
      for (const sign of ["-", "+"]) {
        for (const cluster of clusters)
          expect(isA([name, sign + cluster, "X"]), `${name} ${sign}${cluster}`).toBe(name.replace("/bin/", ""))
      }
    }
    for (const wrapper of wrappers) {
      for (const shell of shells) {
        for (const cluster of ["c", "cx", "ec", "lc"]) {
          expect(isA([...wrapper, shell, `-${cluster}`, "X"]), `${wrapper} ${shell} ${cluster}`).not.toBe("data")
        }
      }
    }
  })

  it("refuses it also with an option that takes a word, wherever that stands", () => {
    const tails = [
      ["-o", "pipefail", "-c", "X"],
      ["-c", "-o", "pipefail", "X"],
      ["-euo", "pipefail", "-c", "X"],
      ...orders("ceu").map((cluster) => [`-${cluster}o`, "pipefail", "X"]),
      ...orders("ceuo").map((cluster) => [`-${cluster}`, "pipefail", "X"]),
      ["-O", "extglob", "-c", "X"],
      ["--rcfile", "file", "-c", "X"],
    ]
    for (const shell of shells) for (const tail of tails) expect(isA([shell, ...tail]), `${shell} ${tail}`).toBe(shell)
  })

  it.each([
    ["sh -c -- X", "sh"],
    ["sh -c - X", "sh"],
    ["sh -c + X", "sh"],
    ["sh -c +e X", "sh"],
    ["bash --norc -c X", "bash"],
    // A value in front of the program may be an option.
    ["sh X -c :", "sh"],
    ["sh -o X -c :", "sh"],
    ["bash --init-file=X -c :", "bash"],
    ["python X script.py", "python"],
    // What is not known of an interpreter is not trusted.
    ["bash --unknown a b X", "bash"],
    ["csh -c a -c X", "csh"],
    ["fish -c a X", "fish"],
    // A file of a program that the value chooses.
    ["sh X", "sh"],
    ["sh -x X", "sh"],
    ["python3.12 X", "python3.12"],
    ["python3 /opt/X/train.py", "python3"],
    ["node -r X index.js", "node"],
    ["php X", "php"],
    // Programs of other interpreters.
    ["python -c X", "python"],
    ["python -uc X", "python"],
    ["python -cX", "python"],
    ["python -W ignore -c X", "python"],
    ["python -m X", "python"],
    ["python -m timeit X", "timeit"],
    ["perl -e X", "perl"],
    ["perl -lane X", "perl"],
    ["perl -E X", "perl"],
    ["perl -Mstrict -e X", "perl"],
    ["perl -e first -e X", "perl"],
    ["perl -e first X", "perl"],
    ["ruby -e X", "ruby"],
    ["node -e X", "node"],
    ["nodejs -e X", "nodejs"],
    ["node20 -pe X", "node20"],
    ["node --eval=X", "node"],
    ["node -e=X", "node"],
    ["deno eval X", "deno"],
    ["php -r X", "php"],
    ["lua5.4 -e X", "lua5.4"],
    ["Rscript -e X", "Rscript"],
    ["cmd /q /c X", "cmd"],
    ["pwsh -Command X", "pwsh"],
    ["awk X file", "awk"],
    ["gawk -f lib.awk -e X", "gawk"],
    ["sed -n -e X file", "sed"],
    ["sed s/a/X/ file", "sed"],
    ["jq .X file", "jq"],
    ["make VERSION=X", "make"],
    ["gdb -batch -ex X", "gdb"],
    ["expect -c X", "expect"],
    ["sqlite3 db X", "sqlite3"],
    ["ssh host X", "ssh"],
    ["ssh X", "ssh"],
    ["ssh sh a X", "ssh"],
    ["su postgres -c X", "su"],
    ["watch -n 1 X", "watch"],
    ["script -qc X /dev/null", "script"],
    ["parallel X", "parallel"],
    // Programs that start others: which one is not for a value to choose.
    ["env X", "env"],
    ["env A=b X", "env"],
    ["env X tool", "env"],
    ["env A=X tool", "env"],
    ["env -S X", "env"],
    ["env -SX", "env"],
    ["env --split-string=X", "env"],
    ["env --split tool X", "env"],
    ["timeout 5 X", "timeout"],
    ["timeout X tool", "timeout"],
    ["nice -n X tool", "nice"],
    ["nice -5 tool X", "nice"],
    ["xargs X", "xargs"],
    ["xargs -I {} sh -c X", "sh"],
    ["flock file -c X", "flock"],
    ["busybox X", "busybox"],
    ["busybox sh -c X", "sh"],
    ["find . -name a -exec X", "find"],
    ["find . -exec sh -c X", "sh"],
    ["docker run --entrypoint sh image -c X", "--entrypoint"],
    ["docker run --entrypoint=sh image -c X", "--entrypoint=sh"],
    ["git -c core.pager=X log", "git"],
    ["rsync -ave X a b", "rsync"],
    ["tar --checkpoint-act=exec=X", "tar"],
    ["psql -Atc X", "psql"],
    ["psql --comm=X", "psql"],
    ["mysql -e X", "mysql"],
    ["npm exec X", "npm"],
    // A script that hands its arguments on, by its own name too.
    [`sh -c exec_"$@" sh bash -c X`, "bash"],
    [`sh -c exec_"$@" sh X`, "sh"],
    [`sh -c cd_/&&_"$1" sh X`, "sh"],
    [`sh -c tool_"$@" sh bash -c X`, "bash"],
    [`sh -c exec_"$0"_"$@" bash -c X`, "bash"],
    [`sh -c eval_"$1" sh X`, "sh"],
    [`sh -c bash_-ec_"$1" sh X`, "sh"],
    [`sh -c ._"$1" sh X`, "sh"],
    ["java -jar X", "java"],
    ["java -agentpath:X -jar app.jar", "java"],
    ["socat - EXEC:X", "socat"],
    ["ansible-playbook -e X site.yaml", "ansible-playbook"],
    // The program of the container.
    ["X", "command"],
    ["X --version", "command"],
    ["/opt/X/bin/tool", "command"],
    // A text that may have a meaning.
    ["tool {X}", "text"],
    ["echo hello_X", "text"],
    ["curl -d {'x':'X'}", "text"],
    ["echo X;", "text"],
    ["tool a'X", "text"],
    ["tool ~X", "text"],
    ["tool éX", "text"],
    ["tool $$X", "text"],
  ])("refuses %s: %s", (line, why) => {
    expect(isA(wordsOf(line))).toBe(why)
  })

  it.each([
    "echo X",
    "echo -e X",
    "tool --out=X",
    "tool X:/data/X,rw@a%b+c=1",
    "grep -e X file",
    "tool --eval=X",
    "sh script.sh X",
    "sh script.sh -c X",
    "sh -eu script.sh X",
    "sh - script.sh X",
    `sh -c echo_"$1" sh X`,
    `sh -ceu echo_"$1" sh X`,
    `bash -ceuo pipefail echo_"$1" bash X`,
    `bash -o pipefail -c echo_"$1" -- X`,
    `sh -c tool_"$@" -- -p X`,
    `sh -c tool_"$@" sh -p X`,
    `sh -c exec_"$@" sh tool X`,
    `sh -c echo_$(date)_"$1" sh X`,
    "python train.py -e X",
    "python -u train.py --lr X",
    "python -W ignore -u /app/train.py --eval=X",
    "python -c import_sys -e X",
    "python -m pip install X",
    "perl script.pl -e X",
    "perl -ne code -- X",
    "ruby -e code -- X",
    "node index.js -p X",
    "node --max-old-space-size=4096 --enable-source-maps index.js X",
    "node -e code -- X",
    "php script.php -r X",
    "Rscript run.R X",
    "java -Da=b -jar app.jar --day X",
    "java -cp a.jar:b.jar example.Main X",
    "env A=b tool X",
    "env -i -u HOME tool X",
    "timeout 5 tool X",
    "timeout -k 1 --foreground 5 tool X",
    "nice -n 5 tool X",
    "nohup tool X",
    "tini -g -- tool X",
    `tini -- sh -c echo_"$1" sh X`,
    `xargs -n 1 sh -c echo_"$1"_"$2" sh X`,
    "flock -n file tool X",
    "gosu me tool X",
    "find X -name X",
    "find . -exec tool X",
    "git clone X",
    "psql -h X",
    "kubectl rollout restart deployment/web -n X",
    "aws s3 cp X s3://bucket/X",
    // Names that only look like an interpreter's.
    "mysh -c X",
    "shellcheck -e X",
    "sh.d -c X",
    "sudoku -c X",
    "node-exporter -e X",
    "constructor toString X",
  ])("takes %s", (line) => {
    expect(isA(wordsOf(line))).toBe("data")
  })

  it.each<[state: string, command: string[], args: string[], is: string]>([
    ["a program in args", ["sh"], ["-c", "X"], "sh"],
    ["a program in args after the flag in command", ["sh", "-c"], ["X"], "sh"],
    // The image's entry point may be an interpreter, or there is none, and the first argument is the program.
    ["args alone", [], ["-c", "X"], "the image's entry point"],
    ["a cluster of options", [], ["-cx", "X"], "the image's entry point"],
    ["a cluster of options with a word", [], ["-ceuo", "pipefail", "X"], "the image's entry point"],
    ["a cluster with the word's option first", [], ["-oc", "pipefail", "X"], "the image's entry point"],
    ["a program behind such a cluster", [], ["-oc", "pipefail", "tool", "X"], "data"],
    ["options behind the flag", [], ["-c", "-o", "pipefail", "X"], "the image's entry point"],
    ["args alone that name an interpreter", [], ["sh", "-c", "X"], "sh"],
    ["a long flag", [], ["--eval=X"], "the image's entry point"],
    ["a flag with the value attached", [], ["-eX"], "the image's entry point"],
    ["a flag that the value goes on with", [], ["-nX"], "the image's entry point"],
    ["the first argument", [], ["X"], "command"],
    ["the first argument, in part", [], ["/opt/X"], "command"],
    ["a command with words of its own", [], ["s3", "cp", "-r", "X"], "data"],
    ["an option of another kind", [], ["--name", "X"], "data"],
    ["an option with the value attached", [], ["--name=X"], "data"],
    ["an option of another kind, then a flag", [], ["--name", "X", "-c", "X"], "the image's entry point"],
  ])("%s", (_, command, args, is) => {
    expect(isA(command, args)).toBe(is)
  })

  it("finds nothing where there is nothing", () => {
    expect(refusedWords([], 0).size).toBe(0)
    expect(refusedWords(["sh", "-c"].map(expanderFor([])), 2).size).toBe(0)
  })

  it("refuses all behind more interpreters than it tells apart", () => {
    expect(isA([...Array.from({ length: 15 }, () => "find"), "X"])).toBe("data")
    expect(isA([...Array.from({ length: 20 }, () => "find"), "X"])).toBe("find")
  })

  it("reads a long command line in little time", () => {
    const names = ["sh", "env", "find", "-c", "a".repeat(100), "$(A)", "1".repeat(5000), "-".padEnd(5000, "c")]
    const env = [{ name: "A", value: "sh ".repeat(300) }]
    for (const name of names) {
      const words = [...Array.from({ length: name.length > 999 ? 20 : 20_000 }, () => name), "X"]
      const start = process.cpuUsage()
      isA(["tool", ...words], [], env)
      const { user } = process.cpuUsage(start)
      expect(user / 1000, name.slice(0, 9)).toBeLessThan(1000)
    }
  })

  it("is not swayed by words that follow (any line)", () => {
    const word = fc.constantFrom("sh", "-c", "-x", "--", "env", "A=b", "a", "python", "-m", "find", "-exec", "X", "5")
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (line) => {
        const words = ["nobody-knows-me", ...line]
        // A word more at the end changes nothing of those before it.
        const before = refusedWords(words.map(expanderFor([])), 1)
        const after = refusedWords([...words, "X"].map(expanderFor([])), 1)
        for (const [index, refusal] of before) expect(after.get(index)).toEqual(refusal)
      }),
    )
  })
})

describe("refusedWords, of words with variables", () => {
  const env = (variables: Record<string, string>): readonly EnvVar[] =>
    Object.entries(variables).map(([name, value]) => ({ name, value }))
  const value = "$(params.x)"

  it.each<[of: string, command: string[], variables: Record<string, string>, is: string]>([
    ["a variable with a reference, as data", ["echo", "$(A)"], { A: value }, "data"],
    ["a variable with a reference, as a program", ["sh", "-c", "$(A)"], { A: value }, "sh"],
    ["one in a program", ["sh", "-c", "echo $(A)"], { A: value }, "sh"],
    ["a variable of a variable", ["sh", "-c", "$(C)"], { A: value, B: "<$(A)>", C: "$(B)" }, "sh"],
    ["a text with a meaning, by a variable", ["tool", "$(A)"], { A: `f("${value}")` }, "text"],
    ["a text with a meaning, by two variables", ["tool", "$(B)"], { A: value, B: "{$(A)}" }, "text"],
    ["a variable without a reference beside one", ["tool", `$(A)/${value}`], { A: "a/b" }, "data"],
    ["such a variable with a meaning", ["tool", `$(A)${value}`], { A: "a;" }, "text"],
    ["a variable that is not known beside one", ["tool", `$(A)${value}`], {}, "text"],
    ["the shell, by a variable", ["$(SHELL)", "-c", value], { SHELL: "/bin/bash" }, "bash"],
    ["the flag, by a variable", ["bash", "$(FLAGS)", "-e", value], { FLAGS: "-c" }, "bash"],
    ["a flag that is not known", ["bash", "$(FLAGS)", "script.sh", value], {}, "bash"],
    ["a program that is not known", ["$(TOOL)", "-c", value], {}, "a program that a variable may name"],
    ["a program that is not known, with a word of its own", ["$(TOOL)", "--name", value], {}, "data"],
    ["a variable of one that comes later", ["sh", "-c", "$(B)"], { B: "$(A)", A: value }, "data"],
    ["the shell's own reading", ["sh", "-c", 'echo "$A" $$(A)'], { A: value }, "data"],
    ["the program, by a variable", ["$(A)"], { A: value }, "command"],
  ])("%s: %s", (_, command, variables, is) => {
    expect(isA(command, [], env(variables))).toBe(is)
  })

  it("takes neither of two variables of one name for certain", () => {
    const twice = [
      { name: "A", value },
      { name: "A", value: "plain" },
    ]
    expect(isA(["sh", "-c", "$(A)"], [], twice)).toBe("sh")
    expect(isA(["sh", "-c", "$(A)"], [], twice.toReversed())).toBe("sh")
  })

  it("does not know what a ConfigMap holds", () => {
    const from: EnvVar = { name: "A", value: "tool", valueFrom: { configMapKeyRef: { name: "a", key: "b" } } } as EnvVar
    expect(isA(["sh", "$(A)", "X"], [], [from])).toBe("sh")
  })

  it("gives up on variables that grow", () => {
    const many = Object.fromEntries([
      ["V0", `${value} and some text`],
      ...Array.from({ length: 40 }, (_, at) => [`V${at + 1}`, `$(V${at})$(V${at})`]),
    ])
    expect(isA(["sh", "-c", "$(V40)"], [], env(many))).toBe("sh")
    expect(isA(["tool", "$(V40)"], [], env(many))).toBe("text")
  })
})
