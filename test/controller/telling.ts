// How the stories of this folder are told: round by round, by events or by a resync alone, with all that can be seen
// after each round.

import { isDeepStrictEqual } from "node:util"
import type { CloudEventV1 } from "cloudevents"
import * as Effect from "effect/Effect"
import { expect } from "vitest"
import { resources } from "../../src/cluster/object-api.ts"
import type { Story } from "./stories.ts"
import { resyncEvent, type World } from "./world.ts"

export type Picture = ReturnType<typeof pictureOf>

/** Tells a story to its end, with what could be seen after each round. */
export async function tellUndisturbed(story: Story): Promise<readonly Picture[]> {
  const world = story.arrange()
  const pictures = []
  for (const [index, happen] of story.rounds.entries()) {
    happen(world)
    expect(await handleRound(world, story, index)).toBe(true)
    pictures.push(pictureOf(world))
  }
  return pictures
}

/** Expects two pictures to be the same; much faster than `toEqual` where they are, which counts in thousands of cases. */
export function expectSame(where: string, seen: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(seen, expected)) expect(seen, where).toEqual(expected)
}

/** Handles all events of a round; whether to the end. After a failure the others are lost. */
export async function handleRound(
  world: World,
  { begin }: Story,
  index: number,
  seen: CloudEventV1<unknown>[] = [],
): Promise<boolean> {
  if (index === 0 && begin !== undefined) {
    const exit = await world.perform(Effect.exit(begin()))
    if (exit._tag === "Failure") return false
  }
  for (let events = world.events(); events.length > 0; events = world.events()) {
    seen.push(...events)
    for (const event of events) {
      const [exit] = await world.handleAtOnce([event])
      if (exit?._tag === "Failure") {
        world.events()
        return false
      }
    }
  }
  return true
}

/** One resync; whether it came to its end. An event that did not even create its execution comes again from its sender. */
export async function repair(world: World, { begin }: Story): Promise<boolean> {
  world.events()
  if (begin !== undefined && world.store.list(resources.executions).length === 0) {
    const exit = await world.perform(Effect.exit(begin()))
    if (exit._tag === "Failure") return false
  }
  const [exit] = await world.handleAtOnce([resyncEvent])
  world.events()
  return exit?._tag === "Success"
}

/** All that anybody can see but times: what was said, which Jobs were created how often, and which were stopped. */
export function pictureOf(world: World) {
  const { store } = world
  return {
    executions: store.list(resources.executions).map(({ status }) => timeless(status)),
    pipelines: store.list(resources.pipelines).map(({ status }) => timeless(status)),
    jobs: store.list(resources.jobs).map(({ metadata, spec }) => `${metadata.name} ${JSON.stringify(spec)}`),
    creations: world.creations(),
    told: store
      .list(resources.events)
      .map(({ metadata }) => metadata.name)
      .toSorted() as string[] | undefined,
  }
}

const timeless = (status: unknown): unknown =>
  JSON.parse(JSON.stringify(status ?? null, (key, value) => (key.endsWith("Time") ? undefined : value)))

export function endOf(world: World): string {
  const [execution] = world.store.list(resources.executions)
  if (execution !== undefined) return world.state(execution.metadata.name)
  return world.validity()?.status === "True" ? "Valid" : "Invalid"
}
