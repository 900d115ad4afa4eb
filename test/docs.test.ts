// What the documentation lists is what the source has, no more and no less.

import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import * as z from "zod"
import { parseEvents } from "../src/events/parse.ts"

const root = fileURLToPath(new URL("../", import.meta.url))
const read = (path: string) => readFileSync(join(root, path), "utf8")
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) =>
    /^(execution|controller|resources|cluster|server|events|cluster\.ts|event-sink\.ts|main\.ts)/.test(file),
  )
  .filter((file) => file.endsWith(".ts") && !/^cluster\/(local|memory)/.test(file))
  .map((file) => read(`src/${file}`))
const text = sources.join("\n")
const operations = read("docs/operations.md")
const events = read("docs/events.md")

/** The words in backticks of the first cell of each row, below a heading. */
function listed(document: string, heading: string): readonly string[] {
  const section = document.split(/^## /m).find((part) => part.startsWith(heading)) ?? ""
  const cells = [...section.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = ""]) => cell)
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word))
}
const all = (pattern: RegExp, of = text) => [...of.matchAll(pattern)].flatMap(([, ...words]) => words.filter(Boolean))

describe("docs/operations.md", () => {
  const reasons = listed(operations, "Reasons")

  it("lists every reason that the source gives", () => {
    const given = new Set([
      ...all(/\breason: "([A-Z]\w+)"/g),
      ...all(/\breason: [^,\n]*\? "([A-Z]\w+)" : (?:"([A-Z]\w+)"|\w+)/g),
      ...all(/\breason = [^,\n]*\? "([A-Z]\w+)" : "([A-Z]\w+)"/g),
      ...all(/\breason: isFinal \? "(\w+)" : "(\w+)"/g),
      ...all(/\breason \?\? "(Job\w+)"/g),
      ...all(/\bended\(\s*[^,()]+,\s*"\w+",\s*"(\w+)"/g),
      ...all(/\brefused\(\s*\w+,\s*"(\w+)"/g),
      ...["AwaitingApproval", "Skipped", "Cancelled", "Failed"].map((what) => `Stage${what}`),
      ...["Pending", "Running", "Succeeded", "Cancelled", "Failed", "Started"],
    ])
    expect(given.size).toBeGreaterThan(20)
    expect([...given].filter((reason) => !reasons.includes(reason))).toEqual([])
    const ofKubernetes = /BackoffLimit|Deadline|PodFailurePolicy|FailedIndexes/
    expect(reasons.filter((reason) => !given.has(reason) && !ofKubernetes.test(reason))).toEqual([])
  })

  it("lists every metric, with every label", () => {
    const names = all(/Metric\.(?:counter|histogram|gauge)\("(\w+)"/g, read("src/metrics.ts"))
    expect(names.length).toBeGreaterThan(4)
    expect(
      listed(operations, "Metrics")
        .filter((word) => word.startsWith("peanut_"))
        .toSorted(),
    ).toEqual(names.toSorted())
    const labels = all(/withAttributes\(\w+, \{ ([^}]+?) \}/g).flatMap(
      (list) => list.match(/(?<=^|, )\w+(?=[:,]|$)/g) ?? [],
    )
    expect(labels).toContain("outcome")
    for (const label of labels) expect(operations).toContain(`\`${label}\``)
  })

  it("lists every message of the log that is no detail for debugging", () => {
    const messages = all(/\blog(?:Info|Warning|Error)\("([^"]+)"/g)
    expect(messages.length).toBeGreaterThan(5)
    expect(
      listed(operations, "Logs")
        .filter((word) => messages.includes(word))
        .toSorted(),
    ).toEqual([...new Set(messages)].toSorted())
  })
})

describe("docs/events.md", () => {
  it("shows a lifecycle event that is one, by the specification and by the schema", () => {
    const [example = ""] = all(/```json\n([\s\S]*?)```/g, events)
    const parsed = parseEvents({ "content-type": "application/cloudevents+json" }, Buffer.from(example))
    expect(parsed.problem).toBeUndefined()
    const schema = z.fromJSONSchema(JSON.parse(read("docs/lifecycle-event.schema.json")))
    expect(schema.safeParse(parsed.events[0]?.data).error).toBeUndefined()
  })

  it("shows of the trigger what examples/ has", () => {
    const trigger = read("examples/trigger/trigger.yaml")
    const [shown = ""] = all(/```yaml\nsubscriber:\n([\s\S]*?)```/g, events)
    for (const line of shown.trim().split("\n")) expect(trigger).toContain(line.trim())
  })
})

describe.each(["cli", "events", "interplay", "operations", "pipelines", "reliability", "security"])(
  "docs/%s.md",
  (name) => {
    const document = read(`docs/${name}.md`)

    it("links to files and headings that are there", () => {
      const slug = (heading: string) =>
        heading
          .toLowerCase()
          .replace(/[^\w\- ]/g, "")
          .replaceAll(" ", "-")
      const links = [...document.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)]
      expect(links.length).toBeGreaterThan(0)
      for (const [, file, anchor] of links) {
        const target = read(`docs/${file || `${name}.md`}`)
        const headings = all(/^#+ (.+)$/gm, target).map((heading) => slug(heading!))
        if (anchor !== undefined) expect(headings).toContain(anchor)
      }
    })
  },
)
