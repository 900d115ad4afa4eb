// docs/reliability.md is complete and true: a row for each fault, a promise for each invariant, and every test that it
// names is there, under exactly that name.

import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { faults } from "./simulation/faults.ts"
import { invariants } from "./simulation/invariants.ts"
import { mutants } from "./simulation/mutants.ts"

const root = fileURLToPath(new URL("../", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")
const document = read("docs/reliability.md")

/** Every fault that Peanut must survive; a new one is written here first. */
const rows = [
  "duplicate",
  "lost",
  "reordered, late",
  "stale",
  "crash",
  "replicas",
  "409",
  "429, 5xx, timeout",
  "403, quota, webhook denial, namespace gone",
  "adapter down",
  "Job deleted by hand",
  "pod and Job disagree",
  "pipeline or stage edited, deleted",
  "execution deleted, cancelled, suspended",
  "clock",
  "graph",
  "poison object",
  "forged event",
  "oversized, malformed",
  "names",
  "SIGTERM",
]
const ids = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11", "I12", "I13"]

interface Named {
  readonly file: string
  readonly title: string
}

/** The tests named in a text, as `file`: "title", "title". */
function namedIn(text: string): readonly Named[] {
  return [...text.matchAll(/`(test\/[^`]+\.ts)`: ((?:"[^"]+"(?:, )?)+)/g)].flatMap(([, file = "", titles = ""]) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ file, title })),
  )
}

/** The rows of the table below a heading, by their first cell; a heading or its rule is none. */
function tableBelow(heading: string): ReadonlyMap<string, readonly string[]> {
  const section = document.split(/^## /m).find((part) => part.startsWith(heading)) ?? ""
  const lines = section.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("|-"))
  const cells = lines.slice(1).map((line) => line.slice(2, -2).split(" | "))
  return new Map(cells.map(([first = "", ...others]) => [first.replaceAll("**", ""), others]))
}

const simulated = "test/simulation/faults.ts"
const table = tableBelow("Faults")

/** Whether a test of this name is in the file and runs: not one that is commented out or skipped, nor a group of tests. */
function hasTest({ file, title }: Named): boolean {
  if (file === simulated) return faults.some(({ name }) => name === title)
  if (!existsSync(join(root, file))) return false
  const text = read(file).replaceAll(/^\s*(\/\/|\*).*$/gm, "")
  const quoted = JSON.stringify(title)
  for (let at = text.indexOf(quoted); at >= 0; at = text.indexOf(quoted, at + 1)) {
    const before = text.slice(0, at)
    const isCase = /^: async/.test(text.slice(at + quoted.length)) && file.endsWith(".cases.ts")
    const call = callOf(before)
    if (isCase || (call !== undefined && /^(it|test)\b(?!(\.\w+)*\.(skip|todo)\b)/.test(call))) return true
  }
  return false
}

/** The call whose first argument comes next: `it`, `it.each([...])`, or nothing where it is not the first. */
function callOf(before: string): string | undefined {
  if (!/\(\s*$/.test(before)) return undefined
  const start = [...before.matchAll(/^\s*((?:it|test|describe)\b)/gm)].at(-1)
  return start && before.slice(start.index).trim()
}

describe("the table of faults", () => {
  it("has a row for every fault, and none besides", () => {
    expect([...table.keys()]).toEqual(rows)
  })

  it.each(rows)("says of %s how it is made to happen, what holds, and which tests show it", (row) => {
    const [how = "", holds = "", tests = "", ...more] = table.get(row) ?? []
    expect(more).toEqual([])
    expect(Math.min(how.length, holds.length)).toBeGreaterThan(10)
    const named = namedIn(tests)
    // Nothing in the cell but what was read of it.
    expect(tests.replaceAll(/`[^`]+`: |"[^"]+"(, )?|<br>/g, "")).toBe("")
    expect(named.filter(({ file }) => file !== simulated).length).toBeGreaterThan(0)
  })

  it("knows every fault of the simulation by its row, and the simulation has it in that row", () => {
    expect(faults.filter(({ row }) => !rows.includes(row)).map(({ name }) => name)).toEqual([])
    for (const [row, cells] of table) {
      const named = namedIn(cells.at(-1) ?? "").filter(({ file }) => file === simulated)
      const simulatedHere = faults.filter((fault) => fault.row === row).map(({ name }) => name)
      expect({ row, faults: named.map(({ title }) => title).toSorted() }).toEqual({
        row,
        faults: simulatedHere.toSorted(),
      })
    }
  })
})

describe("every test that the page names", () => {
  const named = namedIn(document)

  it("is in its file, and runs", () => {
    expect(named.length).toBeGreaterThan(90)
    expect(named.filter((one) => !hasTest(one))).toEqual([])
  })

  it("is looked for by its whole name, and not found where it is commented out, skipped, or a group", () => {
    const file = "test/reliability.test.ts"
    expect(hasTest({ file, title: "is in its file, and runs" })).toBe(true)
    expect(hasTest({ file, title: "is in its file, and run" })).toBe(false)
    expect(hasTest({ file, title: "every test that the page names" })).toBe(false)
    expect(hasTest({ file: "test/none.test.ts", title: "is in its file, and runs" })).toBe(false)
  })

  it("is in a file that runs with the others", () => {
    const files = new Set(named.map(({ file }) => file))
    const runs = (file: string) => file.endsWith(".test.ts") || file.endsWith(".cases.ts") || file === simulated
    expect([...files].filter((file) => !runs(file))).toEqual([])
  })

  it("or folder is there", () => {
    const folders = [...document.matchAll(/`(test\/[^`]*?)`/g)].map(([, path = ""]) => path)
    expect(folders.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })
})

describe("each invariant", () => {
  const promises = tableBelow("How it is tested")

  it("is known to the simulation, and no other", () => {
    expect(invariants.map(({ id }) => id)).toEqual(ids)
  })

  it.each(ids)("%s has a promise in plain words, a test besides the simulation, and a mutant that is caught", (id) => {
    expect(document).toMatch(new RegExp(`^\\*\\*${id}\\. \\S`, "m"))
    expect(namedIn(promises.get(id)?.at(-1) ?? "").length).toBeGreaterThan(0)
    expect(mutants.filter(({ invariant }) => invariant === id).length).toBeGreaterThan(0)
  })
})

it("the tests of crash points, faults and jobs are named on the page, file by file", () => {
  const files = readdirSync(join(root, "test/controller")).filter((file) => file.endsWith(".test.ts"))
  const elsewhere = ["start.test.ts", "starter.test.ts", "validate.test.ts", "schedules.test.ts"]
  expect(files.filter((file) => !elsewhere.includes(file) && !document.includes(`test/controller/${file}`))).toEqual([])
})
