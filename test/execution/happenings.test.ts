// What people and programs are told of a step: what changed, once, and in an order that reads as a story.

import { describe, expect, it } from "vitest"
import type { ExecutionStatus } from "../../src/api/execution.ts"
import { announcements } from "../../src/execution/announcements.ts"
import { type Happening, happenings } from "../../src/execution/happenings.ts"
import { states } from "../builders/graph.ts"
import { accepted } from "../builders/objects.ts"

const status = (graph: string, recorded: string): ExecutionStatus =>
  accepted({ graph, stages: states(recorded) }).status
const told = (all: readonly Happening[]) =>
  all.map((it) => (it.about === "stage" ? `${it.stage.name} ${it.what}` : it.what)).join(", ")

describe("happenings", () => {
  it.each([
    ["nothing known", undefined, "", ""],
    ["accepted", "", "", ""],
    ["two roots start", "", "a Running, c Running", "Started, a Started, c Started"],
    ["a hands off to b", "a Running", "a Succeeded, b Running", "a Succeeded, b Started"],
    ["a stage that came and went between two looks", "", "a Succeeded", "Started, a Started, a Succeeded"],
    ["a branch lost", "a Running, c Running", "a Failed, b Skipped, c Running", "a Failed, b Skipped"],
    [
      "the last stage",
      "a Succeeded, b Running, c Succeeded",
      "a Succeeded, b Succeeded, c Succeeded",
      "b Succeeded, Succeeded",
    ],
    [
      "the end of a failed run",
      "a Failed, b Skipped, c Running",
      "a Failed, b Skipped, c Succeeded",
      "c Succeeded, Failed",
    ],
    [
      "a cancellation",
      "a Running",
      "a Cancelled, b Cancelled, c Cancelled",
      "a Cancelled, b Cancelled, c Cancelled, Cancelled",
    ],
    ["nothing new", "a Running", "a Running", ""],
  ])("%s", (_, before, after, expected) => {
    const graph = "a → b, c"
    expect(told(happenings(before === undefined ? undefined : status(graph, before), status(graph, after)))).toBe(
      expected,
    )
  })

  it("of an execution that is refused are its failure alone", () => {
    expect(told(happenings(undefined, { phase: "Failed" }))).toBe("Failed")
  })
})

describe("announcements", () => {
  const run = accepted({ graph: "a" })
  const announced = (before: string, after: string, graph = "a → b, c") => {
    const next = status(graph, after)
    return announcements(run, next, happenings(status(graph, before), next))
  }

  it("name the Job of a stage that started, the reason of one that failed, and nothing of one that succeeded", () => {
    expect(announced("a Running, c Running", "a Failed, b Skipped, c Succeeded")).toEqual([
      { type: "Warning", reason: "StageFailed", key: "a", message: expect.stringMatching(/^stage "a" failed/) },
      { type: "Normal", reason: "StageSkipped", key: "b", message: expect.stringMatching(/^stage "b" was skipped/) },
      { type: "Warning", reason: "Failed", message: expect.stringMatching(/^1\/3 succeeded, 1 failed, 1 skipped/) },
    ])
    expect(announced("", "a Running")[1]).toEqual({
      type: "Normal",
      reason: "StageStarted",
      key: "a",
      message: expect.stringMatching(/^stage "a" started as Job run-a-[0-9a-z]{13}$/),
    })
  })

  it("are at most fifty, and then end with how the run ended", () => {
    const names = Array.from({ length: 200 }, (_, i) => `s${i}`)
    const all = announced("", names.map((name) => `${name} Cancelled`).join(", "), names.join(", "))
    expect(all).toHaveLength(50)
    expect(all.at(-2)).toMatchObject({ reason: "MoreHappened", message: expect.stringContaining("more happenings") })
    expect(all.at(-1)).toMatchObject({ reason: "Cancelled" })
  })
})
