import { describe, expect, it } from "vitest"
import type { StageStatus } from "../../../src/api/execution.ts"
import type { TriggerRule } from "../../../src/api/stage-entry.ts"
import { checkTriggerRule, isSatisfied, type Parent } from "../../../src/execution/rules/trigger-rule.ts"
import { words } from "../../builders/graph.ts"

/** `Failed` or `Skipped/WhenFalse`, with `!` where its failure is ignored. */
function parent(text: string, name: string): Parent {
  const [phase, reason] = words(text.replace("!", ""), "/") as [StageStatus["phase"], string | undefined]
  return { status: { name, phase, ...(reason && { reason }) }, ignoresFailure: text.endsWith("!") }
}

const parents = (text: string) => words(text, ",").map((one, index) => parent(one, `p${index}`))

/** What becomes of a stage below these: `runs`, `waits`, or `skipped REASON: message`. */
function below(rule: TriggerRule, text: string): string {
  const gate = checkTriggerRule(rule, parents(text))
  if (gate === undefined) return "runs"
  return gate._tag === "Wait" ? "waits" : `skipped ${gate.reason}: ${gate.message}`
}

describe("checkTriggerRule", () => {
  it.each<{ state: string; AllSucceeded: string; AnyFailed: string; AllDone: string }>([
    {
      state: "",
      AllSucceeded: "runs",
      AnyFailed: "skipped NoneFailed: no stage that it depends on failed",
      AllDone: "runs",
    },
    { state: "Waiting", AllSucceeded: "waits", AnyFailed: "waits", AllDone: "waits" },
    { state: "Succeeded, Running", AllSucceeded: "waits", AnyFailed: "waits", AllDone: "waits" },
    {
      state: "Running, Failed",
      AllSucceeded: 'skipped ParentFailed: stage "p1" failed',
      AnyFailed: "waits",
      AllDone: "waits",
    },
    { state: "Running, Failed!", AllSucceeded: "waits", AnyFailed: "waits", AllDone: "waits" },
    {
      state: "Succeeded, Failed!",
      AllSucceeded: "runs",
      AnyFailed: "runs",
      AllDone: "runs",
    },
    {
      state: "Succeeded, Skipped/WhenFalse",
      AllSucceeded: "runs",
      AnyFailed: "skipped NoneFailed: no stage that it depends on failed",
      AllDone: "runs",
    },
    {
      state: "Skipped/ParentFailed",
      AllSucceeded: 'skipped ParentFailed: stage "p0" was skipped',
      AnyFailed: "runs",
      AllDone: "runs",
    },
    {
      state: "Skipped/NoneFailed",
      AllSucceeded: 'skipped ParentSkipped: stage "p0" was skipped',
      AnyFailed: "skipped NoneFailed: no stage that it depends on failed",
      AllDone: "runs",
    },
    {
      state: "Cancelled/Cancelled",
      AllSucceeded: 'skipped ParentSkipped: stage "p0" was cancelled',
      AnyFailed: "skipped NoneFailed: no stage that it depends on failed",
      AllDone: "runs",
    },
    {
      state: "Skipped/ParentSkipped, Failed: what failed is named first",
      AllSucceeded: 'skipped ParentFailed: stage "p1" failed',
      AnyFailed: "runs",
      AllDone: "runs",
    },
  ])("parents: $state", ({ state, AllSucceeded, AnyFailed, AllDone }) => {
    const text = state.split(":")[0]!
    expect({
      AllSucceeded: below("AllSucceeded", text),
      AnyFailed: below("AnyFailed", text),
      AllDone: below("AllDone", text),
    }).toEqual({ AllSucceeded, AnyFailed, AllDone })
  })
})

describe("isSatisfied", () => {
  it.each([
    ["Succeeded", true],
    ["Failed", false],
    ["Failed!", true],
    ["Skipped/WhenFalse", true],
    ["Skipped/ParentFailed", false],
    ["Skipped/ParentFailed!", false],
    ["Cancelled!", false],
    ["Waiting", false],
    ["Running", false],
  ])("is of a stage that is %s: %s", (text, is) => {
    expect(isSatisfied(parent(text, "a"))).toBe(is)
  })
})
