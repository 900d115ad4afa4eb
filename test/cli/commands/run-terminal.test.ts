// The live view in a real pseudo-terminal, by script(1) of util-linux.

import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { bundle, documents, folder, newMarker, processesWith, type Step, start, yaml } from "../run-peanut.ts"
import { Screen } from "../view/screen.ts"

/** Peanut in a terminal of this size; `before` is a line of sh that runs ahead of it there. */
function inTerminal(
  steps: Readonly<Record<string, Step>>,
  { columns = 80, rows = 24, before = ":", env = {}, marker = "sh", change = (text: string) => text } = {},
) {
  const path = folder({ "web.yaml": change(yaml(documents(steps, marker))) })
  const line = `stty cols ${columns} rows ${rows}; ${before}; exec ${bundle.join(" ")} run ${path}`
  const started = start(["script", "-qec", line, "/dev/null"], { TERM: "xterm", ...env })
  const ended = started.ended.then(({ code, stdout }) => {
    const screen = new Screen(columns, rows)
    screen.write(stdout)
    return { code, stdout, lines: screen.text.map((line) => line.replace(/\d+\.\ds/g, "0.0s")) }
  })
  return { ...started, ended }
}

const escapeCharacter = "\x1b"

const reason = whyNot()
function whyNot(): string | undefined {
  try {
    return execFileSync("script", ["--version"], { encoding: "utf8" }).includes("util-linux")
      ? undefined
      : "another script(1)"
  } catch {
    return "no script(1) of util-linux here"
  }
}

describe
  .skipIf(reason !== undefined)
  .concurrent(`a terminal${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
    it("shows the graph while it runs, and leaves output, a table and reasons", async () => {
      const { code, stdout, lines } = await inTerminal({
        Build: { sh: "printf 'one\\r\\033[2J\\033[5Atwo\\n'; sleep 0.4" },
        Test: { sh: "sleep 0.4; exit 3", after: ["Build"] },
        "部署 🥜": { sh: "true", after: ["Test"] },
      }).ended
      // While it ran: below its parent, with its state.
      expect(stdout).toMatch(/\n {2}Test {5,}\S*·/)
      expect(stdout).toMatch(/\n {2}Test {5,}\S*●/)
      expect(lines).toEqual([
        "pipeline web, execution web-1: 3 stages as processes of this machine (images are",
        " not used)",
        "Build | two",
        "STAGE    STATE           TIME",
        "Build    ✔ Succeeded     0.0s",
        "Test     ✖ Failed        0.0s",
        "部署 🥜  ↷ Skipped          -",
        "Failed in 0.0s: 1/3 succeeded, 1 failed, 1 skipped",
        "Test: Failed (BackoffLimitExceeded): exit code 3 (Job has reached the specified",
        "backoff limit)",
        '部署 🥜: Skipped (ParentFailed): stage "Test" failed',
      ])
      expect(code).toBe(1)
    })

    it("is cancelled by Ctrl-C", async () => {
      const marker = newMarker()
      const { stdin, says, ended } = inTerminal({ a: { sh: `echo ready; sleep ${marker}` } }, { marker })
      await says("a | ")
      await says("ready")
      stdin.write("\x03")
      const { code, lines } = await ended
      expect(lines.join("\n")).toContain("cancelling; once more to kill what runs")
      expect(lines.at(-1)).toBe("a: Cancelled: the execution was cancelled")
      expect(code).toBe(130)
      expect(processesWith(marker)).toEqual([])
    })

    describe("asks for approvals", () => {
      const change = (text: string) => text.replace('"name":"Deploy"', '"name":"Deploy","approval":true')
      const steps = {
        Build: { sh: "true" },
        Deploy: { sh: "echo live", after: ["Build"] },
        Meanwhile: { sh: "sleep 1.5; echo went on", after: ["Build"] },
      }
      const question = 'Approve stage "Deploy"? [y/N; N cancels the run]'
      // Nobody reads faster than this; what was typed before is no answer.
      const readIt = () => new Promise((resolve) => setTimeout(resolve, 600))

      it("and starts the stage after a y, while the rest goes on", async () => {
        const { stdin, says, text, ended } = inTerminal(steps, { change })
        stdin.write("y")
        await says(question)
        expect(text()).toContain("waits for approval")
        await says("went on")
        expect(text()).not.toContain("live")
        stdin.write("y")
        const { code, lines } = await ended
        expect(lines).toContain("Deploy | live")
        expect(lines.at(-1)).toBe("Succeeded in 0.0s: 3/3 succeeded")
        expect(code).toBe(0)
      })

      it.each(["n", "\r"])("and cancels the run after %j", async (key) => {
        const { stdin, says, ended } = inTerminal(steps, { change })
        await says(question)
        await readIt()
        stdin.write(key)
        const { code, lines } = await ended
        expect(lines.join("\n")).toContain('stage "Deploy" was not approved: cancelling')
        expect(lines.join("\n")).toContain("Deploy: Cancelled: the execution was cancelled")
        expect(code).toBe(1)
      })

      it("and still is cancelled by Ctrl-C, and killed by the second", async () => {
        const marker = newMarker()
        const stubborn = {
          ...steps,
          Meanwhile: { sh: `trap "" TERM; sleep ${marker}; sleep ${marker}`, after: ["Build"] },
        }
        const { stdin, says, ended } = inTerminal(stubborn, { change, marker })
        await says(question)
        stdin.write("\x03")
        await says("cancelling; once more to kill what runs")
        await readIt()
        stdin.write("\x03")
        const { code } = await ended
        expect(code).toBe(130)
        expect(processesWith(marker)).toEqual([])
      })

      it("and asks no more once the run is out of time", async () => {
        const inTime = (text: string) => change(text).replace('"spec":{"stages"', '"spec":{"timeout":"2s","stages"')
        const { Meanwhile: _, ...others } = steps
        const { says, ended } = inTerminal(others, { change: inTime })
        await says(question)
        const { code, lines } = await ended
        expect(lines.at(-1)).toBe("Deploy: Skipped (ExecutionTimeout): the run took longer than its timeout of 2s")
        expect(lines.join("\n")).not.toContain("Approve")
        expect(code).toBe(1)
      })

      it("even with --quiet", async () => {
        const path = folder({ "web.yaml": change(yaml(documents(steps))) })
        const line = `exec ${bundle.join(" ")} run -q ${path}`
        const { stdin, says, ended } = start(["script", "-qec", line, "/dev/null"], { TERM: "xterm" })
        await says(question)
        await readIt()
        stdin.write("y")
        const { code, stdout } = await ended
        expect(stdout.trim()).toBe(question)
        expect(code).toBe(0)
      })
    })

    it("may be narrow and low, and change its size", async () => {
      const path = folder()
      // The terminal changes, and then the stages end, once this file is there.
      const before = `(until test -e ${path}/seen; do sleep 0.05; done; stty cols 20 rows 6 </dev/tty) & :`
      const sh = `until test -e ${path}/seen; do sleep 0.05; done; sleep 1; echo done`
      const steps = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`stage ${i}`, { sh }]))
      const { says, ended } = inTerminal(steps, { columns: 60, rows: 8, before })
      await says("… and 6 more stages")
      writeFileSync(join(path, "seen"), "")
      const { code, stdout } = await ended
      expect(stdout).toContain("… and 6 more stages")
      expect(stdout).toContain("… and 8 more stages")
      expect(stdout).toMatch(/stage 11 \S* *\S*✔ Succeeded/)
      expect(code).toBe(0)
    })

    it("gets colours, unless NO_COLOR says otherwise", async () => {
      const colour = "\x1b[32m✔ Succeeded\x1b[39m"
      const [with_, without] = await Promise.all([
        inTerminal({ a: { sh: "true" } }).ended,
        inTerminal({ a: { sh: "true" } }, { env: { NO_COLOR: "1" } }).ended,
      ])
      expect(with_.stdout).toContain(colour)
      expect(without.stdout).toContain("✔ Succeeded")
      // Of the control sequences only those that move the cursor are left.
      expect(without.stdout).not.toMatch(new RegExp(`${escapeCharacter}\\[[\\d;]*m`))
    })
  })
