// What people and programs are told of a step: what changed, once, and in an order that reads as a story.

import { describe, expect, it } from "vitest"
import type { ExecutionStatus } from "../../src/api/execution.ts"
import { announcements } from "../../src/execution/announcements.ts"
import { type Happening, happenings } from "../../src/execution/happenings.ts"
import type { Announcement } from "../../src/resources/kubernetes-event.ts"
import { states } from "../builders/graph.ts"
import { accepted, now } from "../builders/objects.ts"

const status = (graph: string, recorded: string): ExecutionStatus =>
  accepted({ graph, stages: states(recorded) }).status
const told = (all: readonly Happening[]) =>
  all.map((it) => (it.about === "stage" ? `${it.stage.name} ${it.what}` : it.what)).join(", ")

describe("happenings", () => {
  it.each([
    ["nothing known", undefined, "", ""],
    ["accepted", "", "", ""],
    ["already running at the first look", undefined, "a Running", "Started, a Started"],
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
    ["nothing new of a run that has ended", "a Failed, b Skipped, c Failed", "a Failed, b Skipped, c Failed", ""],
  ])("%s", (_, before, after, expected) => {
    const graph = "a → b, c"
    expect(told(happenings(before === undefined ? undefined : status(graph, before), status(graph, after)))).toBe(
      expected,
    )
  })

  it("tell once that a stage waits for approval", () => {
    const waiting = (reason: string): ExecutionStatus => ({
      phase: "Running",
      stages: [{ name: "a", phase: "Waiting", reason }],
    })
    const asks = waiting("AwaitingApproval")
    expect(told(happenings(waiting("MaxParallel"), asks))).toBe("a AwaitingApproval")
    expect(told(happenings({ phase: "Running", stages: [] }, asks))).toBe("a AwaitingApproval")
    expect(told(happenings(asks, asks))).toBe("")
    expect(told(happenings(asks, waiting("Suspended")))).toBe("")
  })

  it("are the same whether nothing was known, or nothing of its stages", () => {
    const next = status("a → b", "a Running")
    expect(happenings({ observedGeneration: 1 }, next)).toEqual(happenings(undefined, next))
  })

  it("of an execution that is refused are its failure alone", () => {
    expect(told(happenings(undefined, { phase: "Failed" }))).toBe("Failed")
  })
})

describe("announcements", () => {
  const run = accepted({ graph: "a" })
  const announced = (before: string | ExecutionStatus, after: string, graph = "a → b, c") => {
    const next = status(graph, after)
    return announcements(run, next, happenings(typeof before === "string" ? status(graph, before) : before, next))
  }

  it("name the pipeline that started, and no stage that did, as the status has it", () => {
    expect(announced("", "a Running")).toEqual([
      { type: "Normal", reason: "Started", message: 'started pipeline "web"' },
    ])
    expect(announced("a Running", "a Succeeded, b Running")).toEqual([])
  })

  it("give the reason of a stage that failed or was skipped, and say nothing of one that succeeded", () => {
    expect(announced("a Running, c Running", "a Failed, b Skipped, c Succeeded")).toEqual([
      { type: "Warning", reason: "StageFailed", key: "a", message: 'stage "a" failed: it broke' },
      { type: "Normal", reason: "StageSkipped", key: "b", message: 'stage "b" was skipped: a stage failed' },
      { type: "Warning", reason: "Failed", message: '1/3 succeeded, 1 failed, 1 skipped; stage "a" failed: it broke' },
    ])
  })

  it.each([
    { ends: "succeeded", after: "a Succeeded", says: ["Normal Succeeded: 1/1 succeeded"] },
    {
      ends: "was cancelled",
      after: "a Cancelled",
      says: ['Normal StageCancelled: stage "a" was cancelled', "Normal Cancelled: 0/1 succeeded, 1 cancelled"],
    },
  ])("tell of a run that $ends", ({ after, says }) => {
    const all = announced("a Running", after, "a")
    expect(all.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)).toEqual(says)
  })

  it.each([
    { message: "from the release manager", says: 'stage "a" waits for approval: from the release manager' },
    { message: undefined, says: 'stage "a" waits for approval' },
  ])("ask a person for an approval, in the words of the stage: $says", ({ message, says }) => {
    const stage = { name: "a", phase: "Waiting", reason: "AwaitingApproval", ...(message && { message }) } as const
    expect(announcements(run, {}, [{ about: "stage", what: "AwaitingApproval", stage }])).toEqual([
      { type: "Normal", reason: "StageAwaitingApproval", key: "a", message: says },
    ])
  })

  it("take their words from the condition Succeeded, wherever it stands", () => {
    const next = status("a", "a Succeeded")
    const other = { type: "Ready", status: "True", reason: "Ready", message: "x", lastTransitionTime: now } as const
    const conditions = [other, ...next.conditions!]
    const ended: Happening = { about: "execution", what: "Succeeded" }
    expect(announcements(run, { ...next, conditions }, [ended])).toMatchObject([{ message: "1/1 succeeded" }])
  })

  it("do without the words that a status does not have", () => {
    const failed: Happening = { about: "execution", what: "Failed" }
    const stage: Happening = { about: "stage", what: "Failed", stage: { name: "a", phase: "Failed" } }
    for (const status of [{}, { conditions: [] }]) {
      expect(announcements(run, status, [stage, failed])).toEqual([
        { type: "Warning", reason: "StageFailed", key: "a", message: 'stage "a" failed' },
        { type: "Warning", reason: "Failed", message: "" },
      ])
    }
    expect(announcements(run, {}, Array(51).fill(stage))[48]).toMatchObject({ reason: "MoreHappened", key: "" })
  })
})

// A wide pipeline must not flood the API server.
describe("announcements of one step", () => {
  const cancelled = (stages: number): readonly Announcement[] => {
    const names = Array.from({ length: stages }, (_, i) => `s${i}`).join(", ")
    const next = status(names, names.replaceAll(/(s\d+)/g, "$1 Cancelled"))
    return announcements(accepted({ graph: "a" }), next, happenings(status(names, ""), next).slice(1))
  }

  it("are told one by one up to fifty", () => {
    const all = cancelled(49)
    expect(all.map(({ key }) => key)).toEqual([...Array.from({ length: 49 }, (_, i) => `s${i}`), undefined])
  })

  it.each([{ stages: 50 }, { stages: 200 }])(
    "are fifty also of $stages stages, and end with how the run ended",
    ({ stages }) => {
      const all = cancelled(stages)
      expect(all).toHaveLength(50)
      expect(all[47]).toMatchObject({ key: "s47" })
      expect(all[48]).toEqual({
        type: "Normal",
        reason: "MoreHappened",
        message: `${stages - 48} more happenings; see the status`,
        // Tells apart the steps of one run that each had more to say.
        key: `0/${stages} succeeded, ${stages} cancelled`,
      })
      expect(all[49]).toMatchObject({ reason: "Cancelled" })
    },
  )
})
