import stringWidth from "string-width"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { StagePhase } from "../../../src/api/execution.ts"
import type { PipelineStage } from "../../../src/api/pipeline.ts"
import { reportReasons, reportTable } from "../../../src/cli/view/report.ts"
import { cut, formatDuration, type Paint, padded, stageLines } from "../../../src/cli/view/stage-lines.ts"
import { lineView, liveView, viewFor } from "../../../src/cli/view/view.ts"
import { outputLine, plain } from "../../../src/words/safe.ts"
import { graph, states } from "../../builders/graph.ts"
import { Screen } from "./screen.ts"

const bare: Paint = (_, text) => text

/** A run whose stages stand as told; what is not told of waits. All that started did so 1.5 s ago. */
function progress(
  stages: string | readonly PipelineStage[],
  phases = "",
  messages: Readonly<Record<string, string>> = {},
) {
  const told = states(phases)
  const all = typeof stages === "string" ? graph(stages) : stages
  const statuses = new Map(
    all.map(({ name }) => {
      const phase = (told.get(name) ?? "Waiting") as StagePhase
      return [name, { name, phase, ...(messages[name] !== undefined && { message: messages[name] }) }]
    }),
  )
  const started = new Set<string | undefined>(["Running", "Succeeded", "Failed"])
  return {
    stages: all,
    statuses,
    elapsed: (name: string) => (started.has(statuses.get(name)?.phase) ? 1500 : undefined),
  }
}
const named = (...names: string[]) => names.map((name): PipelineStage => ({ name, type: "task" }))

describe("stageLines", () => {
  it("shows each stage with its state, its time and what is said of it", () => {
    const run = progress("a → b, a → c → d", "a Succeeded, b Running, c Failed, d Skipped", { c: "exit code 3" })
    expect(stageLines(run, { rows: 10, columns: 80 }, bare)).toEqual([
      "a      ✔ Succeeded     1.5s",
      "  b    ● Running       1.5s",
      "  c    ✖ Failed        1.5s  exit code 3",
      "    d  ↷ Skipped           ",
    ])
  })

  it("has only the mark of a state where there is no room for its word", () => {
    const run = progress("Build → Test the whole thing", "Build Succeeded")
    expect(stageLines(run, { rows: 10, columns: 20 }, bare)).toEqual(["✔ Build         1.5s", "·   Test th…        "])
    expect(stageLines(run, { rows: 10, columns: 12 }, bare)).toEqual(["✔ Build     ", "·   Test th…"])
  })

  const names = [
    "a",
    "Fünfte Stufe",
    "部署到生产环境部署到生产环境",
    "👩‍👩‍👧‍👦 family 🥜🥜🥜🥜🥜🥜🥜🥜",
    "x".repeat(253),
    "tab\tnew\nline",
    "\u202Eتجربة",
    "e\u0301".repeat(40),
  ]
  const widths = [1, 2, 5, 9, 10, 11, 12, 19, 20, 21, 33, 34, 35, 40, 79, 80, 200]
  it.each(widths)("never needs more than %i columns", (columns) => {
    const stages = named(...names).map((stage, i) => ({ ...stage, dependsOn: i > 0 ? [names[i - 1]!] : [] }))
    const messages = Object.fromEntries(names.map((name) => [name, `very long\nmessage \x1b[2J ${"部".repeat(200)}`]))
    const run = { ...progress(stages, "", messages), elapsed: () => 3_600_000 }
    for (const line of stageLines(run, { rows: 50, columns }, bare)) {
      expect(stringWidth(line), JSON.stringify(line)).toBeLessThanOrEqual(columns)
      expect(line).not.toMatch(/\p{Cc}|\u202e/u)
    }
  })

  it.each([1, 2, 3, 10, 99, 100])("never needs more than %i rows", (rows) => {
    const many = Array.from({ length: 100 }, (_, i) => `s${i}`).join(", ")
    expect(stageLines(progress(many), { rows, columns: 80 }, bare).length).toBe(Math.min(rows, 100))
  })

  it("keeps what runs and what failed where not all can be shown, and says how many are hidden", () => {
    const run = progress("a, b, c, d, e, f, g", "a Succeeded, b Succeeded, c Running, e Failed, g Running")
    const lines = stageLines(run, { rows: 5, columns: 80 }, bare)
    expect(lines.map((line) => line.split(" ")[0])).toEqual(["c", "d", "e", "g", "…"])
    expect(lines.at(-1)).toBe("… and 3 more stages")
  })
})

describe("text for a terminal", () => {
  it.each([
    ["keeps plain text", "a b", "a b"],
    ["keeps tabs", "a\tb", "a\tb"],
    ["keeps emoji and letters of all scripts", "👩‍👩‍👧 部署 é", "👩‍👩‍👧 部署 é"],
    ["keeps colours and ends them with the line", "\x1b[1;31mred", "\x1b[1;31mred\x1b[0m"],
    ["removes what moves the cursor or clears the screen", "a\x1b[2J\x1b[1;1H\x1b[3Ab", "ab"],
    ["removes titles and links", "\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\", "ab"],
    ["removes a sequence that is cut off", "a\x1b[31", "a"],
    ["removes single control characters, and sequences of C1", "a\0\x07\b\x7f\x9b2Jb", "ab"],
    ["shows the last state of a progress bar", "10%\r20%\r30%", "30%"],
    ["shows the last state of a progress bar that ends in a carriage return", "10%\r20%\r", "20%"],
  ])("outputLine %s", (_, line, shown) => expect(outputLine(line)).toBe(shown))

  it.each([
    ["keeps what is plain", "a 部 🥜", "a 部 🥜"],
    ["puts lines side by side", "one\n  two\r\nthree", "one two three"],
    ["removes colours too", "\x1b[31mred\x1b[0m", "red"],
    ["marks what else a terminal would obey", "a\x07b\u202ec", "a\ufffdb\ufffdc"],
  ])("plain %s", (_, text, shown) => expect(plain(text)).toBe(shown))

  it.each([
    [0, ""],
    [1, "…"],
    [2, "…"],
    [3, "部…"],
    [4, "部…"],
    [5, "部署…"],
    [6, "部署到"],
  ])("cut to %i cells does not cut a wide character in two", (width, text) => {
    expect(cut("部署到", width)).toBe(text)
    expect(stringWidth(padded("部署到", width))).toBe(width)
  })

  it.each([
    [0, "0.0s"],
    [59_940, "59.9s"],
    [59_960, "1m00s"],
    [60_000, "1m00s"],
    [185_000, "3m05s"],
    [3_599_900, "59m59s"],
    [3_720_000, "1h02m"],
    [90_000_000, "25h00m"],
  ])("formatDuration of %i ms is %s", (millis, text) => expect(formatDuration(millis)).toBe(text))
})

describe("liveView", () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())
  const frame = () => vi.advanceTimersByTime(100)

  it("keeps the table below what stages write, and clears it away at the end", () => {
    const screen = new Screen(60, 10)
    const run = progress("a → b", "a Running")
    const view = liveView(screen.stream, run, bare)
    view.note("pipeline web")
    frame()
    expect(screen.text).toEqual(["pipeline web", "a    ● Running       1.5s", "  b  · Waiting"])
    view.output("a", "one")
    view.output("a", "two")
    run.statuses.set("a", { name: "a", phase: "Succeeded" })
    run.statuses.set("b", { name: "b", phase: "Running" })
    frame()
    expect(screen.text).toEqual([
      "pipeline web",
      "a | one",
      "a | two",
      "a    ✔ Succeeded     1.5s",
      "  b  ● Running       1.5s",
    ])
    view.output("b", "three")
    view.close()
    expect(screen.text).toEqual(["pipeline web", "a | one", "a | two", "b | three"])
    frame()
    expect(screen.text.length).toBe(4)
  })

  it("draws nothing where nothing changed", () => {
    const screen = new Screen()
    const view = liveView(screen.stream, progress("a", "a Running"), bare)
    frame()
    const { length } = screen.written
    frame()
    expect(screen.written.length).toBe(length)
    view.close()
  })

  const wild = [
    "x".repeat(500),
    "\x1b[2J\x1b[H\x1b[5A",
    "a\rb\rc",
    "\x1b[31mred",
    "\0\x07\x1bc\x1b[?25l",
    "部".repeat(100),
    "",
    "\ttab",
  ]
  it.each([20, 33, 60, 120])("is not torn by wild output in %i columns", (columns) => {
    const screen = new Screen(columns, 8)
    const view = liveView(screen.stream, progress("a → b → c", "a Running"), bare)
    for (const line of [...wild, ...wild, ...wild]) {
      view.output("a", line.replaceAll("\t", " "))
      frame()
      const table = screen.text.slice(-3)
      expect(table.map((line) => line.match(/[abc]/)![0])).toEqual(["a", "b", "c"])
      expect(table[0]).toMatch(/●/)
    }
    view.close()
    // Nothing of any table stayed behind.
    expect(screen.text.filter((line) => /[●·]/.test(line))).toEqual([])
    expect(screen.text.join("").match(/x/g)!.length).toBe(1500)
  })

  it("fits a terminal with fewer rows than stages, and grows with it", () => {
    const screen = new Screen(60, 5)
    const run = progress(Array.from({ length: 30 }, (_, i) => `s${i}`).join(", "), "s9 Running")
    const view = liveView(screen.stream, run, bare)
    for (let i = 0; i < 5; i++) {
      view.output("s9", `line ${i}`)
      frame()
    }
    expect(screen.text.slice(0, 5)).toEqual([0, 1, 2, 3, 4].map((i) => `s9 | line ${i}`))
    expect(screen.text.slice(5).map((line) => line.split(" ")[0])).toEqual(["s0", "s1", "s9", "…"])
    screen.rows = 40
    frame()
    expect(screen.text.length).toBe(35)
    view.close()
    expect(screen.text.length).toBe(5)
  })

  it("takes the new width of a terminal that is made wider or narrower", () => {
    const screen = new Screen(60, 10)
    const view = liveView(screen.stream, progress("Build → Test"), bare)
    frame()
    screen.columns = 20
    frame()
    expect(screen.text).toEqual(["· Build", "·   Test"])
    screen.columns = 60
    frame()
    expect(screen.text).toEqual(["Build   · Waiting", "  Test  · Waiting"])
    view.close()
    expect(screen.text).toEqual([])
  })

  it("takes a hundred thousand lines between two frames", () => {
    const written: string[] = []
    const stream = { isTTY: true, columns: 80, rows: 24, write: (text: string) => written.push(text) }
    const view = liveView(stream as unknown as NodeJS.WriteStream, progress("a", "a Running"), bare)
    const began = Date.now()
    for (let i = 0; i < 100_000; i++) view.output("a", `line ${i}`)
    view.close()
    expect(written.join("").match(/a \| line \d+\n/g)!.length).toBe(100_000)
    expect(Date.now() - began).toBeLessThan(5000)
  })
})

describe("the choice of a view", () => {
  const isLive = (stream: object) => {
    const written: string[] = []
    const view = viewFor(
      { write: (text: string) => written.push(text), ...stream } as unknown as NodeJS.WriteStream,
      progress("a"),
      bare,
    )
    view.note("now")
    view.close()
    view.note("after")
    return !written.join("").includes("after")
  }
  afterEach(() => void vi.unstubAllEnvs())

  it("is live in a terminal", () => {
    vi.stubEnv("TERM", "xterm")
    expect(isLive({ isTTY: true, columns: 80, rows: 24 })).toBe(true)
  })
  it("is lines elsewhere, in a terminal that cannot redraw, and in one without a size", () => {
    vi.stubEnv("TERM", "xterm")
    expect(isLive({})).toBe(false)
    expect(isLive({ isTTY: true, columns: 0, rows: 24 })).toBe(false)
    expect(isLive({ isTTY: true, columns: 80, rows: 0 })).toBe(false)
    vi.stubEnv("TERM", "dumb")
    expect(isLive({ isTTY: true, columns: 80, rows: 24 })).toBe(false)
  })
})

describe("lineView", () => {
  it("puts whatever stages are called and say on lines of their own", () => {
    const screen = new Screen(200, 24)
    const run = progress(named("new\nline \x1b[2J"), "", { "new\nline \x1b[2J": "many\nlines" })
    const view = lineView(screen.stream, run, bare)
    view.changed("new\nline \x1b[2J")
    view.output("new\nline \x1b[2J", "10%\r20%")
    view.close()
    expect(screen.text).toEqual(["[  0.0s] new line : · Waiting (many lines)", "new line  | 20%"])
  })
})

describe("the report", () => {
  it("is a table whose columns line up, also with wide names", () => {
    const run = progress(named("部署", "a", "🥜 nut"), "a Succeeded, 部署 Failed")
    expect(reportTable(run, bare).split("\n")).toEqual([
      "STAGE   STATE           TIME",
      "部署    ✖ Failed        1.5s",
      "a       ✔ Succeeded     1.5s",
      "🥜 nut  · Waiting          -",
    ])
  })

  it("has the reason of everything that did not succeed", () => {
    const stages = [
      { name: "a", phase: "Succeeded" as const },
      { name: "b", phase: "Failed" as const, reason: "BackoffLimitExceeded", message: "exit\ncode 3" },
      { name: "c", phase: "Cancelled" as const, reason: "Cancelled" },
    ]
    expect(reportReasons({ stages })).toEqual(["b: Failed (BackoffLimitExceeded): exit code 3", "c: Cancelled"])
  })

  it("has the reason of a run that could not start", () => {
    const condition = {
      type: "Succeeded",
      status: "False" as const,
      reason: "PipelineTooLarge",
      message: "split it",
      lastTransitionTime: "",
    }
    expect(reportReasons({ phase: "Failed", conditions: [condition] })).toEqual(["PipelineTooLarge: split it"])
  })
})
