import { describe, expect, it } from "vitest"
import type { Execution } from "../../../src/api/execution.ts"
import type { ConcurrencyPolicy } from "../../../src/api/pipeline.ts"
import { nextInTurn, queued, turnOf } from "../../../src/execution/rules/concurrency-policy.ts"
import { words } from "../../builders/graph.ts"
import { accepted, earlier, execution, meta, now } from "../../builders/objects.ts"

/**
 * `a@1 runs, b@2 waits`: executions and when they were created; they wait, run, have ended, or are suspended, cancelled
 * or being deleted.
 */
function executions(text: string): Execution[] {
  return words(text, ",").map((one) => {
    const [named = "", state] = words(one, " ")
    const [name = "", second = "0"] = named.split("@")
    const metadata = meta(name, { creationTimestamp: `2026-01-01T00:00:0${second}Z` })
    switch (state) {
      case "runs":
        return { ...accepted({ graph: "a", stages: new Map([["a", "Running"]]) }), metadata }
      case "stops":
        return { ...accepted({ graph: "a", stages: new Map([["a", "Running"]]), spec: { cancel: true } }), metadata }
      case "ended":
        return { ...accepted({ graph: "a", stages: new Map([["a", "Succeeded"]]) }), metadata }
      case "suspended":
        return { ...execution({ suspend: true }), metadata }
      case "cancelled":
        return { ...execution({ cancel: true }), metadata }
      case "deleted":
        return { ...execution(), metadata: { ...metadata, deletionTimestamp: now } }
      default:
        return { ...execution(), metadata }
    }
  })
}

/** What the execution `name` is told: `Run`, `Claim b`, `Wait behind a, cancel b`, `Refuse behind a`, `Hold`. */
function turn(policy: ConcurrencyPolicy | undefined, text: string, name: string, active?: string): string {
  const all = executions(text)
  const own = all.find(({ metadata }) => metadata.name === name)!
  const told = turnOf(own, policy, all, active === undefined ? undefined : { name: active, uid: `uid-of-${active}` })
  switch (told._tag) {
    case "Run":
    case "Hold":
      return told._tag
    case "Claim":
      return `Claim ${told.active.metadata.name}`
    case "Refuse":
      return `Refuse behind ${told.behind.metadata.name}`
    case "Wait": {
      const cancel = told.cancel.map(({ metadata }) => metadata.name).join(" ")
      return `Wait behind ${told.behind.metadata.name}${cancel && `, cancel ${cancel}`}`
    }
  }
}

describe("turnOf", () => {
  it.each<[all: string, of: string, active: string | undefined, told: Partial<Record<ConcurrencyPolicy, string>>]>([
    [
      "a@1 runs, b@2 waits",
      "b",
      undefined,
      { Allow: "Run", Forbid: "Refuse behind a", Queue: "Wait behind a", Replace: "Wait behind a, cancel a" },
    ],
    [
      "a@1 runs, b@2 waits",
      "b",
      "a",
      { Allow: "Run", Forbid: "Refuse behind a", Queue: "Wait behind a", Replace: "Wait behind a, cancel a" },
    ],
    ["a@1 stops, b@2 waits", "b", "a", { Forbid: "Refuse behind a", Queue: "Wait behind a", Replace: "Wait behind a" }],
    ["a@1 ended, b@2 waits", "b", "a", { Forbid: "Claim b", Queue: "Claim b", Replace: "Claim b" }],
    // The one whose turn it was is gone.
    ["b@2 waits", "b", "a", { Forbid: "Claim b", Queue: "Claim b", Replace: "Claim b" }],
    ["a@1 deleted, b@2 waits", "b", "a", { Queue: "Claim b" }],
    ["a@1 waits, b@2 waits", "b", undefined, { Forbid: "Claim a", Queue: "Claim a", Replace: "Claim b" }],
    ["a@1 waits, b@2 waits", "a", undefined, { Forbid: "Claim a", Queue: "Claim a", Replace: "Claim b" }],
    ["a@1 waits, b@2 waits", "a", "a", { Forbid: "Run", Queue: "Run", Replace: "Run" }],
    [
      "a@1 waits, b@2 waits",
      "b",
      "a",
      { Forbid: "Refuse behind a", Queue: "Wait behind a", Replace: "Wait behind a, cancel a" },
    ],
    ["a@1 waits, b@2 waits, c@3 waits", "c", "a", { Queue: "Wait behind a", Replace: "Wait behind a, cancel a b" }],
    ["a@1 suspended, b@2 waits", "a", undefined, { Allow: "Run", Forbid: "Hold", Queue: "Hold", Replace: "Hold" }],
    ["a@1 suspended, b@2 waits", "b", undefined, { Forbid: "Claim b", Queue: "Claim b", Replace: "Claim b" }],
    // One that was suspended after its turn had come keeps it.
    ["a@1 suspended, b@2 waits", "a", "a", { Queue: "Run" }],
    ["a@1 cancelled, b@2 waits", "b", undefined, { Queue: "Claim b" }],
    ["b@1 waits, a@1 waits", "b", undefined, { Queue: "Claim a", Replace: "Claim b" }],
    ["b@1 waits, a@2 waits", "b", undefined, { Queue: "Claim b", Replace: "Claim a" }],
    // It is let in to be cancelled.
    ["a@1 cancelled", "a", undefined, { Forbid: "Run", Queue: "Run", Replace: "Run" }],
  ])("%s: %s, where it is the turn of %s", (all, of, active, told) => {
    const policies = Object.keys(told) as ConcurrencyPolicy[]
    expect(Object.fromEntries(policies.map((policy) => [policy, turn(policy, all, of, active)]))).toEqual(told)
  })

  it("lets all run where there is no policy", () => {
    expect(turn(undefined, "a@1 runs, b@2 waits", "b", "a")).toBe("Run")
  })

  it("is fair: whoever asks, the oldest goes first, until all had their turn", () => {
    const waiting = ["c@3", "a@1", "d@4", "b@2"]
    const order: string[] = []
    while (waiting.length > 0) {
      const list = waiting.map((one) => `${one} waits`).join(", ")
      const claims = waiting.map((one) => turn("Queue", list, one.split("@")[0]!))
      expect(new Set(claims).size).toBe(1)
      const [, name = ""] = claims[0]!.split(" ")
      order.push(name)
      waiting.splice(
        waiting.findIndex((one) => one.startsWith(name)),
        1,
      )
    }
    expect(order).toEqual(["a", "b", "c", "d"])
  })
})

describe("nextInTurn", () => {
  it.each<[ConcurrencyPolicy | undefined, string, string | undefined]>([
    ["Queue", "", undefined],
    ["Queue", "b@2 waits, a@1 waits", "a"],
    ["Replace", "b@2 waits, a@1 waits", "b"],
    ["Forbid", "b@2 waits, a@1 waits", "a"],
    ["Queue", "a@1 runs, b@2 ended, c@3 suspended, d@4 cancelled, e@5 deleted", undefined],
  ])("%s of %s is %s", (policy, all, name) => {
    expect(nextInTurn(policy, executions(all))?.metadata.name).toBe(name)
  })
})

describe("queued", () => {
  const [a, b] = executions("a@1 runs, b@2 waits") as [Execution, Execution]

  it("says behind whom it waits", () => {
    expect(queued(b, { _tag: "Wait", behind: a, cancel: [] }, now)).toEqual({
      observedGeneration: 1,
      phase: "Pending",
      summary: "not started",
      conditions: [
        {
          type: "Succeeded",
          status: "Unknown",
          reason: "Queued",
          message: 'waits for execution "a" to end',
          lastTransitionTime: now,
        },
      ],
    })
    expect(queued(b, { _tag: "Claim", active: a }, now).conditions?.[0]?.message).toBe('waits for execution "a" to end')
  })

  it("says that it is suspended, and keeps when it began to wait", () => {
    const before = queued(b, { _tag: "Wait", behind: a, cancel: [] }, earlier)
    const after = queued({ ...b, status: before }, { _tag: "Hold" }, now)
    expect(after.conditions).toMatchObject([
      { reason: "Suspended", message: "suspended before it started", lastTransitionTime: earlier },
    ])
  })
})
