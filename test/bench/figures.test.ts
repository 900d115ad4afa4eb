// What the benches make figures of: a wrong count would be believed for years.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { callsSince } from "../../bench/control-plane/audit.ts"
import { Metrics } from "../../bench/control-plane/metrics.ts"
import { byVerb, isWrite } from "../../bench/control-plane/tally.ts"
import { markdown } from "../../bench/report.ts"
import { median, percentile } from "../../bench/statistics.ts"

const folder = mkdtempSync(join(tmpdir(), "peanut-audit-"))
afterAll(() => rmSync(folder, { recursive: true }))

describe("statistics", () => {
  it("take a value that was measured, not one between two", () => {
    expect(median([4, 1, 3, 2])).toBe(2)
    expect(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.99)).toBe(10)
    expect(percentile([7], 0.5)).toBe(7)
    expect(median([])).toBeNaN()
  })
})

describe("the audit log", () => {
  const event = (more: object) => ({
    stage: "ResponseComplete",
    verb: "create",
    userAgent: "peanut",
    requestURI: "/apis/batch/v1/namespaces/a/jobs",
    requestReceivedTimestamp: "2026-01-02T03:04:05.000006Z",
    stageTimestamp: "2026-01-02T03:04:05.123456Z",
    responseStatus: { code: 201 },
    objectRef: { resource: "jobs", namespace: "a", name: "b" },
    ...more,
  })

  it("tells who asked what, to the microsecond, from a mark on; a watch's beginning and a line half written are left out", async () => {
    const file = join(folder, "audit.log")
    const before = `${JSON.stringify(event({ verb: "delete" }))}\n`
    const lines = [
      event({}),
      event({ stage: "ResponseStarted", verb: "watch" }),
      event({ userAgent: "kwok/v1 (x)", verb: "patch", objectRef: { resource: "pods", subresource: "status" } }),
    ]
    writeFileSync(file, `${before}${lines.map((line) => JSON.stringify(line)).join("\n")}\n{"stage": "Resp`)
    const calls = await callsSince(file, before.length)
    expect(calls.map(({ actor, verb, resource }) => `${actor} ${verb} ${resource}`)).toEqual([
      "peanut create jobs",
      "kwok patch pods/status",
    ])
    expect(calls[0]!.answeredMicros - calls[0]!.receivedMicros).toBe(123_450)
    expect(calls.filter(isWrite)).toHaveLength(2)
    expect(byVerb([calls[0]!, calls[1]!, calls[1]!])).toEqual([
      ["patch pods/status", 2],
      ["create jobs", 1],
    ])
  })
})

describe("metrics", () => {
  it("are summed over the labels that are not asked for, and compared with an earlier look", () => {
    const before = Metrics.parse('calls_total{verb="get",code="200"} 2\n')
    const after = Metrics.parse(
      '# HELP calls_total x\ncalls_total{verb="get",code="200"} 5\ncalls_total{verb="get",code="404"} 1\nup 1\n',
    )
    expect(after.total("calls_total", { verb: "get" })).toBe(6)
    expect(after.since(before).total("calls_total", { code: ["200", "404"] })).toBe(4)
    expect(after.has("calls_total")).toBe(true)
    expect(after.total("calls_total", { verb: "list" })).toBe(0)
  })
})

describe("a report", () => {
  it("says as Markdown which targets were met", () => {
    const target = { name: "Calls", atMost: 7, unit: "a stage", kind: "count" } as const
    const text = markdown({
      title: "Title",
      columns: ["Round", "ms"],
      rows: [["1", 12.345]],
      notes: ["A note."],
      targets: [
        { ...target, measured: 7 },
        { ...target, measured: 7.02 },
      ],
    })
    expect(text).toContain("| 1     | 12.3 |")
    expect(text).toMatch(/7 a stage .*met \|\n.*7\.02 a stage .*missed \|/)
    expect(text).toContain("- A note.")
  })
})
