// The execution that an event starts: one for each event, under a name that any API server takes.

import { describe, expect, it } from "vitest"
import { objectName } from "../../src/api/meta.ts"
import { executionName, type StartingEvent, startedExecution } from "../../src/resources/execution.ts"

const pipeline = { namespace: "team", name: "web" }
const event = { id: "42", source: "/git/push", type: "com.example.push" }

describe("executionName", () => {
  it.each([
    { pipeline: "a short one", name: "nightly.v1", part: "nightly.v1" },
    { pipeline: "one as long as is kept", name: "x".repeat(200), part: "x".repeat(200) },
    { pipeline: "a longer one", name: "x".repeat(253), part: "x".repeat(200) },
    { pipeline: "one cut at a dot", name: `${"x".repeat(199)}.y`, part: "x".repeat(199) },
    { pipeline: "one cut behind two hyphens", name: `a.${"x".repeat(196)}--y`, part: `a.${"x".repeat(196)}` },
  ])("begins with the name of the pipeline: $pipeline", ({ name, part }) => {
    const made = executionName(name, event)
    expect(made.slice(0, -14)).toBe(part)
    expect(made.slice(-14)).toMatch(/^-[0-9a-z]{13}$/)
    expect(objectName.safeParse(made).success).toBe(true)
  })

  it.each([
    { other: "id", is: { ...event, id: "43" } },
    { other: "source", is: { ...event, source: "/git/tag" } },
    { other: "id that runs into the source", is: { ...event, source: "/git/push4", id: "2" } },
  ])("tells apart events of another $other", ({ is }) => {
    expect(executionName("web", is)).not.toBe(executionName("web", event))
  })

  it("is the same for the same event, whatever its type says", () => {
    expect(executionName("web", { ...event, type: "com.example.tag" })).toBe(executionName("web", event))
  })

  it("tells apart pipelines that differ beyond the cut", () => {
    expect(executionName(`${"x".repeat(252)}1`, event)).not.toBe(executionName(`${"x".repeat(252)}2`, event))
  })
})

describe("startedExecution", () => {
  it("runs the pipeline in its namespace, and says which event started it", () => {
    expect(startedExecution({ pipeline, event })).toEqual({
      apiVersion: "pipeline.peanut.dev/v1alpha1",
      kind: "PeanutPipelineExecution",
      metadata: {
        name: executionName("web", event),
        namespace: "team",
        labels: { "app.kubernetes.io/managed-by": "peanut" },
        annotations: {
          "pipeline.peanut.dev/event-id": "42",
          "pipeline.peanut.dev/event-source": "/git/push",
          "pipeline.peanut.dev/event-type": "com.example.push",
          "pipeline.peanut.dev/event-digest": expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        },
      },
      spec: { pipelineName: "web" },
    })
  })

  it("is given the parameters of its event, and says nothing of parameters where there are none", () => {
    const params = [{ name: "env", value: "prod" }]
    expect(startedExecution({ pipeline, event, params }).spec).toEqual({ pipelineName: "web", params })
    expect(startedExecution({ pipeline, event, params: [] }).spec).not.toHaveProperty("params")
  })
})

describe("what an execution keeps of its event", () => {
  const annotations = (event: StartingEvent, schedule?: string): Readonly<Record<string, string>> =>
    startedExecution({ pipeline, event, schedule }).metadata.annotations
  const digest = (event: StartingEvent, schedule?: string) =>
    annotations(event, schedule)["pipeline.peanut.dev/event-digest"]

  it.each(["id", "source", "type"] as const)("is its %s, up to 1 KiB of UTF-8, else a digest of it", (attribute) => {
    const kept = (text: string) =>
      annotations({ ...event, [attribute]: text })[`pipeline.peanut.dev/event-${attribute}`]
    for (const text of ["x".repeat(1024), "ä".repeat(512)]) expect(kept(text)).toBe(text)
    for (const text of ["x".repeat(1025), "ä".repeat(513), "x".repeat(255_000)]) {
      expect(kept(text)).toMatch(/^sha256:[0-9a-f]{64}$/)
    }
    expect(kept("x".repeat(2000))).not.toBe(kept("x".repeat(2001)))
  })

  it("is a digest that differs where its type or its data do", () => {
    const all: StartingEvent[] = [
      event,
      { ...event, type: "com.example.tag" },
      ...[
        "",
        {},
        [],
        { params: {} },
        { params: { a: "b" } },
        { params: { a: "b", c: "d" } },
        { params: [] },
        "a",
        1,
      ].map((data) => ({ ...event, data })),
    ]
    expect(new Set(all.map((given) => digest(given))).size).toBe(all.length)
  })

  it.each<[string, unknown, unknown]>([
    ["the names in it have another order", { a: "1", b: { c: "2", d: "3" } }, { b: { d: "3", c: "2" }, a: "1" }],
    ["it comes as bytes", "main", Buffer.from("main")],
  ])("is the same digest where the data are the same and %s", (_, one, other) => {
    expect(digest({ ...event, data: one })).toBe(digest({ ...event, data: other }))
  })

  it("is of a schedule only which one it is: its parameters may change before the event comes again", () => {
    expect(digest({ ...event, data: "a" }, "nightly")).toBe(digest({ ...event, data: "b" }, "nightly"))
    expect(digest(event, "nightly")).not.toBe(digest(event, "hourly"))
    expect(digest(event, "nightly")).not.toBe(digest(event))
  })

  it("can be made of data as deep as a body can hold", () => {
    const data = JSON.parse("[".repeat(32_000) + "]".repeat(32_000))
    expect(digest({ ...event, data })).toMatch(/^sha256:/)
  })

  it("is not disturbed by names that objects have by themselves", () => {
    const data = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}')
    expect(digest({ ...event, data })).not.toBe(digest({ ...event, data: { constructor: 2 } }))
  })
})
