import { describe, expect, it } from "vitest"
import type { Execution } from "../../../src/api/execution.ts"
import type { PipelineSpec } from "../../../src/api/pipeline.ts"
import { expiredExecutions } from "../../../src/execution/rules/history.ts"
import { words } from "../../builders/graph.ts"
import { execution, meta, now, pipeline } from "../../builders/objects.ts"

/** `a Succeeded 30`: an execution that ended so many seconds before now; without a number it has not ended. */
function executions(text: string, more: Partial<Execution["spec"]> = {}): Execution[] {
  return words(text, ",").map((one) => {
    const [name = "", phase = "", seconds] = words(one, " ")
    const completionTime =
      seconds === undefined
        ? undefined
        : new Date(Date.parse(now) - Number(seconds) * 1000).toISOString().replace(".000", "")
    const status = { phase: phase as never, ...(completionTime !== undefined && { completionTime }) }
    return { ...execution(more), metadata: meta(name), status }
  })
}

const limits = (spec: Partial<PipelineSpec>) => [{ ...pipeline("a"), spec: { ...pipeline("a").spec, ...spec } }]
const names = (list: readonly Execution[]) =>
  list
    .map(({ metadata }) => metadata.name)
    .toSorted()
    .join(", ")

describe("ttlSecondsAfterFinished", () => {
  it.each<[of: string, list: string, ttl: number | undefined, expired: string]>([
    ["no limit", "a Succeeded 9999", undefined, ""],
    ["not yet", "a Succeeded 59", 60, ""],
    ["just now", "a Succeeded 60", 60, "a"],
    ["long ago", "a Failed 9999, b Cancelled 9999", 60, "a, b"],
    ["at once", "a Succeeded 0", 0, "a"],
    ["one that runs", "a Running", 0, ""],
    ["one that ended by a clock that is ahead", "a Succeeded -10", 0, ""],
  ])("%s", (_, list, ttl, expired) => {
    const spec = ttl === undefined ? {} : { ttlSecondsAfterFinished: ttl }
    expect(names(expiredExecutions(executions(list, spec), [], now))).toBe(expired)
  })

  it("does not delete again what is being deleted", () => {
    const [one] = executions("a Succeeded 60", { ttlSecondsAfterFinished: 0 })
    const going = { ...one!, metadata: { ...one!.metadata, deletionTimestamp: now } }
    expect(expiredExecutions([going], [], now)).toEqual([])
  })
})

describe("history limits", () => {
  const list = "a Succeeded 50, b Succeeded 40, c Succeeded 30, d Failed 45, e Cancelled 35, f Failed 25, g Running"

  it.each<[of: string, spec: Partial<PipelineSpec>, expired: string]>([
    ["none", {}, ""],
    ["the newest of what succeeded", { successfulExecutionsHistoryLimit: 1 }, "a, b"],
    ["the newest of what failed or was cancelled", { failedExecutionsHistoryLimit: 2 }, "d"],
    ["no one", { successfulExecutionsHistoryLimit: 0, failedExecutionsHistoryLimit: 0 }, "a, b, c, d, e, f"],
    ["as many as there are", { successfulExecutionsHistoryLimit: 3, failedExecutionsHistoryLimit: 3 }, ""],
    ["more than there are", { successfulExecutionsHistoryLimit: 9 }, ""],
  ])("keep %s", (_, spec, expired) => {
    expect(names(expiredExecutions(executions(list), limits(spec), now))).toBe(expired)
    expect(names(expiredExecutions(executions(list).toReversed(), limits(spec), now))).toBe(expired)
  })

  it("are ten each where the pipeline says nothing", () => {
    const many = (phase: string) =>
      Array.from({ length: 12 }, (_, i) => `${phase[0]!.toLowerCase()}${i} ${phase} ${99 - i}`)
    const list = executions([...many("Succeeded"), ...many("Failed")].join(", "))
    expect(names(expiredExecutions(list, limits({}), now))).toBe("f0, f1, s0, s1")
    expect(names(expiredExecutions(list, limits({ successfulExecutionsHistoryLimit: 12 }), now))).toBe("f0, f1")
    expect(names(expiredExecutions(list, limits({ failedExecutionsHistoryLimit: 11 }), now))).toBe("f0, s0, s1")
  })

  it("concern no execution whose pipeline is not there", () => {
    const list = executions(Array.from({ length: 12 }, (_, i) => `s${i} Succeeded ${99 - i}`).join(", "))
    expect(expiredExecutions(list, [], now)).toEqual([])
  })

  it("go by time, whatever the names say", () => {
    const list = "c Succeeded 50, b Succeeded 40, a Succeeded 30"
    expect(names(expiredExecutions(executions(list), limits({ successfulExecutionsHistoryLimit: 1 }), now))).toBe(
      "b, c",
    )
  })

  it("concern no pipeline that nobody ran, and no execution that nobody looked at", () => {
    const none = { successfulExecutionsHistoryLimit: 0, failedExecutionsHistoryLimit: 0 }
    expect(expiredExecutions([], limits(none), now)).toEqual([])
    expect(expiredExecutions([execution({ ttlSecondsAfterFinished: 0 })], limits(none), now)).toEqual([])
  })

  it("of one second go by name, the last first kept, so that all replicas agree", () => {
    const same = "x Succeeded 10, z Succeeded 10, y Succeeded 10"
    expect(names(expiredExecutions(executions(same), limits({ successfulExecutionsHistoryLimit: 1 }), now))).toBe(
      "x, y",
    )
  })

  it("are of each pipeline alone, in its namespace", () => {
    const mine = executions("a Succeeded 50")
    const others = [
      { ...mine[0]!, metadata: meta("b", { namespace: "other" }) },
      { ...mine[0]!, metadata: meta("c"), spec: { pipelineName: "other" } },
    ]
    expect(names(expiredExecutions([...mine, ...others], limits({ successfulExecutionsHistoryLimit: 0 }), now))).toBe(
      "a",
    )
  })

  it("name each execution once, whatever it expired of", () => {
    const both = executions("a Succeeded 60", { ttlSecondsAfterFinished: 0 })
    expect(expiredExecutions(both, limits({ successfulExecutionsHistoryLimit: 0 }), now)).toHaveLength(1)
  })
})
