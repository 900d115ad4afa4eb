// Stages in containers: by a stand-in for the engine that writes down how it was called, and by a real one where there is
// one with an image to run.

import { execFileSync } from "node:child_process"
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest"
import type { ResolvedContainer } from "../../src/cluster/local/container.ts"
import { engineRuntime } from "../../src/cluster/local/engine-runtime.ts"
import { MessageFiles } from "../../src/cluster/local/message-file.ts"

/** A `podman` in PATH whose `run` and `kill` are these scripts of sh; and the calls of it. */
function fakeEngine({ run = "true", kill = "true" }) {
  const path = mkdtempSync(join(tmpdir(), "peanut-engine-"))
  const calls = join(path, "calls")
  const script = `#!/bin/sh
for word in "$@"; do printf '%s\\037' "$word"; done >> ${calls}; printf '\\n' >> ${calls}
cd ${path}
case $1 in run) ${run} ;; kill) ${kill} ;; esac
`
  writeFileSync(join(path, "podman"), script)
  chmodSync(join(path, "podman"), 0o755)
  vi.stubEnv("PATH", `${path}${delimiter}${process.env.PATH}`)
  const callsSoFar = () =>
    existsSync(calls)
      ? readFileSync(calls, "utf8")
          .split("\n")
          .slice(0, -1)
          .map((line) => line.split("\x1f").slice(0, -1))
      : []
  return { calls: callsSoFar }
}

const message = { file: "/tmp/m", path: "/dev/termination-log" }
const container: ResolvedContainer = { name: "run-a-1", image: "busybox:1", command: [], args: [], env: {}, message }

function started(changes: Partial<ResolvedContainer> = {}) {
  const lines: string[] = []
  const running = engineRuntime("podman").start({ ...container, ...changes }, (line) => lines.push(line))
  return { ...running, lines }
}

/** What stands in the file with the variables, and who may read it. */
const showEnvFile = `while test "$1" != --env-file; do shift; done; ls -l "$2" | cut -c1-10; cat "$2"`

afterEach(() => void vi.unstubAllEnvs())

describe("engineRuntime", () => {
  it("runs the image with the entry point before it and the rest of the command and the arguments after it", async () => {
    const { calls } = fakeEngine({})
    const { exited } = started({ command: ["sh", "-c"], args: ["echo two words", ""] })
    expect(await exited).toEqual({ exitCode: 0 })
    const label = "app.kubernetes.io/managed-by=peanut"
    expect(calls()).toEqual([
      [
        "run",
        "--rm",
        "--init",
        "--name",
        "run-a-1",
        "--label",
        label,
        "--volume",
        "/tmp/m:/dev/termination-log:Z",
        "--entrypoint",
        "sh",
        "--",
        "busybox:1",
        "-c",
        "echo two words",
        "",
      ],
    ])
  })

  it("leaves the image its own entry point where a stage has no command", async () => {
    const { calls } = fakeEngine({})
    await started({ args: ["10"] }).exited
    expect(calls()[0]!.slice(-2)).toEqual(["busybox:1", "10"])
    expect(calls()[0]).not.toContain("--entrypoint")
  })

  it("passes variables by a file that nobody else can read, so that no value shows in the list of processes", async () => {
    const { calls } = fakeEngine({ run: showEnvFile })
    const { exited, lines } = started({ env: { PASSWORD: "s3cret", EMPTY: "", "*": "all", "a.b-c": " '\"$HOME#x " } })
    await exited
    expect(lines).toEqual(["-rw-------", "PASSWORD=s3cret", "EMPTY=", "*=all", "a.b-c= '\"$HOME#x "])
    const [words] = calls()
    expect(words!.join(" ")).not.toContain("s3cret")
    expect(words).not.toContain("--env")
    expect(existsSync(words![words!.indexOf("--env-file") + 1]!)).toBe(false)
  })

  it("passes by name what no line of a file can hold", async () => {
    const long = "x".repeat(100_000)
    const { calls } = fakeEngine({ run: `echo "$TWO_LINES"; echo \${#LONG}` })
    const { exited, lines } = started({ env: { TWO_LINES: "one\ntwo", LONG: long } })
    await exited
    expect(lines).toEqual(["one", "two", "100000"])
    expect(calls()[0]!.join(" ")).toContain("--env TWO_LINES --env LONG -- busybox:1")
    expect(calls()[0]!.join(" ")).not.toMatch(/one|xxx/)
  })

  it("keeps from the engine itself the variables that it would heed", async () => {
    vi.stubEnv("HOME", "/home/somebody")
    const env = { PATH: "/nowhere", HOME: "/root", DOCKER_HOST: "tcp://elsewhere", _CONTAINERS_X: "1", GODEBUG: "x=1" }
    fakeEngine({ run: `echo "$HOME $DOCKER_HOST$_CONTAINERS_X$GODEBUG"; ${showEnvFile}` })
    const { exited, lines } = started({ env })
    expect(await exited).toEqual({ exitCode: 0 })
    const asLines = Object.entries(env).map(([name, value]) => `${name}=${value}`)
    expect(lines).toEqual(["/home/somebody ", "-rw-------", ...asLines])
  })

  const message = (path: string) => ({ message: { file: "/tmp/m", path } })
  it.each<readonly [Partial<ResolvedContainer>, string]>([
    [{ image: "--volume=/:/host" }, '"--volume=/:/host" is not the name of an image'],
    [{ image: "--privileged", args: ["busybox", "sh"] }, '"--privileged" is not the name of an image'],
    [{ image: "" }, '"" is not the name of an image'],
    [{ image: "dir:/etc" }, '"dir:/etc" is not the name of an image'],
    [{ env: { "A=B": "c" } }, 'variable "A=B" has a name that no container can have'],
    [{ env: { "": "c" } }, 'variable "" has a name that no container can have'],
    [{ env: { "A\nB": "c" } }, 'variable "A\\nB" has a name that no container can have'],
    [{ env: { "#A": "c" } }, 'variable "#A" has a name that engines cannot be told'],
    [{ env: { "A B": "c" } }, 'variable "A B" has a name that engines cannot be told'],
    [{ env: { A: "b\0c" } }, 'the value of variable "A" has a NUL character in it'],
    ...["*", "AWS*", "PATH", "DOCKER_HOST", "_CONTAINERS_USERNS_CONFIGURED", "https_proxy", "GODEBUG"].map(
      (name) =>
        [
          { env: { [name]: "one\ntwo" } },
          `the value of variable "${name}", which the engine itself may heed, has a line break in it or is too long`,
        ] as const,
    ),
    [message("/etc:rshared"), 'its terminationMessagePath "/etc:rshared" is not an absolute path without a colon'],
    [message("etc"), 'its terminationMessagePath "etc" is not an absolute path without a colon'],
    [{ command: ['["sh"]'] }, "the first word of its command begins with [, which no engine can run"],
  ])("does not call the engine for %j", async (changes, why) => {
    const { calls } = fakeEngine({})
    expect(await started(changes).exited).toEqual({ exitCode: 128, message: `cannot run it by podman: ${why}` })
    expect(calls()).toEqual([])
  })

  it("gives the exit code and both outputs of the container", async () => {
    fakeEngine({ run: "echo out; echo err >&2; exit 3" })
    const { exited, lines } = started()
    expect(await exited).toEqual({ exitCode: 3 })
    expect(lines.toSorted()).toEqual(["err", "out"])
  })

  it("ends a container by the engine, first asking, then not", async () => {
    const { calls } = fakeEngine({
      run: "until test -e killed; do sleep 0.02; done; exit 137",
      kill: "test $3 = TERM || touch killed",
    })
    const { exited, terminate, kill } = started()
    await expect.poll(() => calls().length).toBe(1)
    terminate()
    await expect.poll(() => calls().length).toBe(2)
    kill()
    expect(await exited).toEqual({ exitCode: 137 })
    expect(calls().slice(1)).toEqual([
      ["kill", "--signal", "TERM", "run-a-1"],
      ["kill", "--signal", "KILL", "run-a-1"],
    ])
  })

  it("ends the engine's client where there is no container yet, as its image is still being pulled", async () => {
    const { calls } = fakeEngine({ run: "sleep 3600", kill: "exit 125" })
    const { exited, terminate } = started()
    await expect.poll(() => calls().length).toBe(1)
    terminate()
    expect(await exited).toEqual({ exitCode: 143 })
  })

  it("says that the engine is not there", async () => {
    vi.stubEnv("PATH", "/nowhere")
    expect(await started().exited).toEqual({
      exitCode: 128,
      message: 'cannot start "podman": no such file or directory',
    })
  })
})

/** An engine that answers and has an image to run: nothing is pulled for a test. */
const real = ["podman", "docker"].map(imageOf).find((found) => found !== undefined)
function imageOf(engine: string) {
  try {
    const options = { encoding: "utf8" as const, stdio: "pipe" as const, timeout: 10_000 }
    const images = execFileSync(engine, ["images", "--format", "{{.Repository}}:{{.Tag}}"], options).split("\n")
    const image = images.find((name) => /(^|\/)(busybox|alpine|node):/.test(name))
    if (image === undefined) return undefined
    execFileSync(engine, ["run", "--rm", "--init", image, "true"], options)
    return { engine: engine as "podman" | "docker", image }
  } catch {
    return undefined
  }
}
const why =
  real === undefined
    ? " (skipped: no podman or docker that runs an image of busybox, alpine or node here)"
    : ` (${real.engine})`

describe.skipIf(real === undefined)(`a real engine${why}`, () => {
  const run = (script: string) => {
    const lines: string[] = []
    const env = { GREETING: "hello" }
    const name = `peanut-test-${process.pid}-${Math.random().toString(36).slice(2)}`
    const { engine, image } = real!
    const files = new MessageFiles()
    onTestFinished(() => files.removeAll())
    const file = files.create("message")
    const message = { file: file.path, path: "/dev/termination-log" }
    const asked = { ...container, name, image, command: ["sh", "-c"], args: [script], env, message }
    return { name, lines, file, ...engineRuntime(engine).start(asked, (line) => lines.push(line)) }
  }

  it("takes the termination message out of the container", async () => {
    const { exited, file, lines } = run(
      "echo version=1.2.3 > /dev/termination-log; echo size=7 >> /dev/termination-log",
    )
    expect([await exited, lines]).toEqual([{ exitCode: 0 }, []])
    expect(file.read()).toBe("version=1.2.3\nsize=7\n")
  })

  it("runs a container with its variables and gives its exit code", async () => {
    const { exited, lines } = run("echo $GREETING; exit 3")
    expect(await exited).toEqual({ exitCode: 3 })
    expect(lines).toEqual(["hello"])
  })

  it("ends a container that is told to, and removes it", async () => {
    const { name, exited, lines, terminate } = run("trap 'exit 7' TERM; echo ready; while true; do sleep 0.1; done")
    await expect.poll(() => lines, { timeout: 10_000 }).toEqual(["ready"])
    terminate()
    expect(await exited).toEqual({ exitCode: 7 })
    expect(execFileSync(real!.engine, ["ps", "-a", "--format", "{{.Names}}"], { encoding: "utf8" })).not.toContain(name)
  })
})
