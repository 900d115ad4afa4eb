// The execution that an event starts: one for each event, under a name that any API server takes.

import { describe, expect, it } from "vitest"
import { objectName } from "../../src/api/meta.ts"
import { executionName, startedExecution } from "../../src/resources/execution.ts"

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
    expect(startedExecution("team", "web", event)).toEqual({
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
        },
      },
      spec: { pipelineName: "web" },
    })
  })

  it("is given the parameters of its event, and says nothing of parameters where there are none", () => {
    const params = [{ name: "env", value: "prod" }]
    expect(startedExecution("team", "web", event, params).spec).toEqual({ pipelineName: "web", params })
    expect(startedExecution("team", "web", event, []).spec).not.toHaveProperty("params")
  })
})
