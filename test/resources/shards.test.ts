// The source's entries for pods share all pods of Peanut among them, and miss none, whatever somebody made of a label.

import { describe, expect, it } from "vitest"
import { managedByKey, shardKey, shardLabel } from "../../src/resources/labels.ts"
import type { LabelSelector } from "../control-plane/adapter.ts"
import { watchedResources } from "../control-plane/installation.ts"

const entries = watchedResources().filter(({ kind }) => kind === "Pod")
const uids = Array.from({ length: 400 }, (_, i) => `3c4fd5a0-8a3e-4a57-9d0e-${String(i).padStart(12, "0")}`)

function isSelected(labels: Readonly<Record<string, string>>, { matchLabels, matchExpressions }: LabelSelector) {
  const equal = Object.entries(matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  const others = (matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    if (operator !== "NotIn") throw new Error(`the source selects by ${operator}; teach it to this test`)
    return !values.includes(labels[key] ?? "")
  })
  return equal && others
}

const entriesFor = (labels: Readonly<Record<string, string>>) =>
  entries.flatMap(({ selector = {} }, i) => (isSelected(labels, selector) ? [i] : []))

describe("shards", () => {
  it("spread executions evenly over the source's entries for pods", () => {
    const pods = Map.groupBy(uids, (uid) =>
      entriesFor({ [managedByKey]: "peanut", [shardKey]: shardLabel(uid) }).join(),
    )
    expect([...pods.keys()].toSorted()).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"])
    for (const { length } of pods.values()) expect(length).toBeGreaterThan(30)
  })

  it.each([{}, { [shardKey]: "" }, { [shardKey]: "7" }, { [shardKey]: "8" }, { [shardKey]: "x" }])(
    "leave no pod out: %j",
    (labels) => expect(entriesFor({ [managedByKey]: "peanut", ...labels })).toHaveLength(1),
  )

  it("leave out the pods of others", () => expect(entriesFor({ [shardKey]: "1" })).toEqual([]))

  it("stay what they are, so that a replica of another version says the same", () => {
    expect(shardLabel("uid-of-run")).toBe("1")
  })
})
