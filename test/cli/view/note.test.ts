import { describe, expect, it } from "vitest"
import type { StageStatus } from "../../../src/api/execution.ts"
import { noteOf } from "../../../src/cli/view/note.ts"
import { reportTable } from "../../../src/cli/view/report.ts"
import { type Paint, stageLines } from "../../../src/cli/view/stage-lines.ts"
import { lineView, liveView } from "../../../src/cli/view/view.ts"
import { Screen } from "./screen.ts"

const bare: Paint = (_, text) => text
const stages = ["Build", "Tell"].map((name) => ({ name, type: "task" }))

/** A run of two stages, the second of which is of `finally`; `state` is of the first. */
function progress(state: Partial<StageStatus> = {}) {
  const build: StageStatus = { name: "Build", phase: "Waiting", ...state }
  const statuses = new Map<string, StageStatus>([["Build", build]])
  return { stages, atEnd: new Set(["Tell"]), statuses, elapsed: () => undefined }
}

/** A terminal of these dimensions, and what was written to it. */
function terminal(columns: number, rows: number) {
  let written = ""
  const stream = {
    columns,
    rows,
    isTTY: true,
    write: (text: string) => {
      written += text
      return true
    },
  } as unknown as NodeJS.WriteStream
  const screen = () => {
    const shown = new Screen(columns, rows)
    shown.write(written.replaceAll("\n", "\r\n"))
    return shown.text
  }
  return { stream, written: () => written, screen }
}

describe("noteOf", () => {
  const cases: readonly (readonly [string, Partial<StageStatus>, string])[] = [
    ["nothing", {}, ""],
    ["a message", { phase: "Failed", reason: "BackoffLimitExceeded", message: "exit\ncode 3" }, "exit code 3"],
    ["an approval", { reason: "AwaitingApproval", message: "add its name to ..." }, "waits for approval"],
    ["a place", { reason: "MaxParallel" }, "waits for a place: maxParallel"],
    ["a run that is held", { reason: "Suspended" }, "the execution is suspended"],
    ["another reason to wait", { reason: "JobForbidden", message: "quota" }, "quota"],
    ["a reason only while it waits", { phase: "Cancelled", reason: "MaxParallel", message: "no" }, "no"],
    ["a matrix", { phase: "Running", combinations: "SSRWFC" }, "2/6 succeeded, 1 running, 1 failed, 1 cancelled"],
    ["a matrix that is done", { phase: "Succeeded", combinations: "SSS" }, "3/3 succeeded"],
    [
      "a matrix and what went wrong in it",
      { phase: "Running", combinations: "SFR", message: "os=linux: exit code 3" },
      "1/3 succeeded, 1 running, 1 failed; os=linux: exit code 3",
    ],
    [
      "a matrix without a place",
      { reason: "MaxParallel", combinations: "SW" },
      "1/2 succeeded; waits for a place: maxParallel",
    ],
  ]
  it.each(cases)("tells of %s", (_, state, note) =>
    expect(noteOf({ name: "a", phase: "Waiting", ...state })).toBe(note),
  )
})

describe("a stage of finally", () => {
  it("is marked where stages are listed", () => {
    const lines = stageLines(progress({ phase: "Running", combinations: "SR" }), { rows: 9, columns: 80 }, bare)
    expect(lines).toEqual([
      "Build           ● Running             1/2 succeeded, 1 running",
      "Tell (finally)  · Waiting           ",
    ])
    expect(reportTable(progress({ phase: "Succeeded" }), bare).split("\n")).toEqual([
      "STAGE           STATE           TIME",
      "Build           ✔ Succeeded        -",
      "Tell (finally)  · Waiting          -",
    ])
  })
})

describe("lineView", () => {
  it("tells of waiting, but not of every stage that finds no place", () => {
    const { stream, written } = terminal(80, 24)
    const run = progress()
    const view = lineView(stream, run, bare)
    for (const reason of ["AwaitingApproval", "MaxParallel"]) {
      run.statuses.set("Build", { name: "Build", phase: "Waiting", reason })
      view.changed("Build")
    }
    expect(written().replace(/\d\.\ds/g, "0.0s")).toBe("[  0.0s] Build: · Waiting (waits for approval)\n")
  })

  it("names the combination that wrote a line, whatever its values are", () => {
    const { stream, written } = terminal(80, 24)
    const view = lineView(stream, progress(), bare)
    view.output("Build", "done", "os=linux\x1b[2J, arch=arm")
    view.output("Build", "done")
    expect(written()).toBe("Build (os=linux, arch=arm) | done\nBuild | done\n")
  })

  it("asks in a line, once", () => {
    const { stream, written } = terminal(80, 24)
    const view = lineView(stream, progress(), bare)
    view.ask("Well?")
    view.ask()
    expect(written()).toBe("Well?\n")
  })
})

describe("liveView", () => {
  it("keeps a question in sight below the stages until it is taken away, in the room there is", async () => {
    const { stream, screen } = terminal(30, 3)
    const view = liveView(stream, progress(), bare)
    view.ask(`Approve stage "${"x".repeat(40)}"?`)
    await expect.poll(() => screen().at(-1)).toMatch(/^Approve stage "x+…$/)
    expect(screen()[0]).toBe("… and 2 more stages")
    view.ask()
    await expect.poll(() => screen().join("\n")).not.toContain("Approve")
    view.close()
  })
})
