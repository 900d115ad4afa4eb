// How lists are asked for: in pages, each read before the next is fetched, and as old as they may be.

import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { kubernetesApi } from "../../src/cluster/kubernetes/api.ts"
import { AnswerTooLong } from "../../src/cluster/kubernetes/http-client.ts"
import { resources, type Selection } from "../../src/cluster/object-api.ts"

/** An API server that gives these answers, and the queries that it was asked, among what was read. */
function listing(...answers: readonly (readonly [status: number, body: object, bytes?: number])[]) {
  const log: string[] = []
  const left = answers.values()
  const api = kubernetesApi(async ({ path, maxBytes }) => {
    log.push(`ask ${new URL(path, "http://api").searchParams}`)
    const [status, body, bytes = 0] = left.next().value!
    if (bytes > (maxBytes ?? Number.POSITIVE_INFINITY)) throw new AnswerTooLong(bytes)
    return { status, body, bytes }
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
    expect(log).toEqual(["ask limit=200", "read 1", "read 2", "ask limit=400&continue=more", "read 3"])
  })

  it("of executions comes in small pages, as each may be near a megabyte", async () => {
    const { log, list } = listing(page(""))
    await list(resources.executions)
    expect(log).toEqual(["ask limit=16"])
  })

  it("that may be old says so on its first page; the others are of the same version", async () => {
    const { log, list } = listing(page("more", 1), page("", 2))
    await list(resources.pods, { notOlderThan: "9" })
    expect(log).toEqual([
      "ask limit=200&resourceVersion=9&resourceVersionMatch=NotOlderThan",
      "read 1",
      "ask limit=400&continue=more",
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
    expect(log.slice(1)).toEqual(["ask limit=200", "read 1"])
  })

  it("fails where that fails, too", async () => {
    const { log, list } = listing(tooLate, [503, { metadata: {}, message: "down" }])
    await expect(list(resources.pods, { notOlderThan: "9" })).rejects.toMatchObject({ _tag: "Unavailable" })
    expect(log).toHaveLength(2)
  })

  const megabyte = 1_000_000
  const items = (count: number) => Array.from({ length: count }, (_, i) => i)
  const long = (next: string, count: number, bytes: number) => [...page(next, ...items(count)), bytes] as const
  const limits = (log: readonly string[]) => log.flatMap((line) => /limit=(\d+)/.exec(line)?.[1] ?? [])

  it("has pages of about two megabytes, whatever the size of its objects", async () => {
    const { log, list } = listing(
      long("a", 4, 4 * 10_000),
      long("b", 8, 8 * 10_000),
      long("c", 16, 16 * megabyte * 0.15),
      long("d", 13, 13 * 0.3 * megabyte),
      long("e", 1, megabyte),
      long("", 2, 2 * megabyte),
    )
    await list(resources.stages)
    expect(limits(log)).toEqual(["4", "8", "16", "13", "6", "2"])
  })

  it("asks again for a page that is too long, in smaller pages, and reads nothing twice", async () => {
    const { log, list } = listing(
      long("a", 200, 5 * megabyte),
      long("a", 25, 5 * megabyte),
      long("a", 3, 3 * megabyte),
      long("", 2, 2 * megabyte),
    )
    expect(await list(resources.jobs)).toHaveLength(5)
    expect(limits(log)).toEqual(["200", "25", "3", "2"])
  })

  it("fails where a single object is too long to be read", async () => {
    const answers = [200, 25, 3].map(() => long("a", 1, 5 * megabyte))
    const api = kubernetesApi(async () => {
      const bytes = answers.pop()?.[2] ?? 17 * megabyte
      throw new AnswerTooLong(bytes)
    })
    const failed = Effect.runPromise(Effect.flip(api.list(resources.jobs, {}, () => undefined)))
    expect(await failed).toMatchObject({ _tag: "Unavailable", message: expect.stringContaining("is longer than") })
    expect(answers).toEqual([])
  })

  it("of metadata alone may be null where it is empty", async () => {
    const { list } = listing([200, { metadata: {}, items: null }], [200, { metadata: {}, items: null }])
    expect(await list(resources.executions, { isMetadataOnly: true })).toEqual([])
    await expect(list(resources.executions)).rejects.toMatchObject({ _tag: "Unavailable" })
  })
})
