// Who started an execution, as its page tells it: out of annotations that may hold anything where no policy guards them.

import { describe, expect, it } from "vitest"
import { executionPage } from "../../../src/cli/view/page.ts"
import type { ExecutionObject } from "../../../src/client/objects.ts"

const page = (annotations?: Readonly<Record<string, string>>) => {
  const execution: ExecutionObject = {
    metadata: {
      name: "x",
      namespace: "team",
      uid: "1",
      resourceVersion: "1",
      creationTimestamp: "2026-03-01T10:00:00Z",
      ...(annotations && { annotations }),
    },
    spec: { pipelineName: "p" },
  }
  const options = { isWide: false, nowMillis: Date.parse("2026-03-01T10:00:05Z") }
  return executionPage(execution, options, (_, text) => text).split("\n")
}

describe("the page of an execution", () => {
  it("says who started it, and by which event", () => {
    const lines = page({
      "pipeline.peanut.dev/started-by": "schedule/nightly",
      "pipeline.peanut.dev/event-type": "dev.knative.sources.ping",
      "pipeline.peanut.dev/event-source": "/apis/v1/namespaces/team/pingsources/web-nightly-1",
    })
    expect(lines).toContain("Started by: schedule/nightly")
    expect(lines).toContain(
      "Event:      dev.knative.sources.ping from /apis/v1/namespaces/team/pingsources/web-nightly-1",
    )
  })

  it.each([
    ["no annotations", undefined],
    ["others", { "pipeline.peanut.dev/event-id": "42" }],
  ])("says nothing of it where there are %s", (_, annotations) => {
    expect(page(annotations).filter((line) => /^(Started by|Event):/.test(line))).toEqual([])
  })

  it("shows an event of which only the type is there, and lets no control character through", () => {
    const lines = page({
      "pipeline.peanut.dev/started-by": "eve\u001b[2J\nPhase: Succeeded",
      "pipeline.peanut.dev/event-type": "com.example.push",
    })
    expect(lines).toContain("Event:      com.example.push")
    expect(lines.filter((line) => /^Phase: +Succeeded/.test(line))).toEqual([])
    expect(lines.join("")).not.toContain("\u001b")
  })
})
