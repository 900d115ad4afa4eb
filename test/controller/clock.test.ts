// Clocks of replicas and of the API server that do not agree, and that jump. They date what is recorded and decide
// nothing: not which Jobs there are, not how a run ends, and not whether there is anything to write.

import { describe, expect, it } from "vitest"
import { stories } from "./stories.ts"
import { expectSame, handleRound, pictureOf, tellUndisturbed } from "./telling.ts"
import { arrange, resyncEvent } from "./world.ts"

const hourMillis = 3_600_000

const clocks: readonly { readonly clock: string; readonly offset: (reading: number) => number }[] = [
  { clock: "an hour behind", offset: () => -hourMillis },
  { clock: "an hour ahead", offset: () => hourMillis },
  { clock: "that jumps an hour back and forth at every reading", offset: (n) => (n % 2 === 0 ? -1 : 1) * hourMillis },
  { clock: "that runs backwards, an hour at every reading", offset: (n) => -n * hourMillis },
  { clock: "in 1970", offset: () => -Date.now() },
]

describe.each(clocks)("with a clock $clock", ({ offset }) => {
  it.each(stories)("$name ends the same, by events and by resyncs, and is as quiet", async (story) => {
    const expected = await tellUndisturbed(story)
    for (const isLost of [false, true]) {
      const world = story.arrange()
      let readings = 0
      world.clockMillis = () => Date.now() + offset(readings++)
      for (const [index, happen] of story.rounds.entries()) {
        happen(world)
        if (!isLost || (index === 0 && story.begin !== undefined)) await handleRound(world, story, index)
        else await world.resync()
        expectSame(`round ${index}, ${isLost ? "by resyncs" : "by events"}`, pictureOf(world), expected[index])
        const before = world.changes.length
        await world.handle(resyncEvent)
        expect(world.changes.length).toBe(before)
      }
      expect(readings).toBeGreaterThan(0)
    }
  })
})

it("two replicas whose clocks are two hours apart do not write against each other", async () => {
  const world = arrange("a → b")
  await world.deliver()
  world.finish("a Complete")
  await world.deliver()
  const before = world.changes.length
  for (const hours of [-1, 1, -1, 1]) {
    world.clockMillis = () => Date.now() + hours * hourMillis
    await world.resync()
  }
  expect(world.changes.length).toBe(before)
})
