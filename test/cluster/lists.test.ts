// How lists are asked for: in pages, each read before the next is fetched, and as old as they may be.

import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { kubernetesApi } from "../../src/cluster/kubernetes/api.ts"
import { resources, type Selection } from "../../src/cluster/object-api.ts"

/** An API server that gives these answers, and the queries that it was asked, among what was read. */
function listing(...answers: readonly (readonly [status: number, body: object])[]) {
  const log: string[] = []
  const left = answers.values()
  const api = kubernetesApi(async ({ path }) => {
    log.push(`ask ${new URL(path, "http://api").searchParams}`)
    const [status, body] = left.next().value!
    return { status, body, bytes: 0 }
  })
  const list = (resource: (typeof resources)[keyof typeof resources], selection: Selection = {}) =>
    Effect.runPromise(api.list(resource, selection, (object) => log.push(`read ${(object as { n: number }).n}`)))
  return { log, list }
}

const page = (next: string, ...numbers: readonly number[]) =>
  [200, { metadata: { continue: next }, items: numbers.map((n) => ({ n })) }] as const
const tooLate = [
  504,
  { metadata: {}, reason: "Timeout", message: "Too large resource version: 9, current: 4" },
] as const

describe("a list", () => {
  it("is read page by page, and nothing of a page is held but what was read of it", async () => {
    const { log, list } = listing(page("more", 1, 2), page("", 3))
    await list(resources.jobs)
    expect(log).toEqual(["ask limit=500", "read 1", "read 2", "ask limit=500&continue=more", "read 3"])
  })

  it("of executions comes in small pages, as each may be near a megabyte", async () => {
    const { log, list } = listing(page(""))
    await list(resources.executions)
    expect(log).toEqual(["ask limit=50"])
  })

  it("that may be old says so on its first page; the others are of the same version", async () => {
    const { log, list } = listing(page("more", 1), page("", 2))
    await list(resources.pods, { notOlderThan: "9" })
    expect(log).toEqual([
      "ask limit=500&resourceVersion=9&resourceVersionMatch=NotOlderThan",
      "read 1",
      "ask limit=500&continue=more",
      "read 2",
    ])
  })

  it.each([
    { why: "has not come so far", answer: tooLate },
    { why: "does not like the version", answer: [400, { metadata: {}, message: "invalid resource version" }] as const },
    { why: "has forgotten it", answer: [410, { metadata: {}, reason: "Expired", message: "too old" }] as const },
  ])("that may be old is asked for as of now where the API server $why", async ({ answer }) => {
    const { log, list } = listing(answer, page("", 1))
    expect(await list(resources.pods, { notOlderThan: "9" })).toHaveLength(1)
    expect(log.slice(1)).toEqual(["ask limit=500", "read 1"])
  })

  it("fails where that fails, too", async () => {
    const { log, list } = listing(tooLate, [503, { metadata: {}, message: "down" }])
    await expect(list(resources.pods, { notOlderThan: "9" })).rejects.toMatchObject({ _tag: "Unavailable" })
    expect(log).toHaveLength(2)
  })
})
