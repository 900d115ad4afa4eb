// What the documentation says of the source is true: the files it names, the answers, the kinds of the metrics, the invariants.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import packageJson from "../package.json" with { type: "json" }

const root = fileURLToPath(new URL("../", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path, text: read(`src/${path}`) }))
/** The cells of the table rows of a section. */
const rowsOf = (document: string, heading: string) =>
  (document.split(/^## /m).find((section) => section.startsWith(heading)) ?? "")
    .split("\n")
    .filter((line) => /^\| [^-]/.test(line))
    .map((line) => line.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")))

it("ARCHITECTURE.md names files of the source that are there", () => {
  const path = read("ARCHITECTURE.md")
  const named = [
    ...path.matchAll(/(?<![\w/])((?:server|events|controller|execution|resources|cluster)\/[\w/-]+\.ts)/g),
  ].map(([, file]) => file!)
  expect(named.length).toBeGreaterThan(10)
  const paths = new Set(sources.map((source) => source.path))
  expect(named.filter((file) => !paths.has(file))).toEqual([])
})

describe("docs/events.md, the answers", () => {
  const codes = rowsOf(read("docs/events.md"), "Answers").flatMap(([cell = ""]) => cell.match(/\b\d{3}\b/g) ?? [])
  const given = new Set(
    sources
      .filter(({ path }) => path.startsWith("server/"))
      // Comments speak of others' answers.
      .map(({ text }) => text.replace(/^\s*(?:\/\/|\*|\/\*\*).*$/gm, ""))
      .flatMap((text) => [
        ...[...text.matchAll(/\bc\.(?:text|body)\([^;]*?, ([2-5]\d\d)\b/g)].map(([, code]) => code!),
        ...[...text.matchAll(/"([45]\d\d) [A-Z][a-z]/g)].map(([, code]) => code!),
      ]),
  )

  it("are those that the server gives to POST; 200 and 204 are for GET and OPTIONS", () => {
    expect(given.size).toBeGreaterThan(7)
    expect([...new Set(codes)].toSorted()).toEqual([...given].filter((code) => !/^20[04]$/.test(code)).toSorted())
  })

  it("are in ARCHITECTURE.md, too", () => {
    const [paragraph = ""] = /\*\*Answers are chosen[\s\S]*?\n\n/.exec(read("ARCHITECTURE.md")) ?? []
    const [, answers = ""] = paragraph.split("So an event gets")
    expect(new Set(answers.match(/\b\d{3}\b/g))).toEqual(new Set(codes))
  })
})

it("docs/operations.md lists every kind of event that the metric tells apart", () => {
  const [row = ""] = /^\| `peanut_events_total`.*$/m.exec(read("docs/operations.md")) ?? []
  const [, kinds = ""] = /`kind` \(([^)]*)\)/.exec(row) ?? []
  const target = read("src/events/target.ts")
    .split("\n\n")
    .find((block) => block.includes("export type Target ="))!
  const counted = [
    ...[...target.matchAll(/_tag: "(\w+)"/g)].map(([, kind]) => kind),
    ...sources
      .flatMap(({ text }) => [...text.matchAll(/\bcounted\("([A-Z]\w*)"\)|\bkind: "([A-Z]\w*)", outcome/g)])
      .map(([, started, unread]) => started ?? unread),
  ]
  expect(kinds.split(", ").toSorted()).toEqual([...new Set(counted)].toSorted())
})

it("the number of invariants is the same wherever it is told", () => {
  const invariants = [...read("docs/reliability.md").matchAll(/^\*\*I(\d+)\. /gm)].map(([, number]) => Number(number))
  const texts = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/reliability.md", "test/simulation/README.md"]
  const told = texts.flatMap((path) => [...read(path).matchAll(/\bI1 to I(\d+)/g)].map(([, last]) => Number(last)))
  expect(told.length).toBeGreaterThan(0)
  expect(new Set(told)).toEqual(new Set([Math.max(...invariants)]))
  expect(readdirSync(join(root, "test/simulation/invariants"))).toHaveLength(invariants.length)
})

it("a Job's name is made of what the documents say: the execution's UID, the stage and the combination", () => {
  expect(read("src/resources/job-name.ts")).toContain("hash(execution.uid, stage, index)")
  for (const path of ["README.md", "ARCHITECTURE.md"]) {
    const [sentence = ""] = /(?:A Job's name is computed|\*\*Names are computed)[\s\S]*?\./.exec(read(path)) ?? []
    expect(sentence, path).not.toMatch(/attempt/)
  }
})

const documents = [".", "docs", "docs/adr", "examples", "test/simulation", ".github"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith(".md"))
    .map((file) => join(folder, file)),
)

describe.each(documents)("%s", (path) => {
  const text = read(path)

  it("links to files and headings that are there", () => {
    const prose = text.replace(/^```[\s\S]*?^```/gm, "")
    for (const [, file = "", anchor] of prose.matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)]+))?\)/g)) {
      const target = file === "" ? path : join(dirname(path), file)
      expect(statSync(join(root, target), { throwIfNoEntry: false }), `${path}: ${file}`).toBeDefined()
      if (anchor !== undefined) expect(anchorsOf(read(target)), `${path}: ${file}`).toContain(anchor)
    }
  })

  it("names files of the repository that are there", () => {
    const named = [
      ...text.matchAll(
        /(?<![\w/.@:-])(?:src|test|scripts|config|knative|docs|examples|bench|crds|\.ci|\.github)\/[\w./-]*\w/g,
      ),
    ]
    const missing = named.map(([file]) => file).filter((file) => !existsSync(join(root, file)))
    expect(missing).toEqual([])
  })

  it("runs peanut under its scope, but where this repository is meant", () => {
    if (["README.md", "examples/README.md", "CHANGELOG.md"].includes(path)) return
    const prose = text.replace("`npx peanut` would run a stranger's", "")
    expect(prose.match(/.*npx (?:--\S+ )*peanut\b.*/g) ?? []).toEqual([])
  })

  it("names this version of Peanut, where it names one to install", () => {
    const versions = [
      ...text.matchAll(/(?:@peanut-pipelines\/peanut@|(?:REGISTRY|registry\.invalid)\/peanut:)([\w.-]+\w)/g),
    ]
    const others = versions.map(([, version]) => version).filter((version) => version !== packageJson.version)
    expect(others.filter((version) => version !== "NUMBER")).toEqual([])
  })

  it("names no registry of packages by its host", () => {
    expect(text).not.toMatch(/\b(?:registry\.npmjs|npmjs)\.(?:org|com)\b/)
  })
})

/** As GitHub makes them of headings. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  )
}
