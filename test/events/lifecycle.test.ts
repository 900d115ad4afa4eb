// What receivers get: events by the CloudEvents specification, with data by the schema in docs/.

import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import * as z from "zod"
import type { ExecutionStatus } from "../../src/api/execution.ts"
import { lifecycleData } from "../../src/api/lifecycle-event.ts"
import { lifecycleEvent } from "../../src/events/lifecycle.ts"
import { parseEvents } from "../../src/events/parse.ts"
import { happenings } from "../../src/execution/happenings.ts"
import { accepted, now } from "../builders/objects.ts"

const schema = JSON.parse(readFileSync(new URL("../../docs/lifecycle-event.schema.json", import.meta.url), "utf8"))

/** What is sent when an execution comes from nothing to these phases. */
function eventsOf(
  graph: string,
  phases: Readonly<Record<string, string>>,
  more: Partial<ExecutionStatus> = {},
  at = now,
) {
  const execution = accepted({ graph, stages: new Map(Object.entries(phases)) })
  const status: ExecutionStatus = { ...execution.status, ...more }
  return happenings(undefined, status).map((happening) => lifecycleEvent(execution, status, happening, at))
}

describe("the schema of lifecycle events", () => {
  it("is on disk as src/api/lifecycle-event.ts says; `npm run generate` writes it", () => {
    const { $comment, ...onDisk } = schema
    expect(onDisk).toEqual(JSON.parse(JSON.stringify(z.toJSONSchema(lifecycleData, { io: "input" }))))
    expect($comment).toContain("npm run generate")
  })

  it("takes what is sent, and tells what is not", () => {
    const check = z.fromJSONSchema(schema)
    const [event] = eventsOf("a", { a: "Running" })
    expect(check.safeParse(event!.data).success).toBe(true)
    expect(check.safeParse({ ...event!.data, addedLater: 1 }).success).toBe(true)
    expect(check.safeParse({ ...event!.data, phase: "Done" }).success).toBe(false)
    expect(check.safeParse({ ...event!.data, execution: { name: "run" } }).success).toBe(false)
  })
})

describe("lifecycle events", () => {
  const phases = { a: "Succeeded", b: "Failed", c: "Skipped", d: "Cancelled", e: "Running" }

  it("tell of each thing that happened, by type and subject", () => {
    expect(eventsOf("a, b → c, d, e", phases, { phase: "Failed" }).map(({ type, subject }) => [type, subject])).toEqual(
      [
        ["dev.peanut.execution.started", undefined],
        ["dev.peanut.stage.started", "a"],
        ["dev.peanut.stage.succeeded", "a"],
        ["dev.peanut.stage.started", "b"],
        ["dev.peanut.stage.failed", "b"],
        ["dev.peanut.stage.skipped", "c"],
        ["dev.peanut.stage.cancelled", "d"],
        ["dev.peanut.stage.started", "e"],
        ["dev.peanut.execution.failed", undefined],
      ],
    )
  })

  it("carry only what the schema names, and come from the path of the execution", () => {
    for (const event of eventsOf("a, b → c, d, e", phases, { phase: "Failed" })) {
      expect(z.strictObject(lifecycleData.shape).parse(event.data)).toEqual(event.data)
      expect(z.fromJSONSchema(schema).safeParse(event.data).success).toBe(true)
      expect(event.source).toBe("/apis/pipeline.peanut.dev/v1alpha1/namespaces/team/peanutpipelineexecutions/run")
      expect(event).toMatchObject({ specversion: "1.0", time: now, datacontenttype: "application/json" })
    }
  })

  it("say of a stage why it failed, where it ran and when", () => {
    const failed = eventsOf("a", { a: "Failed" }).find(({ type }) => type.endsWith("stage.failed"))
    expect(failed?.data).toMatchObject({
      execution: { namespace: "team", name: "run", uid: "uid-of-run" },
      pipeline: "web",
      reason: "BackoffLimitExceeded",
      message: "it broke",
      stage: { name: "a", phase: "Failed", jobName: expect.stringMatching(/^run-a-/), startTime: expect.any(String) },
    })
  })

  it("have the same ids when the step is repeated at another time, and no two of a run have one id", () => {
    const first = eventsOf("a, b → c, d, e", phases, { phase: "Failed" })
    const again = eventsOf("a, b → c, d, e", phases, { phase: "Failed" }, "2026-02-02T02:02:02Z")
    expect(again.map(({ id }) => id)).toEqual(first.map(({ id }) => id))
    expect(new Set(first.map(({ id }) => id)).size).toBe(first.length)
    for (const { id } of first) expect(id).toMatch(/^uid-of-run\.[0-9a-z]{13}$/)
  })

  it.each([
    ["Fünf Äpfel 🥜", "Fünf Äpfel 🥜"],
    [" with spaces ", " with spaces "],
    ['"quoted" <b>', '"quoted" <b>'],
    ["a\nb\tc\u0000d\u0085", "a\uFFFDb\uFFFDc\uFFFDd\uFFFD"],
    ["__proto__", "__proto__"],
    ["x".repeat(253), "x".repeat(253)],
  ])("carry the name of a stage as it is, and as a subject what an attribute may be (%j)", (name, subject) => {
    const execution = accepted({ graph: [{ name, type: "task" }], stages: new Map([[name, "Running"]]) })
    const [, event] = happenings(undefined, execution.status).map((it) =>
      lifecycleEvent(execution, execution.status, it, now),
    )
    const sent = JSON.stringify(event)
    const { events, problem } = parseEvents({ "content-type": "application/cloudevents+json" }, Buffer.from(sent))
    expect(problem).toBeUndefined()
    expect(events).toMatchObject([{ subject, data: { stage: { name } } }])
  })
})
