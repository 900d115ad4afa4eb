// concurrencyPolicy, as stories: executions of one pipeline that take turns, while they come, end, go, and are looked at by
// three replicas at once.

import * as Effect from "effect/Effect"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { isFinished } from "../../src/api/execution.ts"
import type { ConcurrencyPolicy } from "../../src/api/pipeline.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { graph } from "../builders/graph.ts"
import { namespace } from "../builders/objects.ts"
import { World } from "./world.ts"

// Who is older must not depend on how fast the test runs.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 0, 1) }))
afterEach(() => void vi.useRealTimers())

describe("Queue", () => {
  it("runs one execution after the other, the oldest first, whatever their names", async () => {
    const world = arrange("Queue", ["c", "a", "b"])
    await world.deliver()
    const order: string[] = []
    for (let next = running(world); next.length > 0; next = running(world)) {
      expect(next).toHaveLength(1)
      order.push(next[0]!)
      world.finishStage("a", "Complete", next[0]!)
      await world.deliver()
    }
    expect(order).toEqual(["c", "a", "b"])
  })

  it("says of one that waits whom it waits for", async () => {
    const world = arrange("Queue", ["a", "b"])
    await world.deliver()
    expect(world.run("b").status).toMatchObject({ phase: "Pending", summary: "not started" })
    expect(world.condition("b")).toMatchObject({ reason: "Queued", message: expect.stringContaining('"a"') })
  })

  it.each(["by its event", "by the resync alone"])(
    "passes the turn on when the running one is deleted, %s",
    async (how) => {
      const world = arrange("Queue", ["a", "b", "c"])
      await world.deliver()
      world.store.delete(resources.executions, { namespace, name: "a" })
      if (how === "by the resync alone") await world.resync()
      else await world.deliver()
      expect(running(world)).toEqual(["b"])
    },
  )

  it("passes over one that is suspended, which takes its turn when it is resumed", async () => {
    const world = arrange("Queue", ["a", "b", "c"])
    world.edit({ suspend: true }, "b")
    await world.deliver()
    world.finishStage("a", "Complete", "a")
    await world.deliver()
    expect(running(world)).toEqual(["c"])
    world.edit({ suspend: false }, "b")
    await world.deliver()
    expect(running(world)).toEqual(["c"])
    world.finishStage("a", "Complete", "c")
    await world.deliver()
    expect(running(world)).toEqual(["b"])
  })

  it("passes over one that is cancelled before its turn", async () => {
    const world = arrange("Queue", ["a", "b", "c"])
    await world.deliver()
    world.edit({ cancel: true }, "b")
    await world.deliver()
    expect(world.run("b").status?.phase).toBe("Cancelled")
    world.finishStage("a", "Complete", "a")
    await world.deliver()
    expect(running(world)).toEqual(["c"])
  })
})

it("one that was cancelled before its turn stays so, though the pipeline lets all run by now", async () => {
  const world = arrange("Queue", ["a", "b"])
  await world.deliver()
  world.edit({ cancel: true }, "b")
  await world.deliver()
  world.store.patch(resources.pipelines, { namespace, name: "web" }, { spec: { concurrencyPolicy: "Allow" } })
  world.touch("b")
  await world.deliver()
  world.edit({ approved: [] }, "b")
  await world.deliver()
  expect(world.run("b").status).toMatchObject({ phase: "Cancelled", summary: "not started" })
})

it("Forbid fails the later one, and lets one that comes after the end run", async () => {
  const world = arrange("Forbid", ["a", "b"])
  await world.deliver()
  expect(running(world)).toEqual(["a"])
  expect(world.condition("b")).toMatchObject({ status: "False", reason: "ConcurrencyForbidden" })
  world.finishStage("a", "Complete", "a")
  await world.deliver()
  world.execution("c")
  await world.deliver()
  expect(running(world)).toEqual(["c"])
})

it("Replace cancels the one that runs and those that wait, and runs the newest", async () => {
  const world = arrange("Replace", ["a"])
  await world.deliver()
  for (const name of ["b", "c"]) later(world, name)
  await world.deliver()
  expect(world.run("a").status?.phase).toBe("Cancelled")
  await world.deliver()
  expect(running(world)).toEqual(["c"])
  expect(world.run("b").status?.phase).toBe("Cancelled")
})

describe.each(["Queue", "Forbid", "Replace"] as const)(
  "three replicas that look at three executions under %s",
  (policy) => {
    // Each switch between two replicas is tried at every call; the third then runs between what is left of the two.
    it("never let two of them run, wherever one interrupts the other", { timeout: 60_000 }, async () => {
      for (let first = 0; first <= mostCalls; first++) {
        for (let second = 0; second <= mostCalls; second++) await interleave(policy, first, second)
      }
    })
  },
)

/** No look makes more calls before the Jobs are created. */
const mostCalls = 9

/**
 * One replica looks at the execution whose turn it is and stops after so many calls. Then the one is resumed that comes
 * before it, to which the second looks, and stops; the third comes between.
 */
async function interleave(policy: ConcurrencyPolicy, first: number, second: number) {
  const world = arrange(policy, ["a", "b", "c"])
  const [before, after] = policy === "Replace" ? ["c", "a"] : ["a", "c"]
  world.edit({ suspend: true }, before)
  const atOnce: string[][] = []
  world.store.onChange(() => {
    const names = running(world)
    if (names.length > 1) atOnce.push(names)
  })
  const replicas = new Replicas(world)
  const look = (name: string) => {
    const event = world.events().findLast(({ data }) => (data as Named).metadata.name === name)!
    return replicas.start(() => world.handle(event))
  }
  const one = look("b")
  await replicas.run(one, first)
  world.edit({ suspend: false }, before)
  const two = look(before)
  await replicas.run(two, second)
  world.touch(after)
  const three = look(after)
  await replicas.run(three)
  await replicas.run(two)
  await replicas.run(one)
  replicas.release()
  expect({ first, second, atOnce }).toEqual({ first, second, atOnce: [] })
  // Nobody is forgotten: by resyncs alone all come to their end.
  for (let round = 0; round < 4; round++) {
    await world.resync()
    for (const name of running(world)) world.finishStage("a", "Complete", name)
  }
  await world.resync()
  expect({ first, second, left: unfinished(world), atOnce }).toEqual({ first, second, left: [], atOnce: [] })
}

interface Named {
  readonly metadata: { readonly name: string }
}

interface Replica {
  readonly go: () => Promise<void>
  isStarted: boolean
  isDone: boolean
  readonly waiting: (() => void)[]
}

/** Replicas of which one goes on at a time, call by call: whatever call comes is then its own. */
class Replicas {
  readonly #world: World
  #current: Replica | undefined

  constructor(world: World) {
    this.#world = world
    world.before = () => Effect.callback((resume) => void this.#current!.waiting.push(() => resume(Effect.void)))
  }

  start(go: () => Promise<void>): Replica {
    return { go, isStarted: false, isDone: false, waiting: [] }
  }

  /** Lets a replica make so many calls, or go to its end. */
  async run(replica: Replica, calls = Number.POSITIVE_INFINITY): Promise<void> {
    this.#current = replica
    if (!replica.isStarted) {
      replica.isStarted = true
      const done = () => {
        replica.isDone = true
      }
      replica.go().then(done, done)
      await quiet()
    }
    for (let made = 0; made < calls && !replica.isDone; made++) {
      replica.waiting.shift()?.()
      await quiet()
    }
  }

  release(): void {
    this.#world.before = () => Effect.void
  }
}

/** Until what was let go has come to its next call. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function arrange(concurrencyPolicy: ConcurrencyPolicy, names: readonly string[]): World {
  const world = new World()
  world.stage()
  world.create(resources.pipelines, "web", { stages: graph("a"), concurrencyPolicy })
  for (const name of names) later(world, name)
  return world
}

/** An execution that is a second younger than the one before. */
function later(world: World, name: string): void {
  vi.setSystemTime(Date.now() + 1000)
  world.execution(name)
}

const executions = (world: World) =>
  world.store.list(resources.executions).map(({ metadata }) => world.run(metadata.name))

/** The executions that were accepted and have not ended. */
const running = (world: World) =>
  executions(world)
    .filter((execution) => execution.status?.snapshot !== undefined && !isFinished(execution))
    .map(({ metadata }) => metadata.name)

const unfinished = (world: World) =>
  executions(world)
    .filter((execution) => !isFinished(execution))
    .map(({ metadata }) => metadata.name)
