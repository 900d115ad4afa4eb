import { describe, expect, it } from "vitest"
import { merged } from "../../src/client/merged.ts"

async function* of(...items: readonly string[]) {
  yield* items
}

async function all(source: AsyncIterable<string>): Promise<readonly string[]> {
  const items: string[] = []
  for await (const item of source) items.push(item)
  return items
}

describe("several sources as one", () => {
  it("give all their items, each source in its order, and end when all have ended", async () => {
    const source = merged<string>()
    source.add(of("a1", "a2", "a3"))
    source.add(of("b1", "b2"))
    source.put("note")
    source.end()
    const items = await all(source)
    expect(items.toSorted()).toEqual(["a1", "a2", "a3", "b1", "b2", "note"])
    expect(items.filter((item) => item.startsWith("a"))).toEqual(["a1", "a2", "a3"])
  })

  it("may become more while they are read", async () => {
    const source = merged<string>()
    const read = all(source)
    source.add(of("early"))
    await new Promise((resolve) => setTimeout(resolve, 10))
    source.add(of("late"))
    source.end()
    expect(await read).toEqual(["early", "late"])
  })

  it("end with the error of one, after what came before it", async () => {
    const source = merged<string>()
    const error = new Error("cut off")
    source.add(
      (async function* () {
        yield "before"
        throw error
      })(),
    )
    const items: string[] = []
    const read = (async () => {
      for await (const item of source) items.push(item)
    })()
    await expect(read).rejects.toBe(error)
    expect(items).toEqual(["before"])
    expect(source.isClosed()).toBe(true)
  })

  it("are read no faster than their items are taken", async () => {
    const source = merged<string>()
    let given = 0
    source.add(
      (async function* () {
        for (; given < 1000; given++) yield String(given)
      })(),
    )
    source.end()
    for await (const item of source) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      if (item === "5") break
    }
    expect(given).toBeLessThan(10)
  })

  it("are closed when the reader leaves", async () => {
    const source = merged<string>()
    let isClosed = false
    source.add(
      (async function* () {
        try {
          for (;;) yield "more"
        } finally {
          isClosed = true
        }
      })(),
    )
    for await (const _ of source) break
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect({ isClosed, source: source.isClosed() }).toEqual({ isClosed: true, source: true })
  })
})
