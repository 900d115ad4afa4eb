// Every place where the controller can be stopped, one after the other: before each API call, and after the call was
// committed but before its answer. All events of that round are lost with it. From there on a single resync a round
// must reach what an undisturbed run reaches.

import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { Unavailable } from "../../src/cluster/object-api.ts"
import { type Story, stories } from "./stories.ts"
import { endOf, expectSame, handleRound, type Picture, pictureOf, repair } from "./telling.ts"
import type { Call, World } from "./world.ts"

type Stop = Effect.Effect<never, Unavailable>

/** The calls of a round are counted from 0, those of the repair after it anew. */
interface Hit {
  readonly place: "before" | "after"
  readonly call: number
}

const places = ["before", "after"] as const
const crash: Stop = Effect.die("crash")
const noAnswer: Stop = Effect.fail(new Unavailable({ message: "connection refused" }))

describe.each(stories)("$name", (story) => {
  it("ends as it should when nothing goes wrong", async () => {
    const { world } = await tell(story)
    expect(endOf(world)).toBe(story.end)
  })

  it("ends the same when the handler crashes before or after any call", () => survive(story, crash, { repeats: true }))

  it("ends the same when the handler is interrupted before or after any call", () =>
    survive(story, Effect.interrupt, { isLast: true }))

  it("ends the same when any call is refused, or done and its answer lost", () =>
    survive(story, noAnswer, { isLast: true }))

  it("ends the same when the handler crashes anywhere and the repair crashes anywhere too", () => surviveTwo(story))
})

interface Severity {
  /** Whether a step that is repeated after the stop tells people the same again. */
  readonly repeats?: boolean
  /** Whether to tell no further: what is the same after a round goes on the same. */
  readonly isLast?: boolean
}

/** One stop at every place in turn; then resyncs alone, one a round. */
async function survive(story: Story, stop: Stop, { repeats = false, isLast = false }: Severity = {}) {
  const faultless = await tell(story)
  for (const [round, calls] of faultless.calls.entries()) {
    expect(calls.length).toBeGreaterThan(0)
    for (const first of calls.flatMap((_, call) => places.map((place) => ({ place, call })))) {
      expectSameEnd(story, await tell(story, { round, stop, first, isLast }), faultless, repeats)
    }
  }
}

/**
 * Two crashes in a row at every pair of places. A crash leaves nothing but what was written, so the place before all and
 * those behind each write stand for all the others between them.
 */
async function surviveTwo(story: Story) {
  const faultless = await tell(story)
  for (const [round, calls] of faultless.calls.entries()) {
    for (const first of crashPoints(calls)) {
      const { repairCalls } = await tell(story, { round, stop: crash, first, isLast: true })
      for (const second of crashPoints(repairCalls)) {
        expectSameEnd(story, await tell(story, { round, stop: crash, first, second, isLast: true }), faultless, true)
      }
    }
  }
}

const crashPoints = (calls: readonly Call[]): Hit[] => [
  { place: "before", call: 0 },
  ...calls.flatMap(({ verb }, call) =>
    verb === "create" || verb === "patch" ? [{ place: "after" as const, call }] : [],
  ),
]

/** A failure names the story, the place and the call, and shows the first round that is not the same. */
function expectSameEnd(story: Story, told: Told, faultless: Told, repeats: boolean) {
  const seen = (picture: Picture | undefined) => (repeats ? picture : { ...picture, told: undefined })
  for (const [round, picture] of told.pictures.entries()) {
    const where = `${story.name}, stopped ${told.where}, after round ${round}`
    expectSame(where, seen(picture), seen(faultless.pictures[round]))
  }
}

interface Disturbance {
  readonly round: number
  readonly stop: Stop
  readonly first: Hit
  readonly second?: Hit
  readonly isLast?: boolean
}

type Told = Awaited<ReturnType<typeof tell>>

/** Tells a story to its end, with what could be seen after each round, and the calls that each round took. */
async function tell(story: Story, disturbance?: Disturbance) {
  const world = story.arrange()
  const pictures = []
  const calls: (readonly Call[])[] = []
  let repairCalls: readonly Call[] = []
  const where: string[] = []
  for (const [index, happen] of story.rounds.entries()) {
    happen(world)
    if (disturbance === undefined || index < disturbance.round) {
      world.calls.length = 0
      expect(await handleRound(world, story, index)).toBe(true)
      calls.push([...world.calls])
    } else if (index === disturbance.round) {
      const { first, second, stop } = disturbance
      where.push(await under(world, stop, first, () => handleRound(world, story, index)))
      if (second !== undefined) where.push(await under(world, stop, second, () => repair(world, story)))
      world.calls.length = 0
      expect(await repair(world, story)).toBe(true)
      repairCalls = [...world.calls]
    } else {
      await world.resync()
    }
    pictures.push(pictureOf(world))
    if (disturbance?.isLast && index === disturbance.round) break
  }
  return { world, pictures, calls, repairCalls, where: where.join(", then ") }
}

/** Does something with the stop at its place, and says where that was. */
async function under(world: World, stop: Stop, { place, call: index }: Hit, work: () => Promise<unknown>) {
  let where = "nowhere"
  world.calls.length = 0
  world[place] = (call) => {
    if (call !== world.calls[index]) return Effect.void
    where = `${place} call ${index} (${words(call)})`
    return stop
  }
  await work()
  world[place] = () => Effect.void
  return where
}

const words = ({ verb, resource, subresource, name }: Call) =>
  [verb, resource.plural, subresource, name].filter(Boolean).join(" ")
