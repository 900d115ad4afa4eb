// The largest graphs: what a look at them costs is counted, not timed, and must grow no faster than they do; and the
// depth of the stack must not grow at all.

import { describe, expect, it } from "vitest"
import type { PipelineStage } from "../../src/api/pipeline.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { accept } from "../../src/execution/accept.ts"
import { advance } from "../../src/execution/advance.ts"
import { findGraphProblems } from "../../src/execution/graph.ts"
import { sortTopologically } from "../../src/graph/order.ts"
import { accepted, execution, now, pipeline, stages as stageTypes } from "../builders/objects.ts"
import { arrange } from "./world.ts"

type Shape = (count: number) => PipelineStage[]

const stage = (index: number, ...dependsOn: number[]): PipelineStage => ({
  name: `s${index}`,
  type: "task",
  dependsOn: dependsOn.map((parent) => `s${parent}`),
})
const indices = (count: number) => Array.from({ length: count }, (_, index) => index)

const shapes: readonly { readonly shape: string; readonly of: Shape }[] = [
  { shape: "in a row", of: (count) => indices(count).map((i) => (i === 0 ? stage(i) : stage(i, i - 1))) },
  // Last first: the worst order for an algorithm that looks for a stage that can start.
  { shape: "in a row, last first", of: (count) => shapes[0]!.of(count).toReversed() },
  { shape: "side by side", of: (count) => indices(count).map((i) => (i === 0 ? stage(i) : stage(i, 0))) },
  {
    shape: "from one to all and from all to one",
    of: (count) => [
      ...indices(count - 1).map((i) => (i === 0 ? stage(i) : stage(i, 0))),
      stage(count - 1, ...indices(count - 1)),
    ],
  },
  { shape: "in a ladder", of: (count) => indices(count).map((i) => (i < 2 ? stage(i) : stage(i, i - 1, i - 2))) },
]

const looks: readonly { readonly look: string; readonly at: (stages: PipelineStage[]) => unknown }[] = [
  { look: "sorting", at: sortTopologically },
  { look: "checking", at: (stages) => findGraphProblems("web", stages, { types: new Set(["task"]) }) },
  {
    look: "accepting",
    at: (stages) => accept(execution(), { pipeline: pipeline(stages), stages: stageTypes("task") }, now),
  },
  {
    look: "advancing",
    at: (stages) => {
      const run = accepted({ graph: [] })
      const waiting = stages.map(({ name }) => ({ name, phase: "Waiting" as const }))
      const snapshot = { ...run.status.snapshot, stages }
      const observed = { execution: { ...run, status: { ...run.status, snapshot, stages: waiting } } }
      return advance({ ...observed, jobs: new Map(), pods: new Map(), refusals: new Map() }, now)
    },
  },
]

/** How often a look reads a dependency or a name, and how deep its stack is then. */
function cost(look: (stages: PipelineStage[]) => unknown, stages: readonly PipelineStage[]) {
  let reads = 0
  let depth = 0
  const counted = <T>(value: T): T => {
    // Not to wait for the end of what is far too much.
    if (reads > 2_000_000) throw new Error("names and dependencies are read more than two million times")
    // Every so often: a stack trace is dear.
    if (reads++ % 997 === 0) depth = Math.max(depth, stackDepth())
    return value
  }
  const watched = stages.map(({ name, type, dependsOn }) =>
    Object.defineProperties({} as PipelineStage, {
      name: { enumerable: true, get: () => counted(name) },
      type: { enumerable: true, get: () => type },
      dependsOn: { enumerable: true, get: () => counted(dependsOn) },
    }),
  )
  look(watched)
  return { reads, depth }
}

function stackDepth(): number {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 100_000
  const depth = new Error().stack!.split("\n").length
  Error.stackTraceLimit = limit
  return depth
}

describe.each(shapes)("stages $shape", ({ of }) => {
  it.each(looks)("$look them reads each a fixed number of times, and goes no deeper for more of them", ({ at }) => {
    const small = cost(at, of(1_000))
    const large = cost(at, of(10_000))
    expect(small.reads).toBeGreaterThan(1_000)
    // Ten times the stages, and in the fan-in ten times the edges.
    expect(large.reads / small.reads).toBeLessThan(10.1)
    expect(large.depth).toBeLessThanOrEqual(small.depth)
  })
})

describe("a run of 1,000 stages", () => {
  const count = 1_000

  it("in a row asks and writes as much for the last as for the first, and stops when one fails", async () => {
    const world = arrange(shapes[0]!.of(count))
    await world.deliver()
    const calls = []
    for (const index of [0, 1, 2]) {
      world.calls.length = 0
      world.finishStage(`s${index}`)
      await world.deliver()
      calls.push(world.calls.length)
    }
    expect(calls).toEqual([5, 5, 5])
    world.calls.length = 0
    world.finishStage("s3", "Failed")
    await world.deliver()
    // Fifty announcements at the most, however many stages are skipped.
    expect(world.calls.length).toBe(4 + 50)
    expect(world.run().status).toMatchObject({
      phase: "Failed",
      summary: `3/${count} succeeded, 1 failed, 996 skipped`,
    })
    expect(Object.keys(world.creations())).toHaveLength(4)
  })

  it("side by side makes each Job once, and one look finds the end of all of them", async () => {
    const world = arrange(shapes[2]!.of(count))
    await world.deliver()
    world.finishStage("s0")
    await world.deliver()
    expect(world.run().status).toMatchObject({ summary: `1/${count} succeeded, 999 running` })
    expect(world.calls.filter(({ verb, resource }) => verb === "create" && resource === resources.jobs)).toHaveLength(
      count,
    )
    const status = { conditions: [{ type: "Complete", status: "True" }] }
    for (const { metadata, status: before } of world.store.list(resources.jobs)) {
      if (before === undefined) world.store.patch(resources.jobs, metadata, { status }, "status")
    }
    world.calls.length = 0
    await world.resync()
    expect(world.run().status).toMatchObject({ phase: "Succeeded", summary: `${count}/${count} succeeded` })
    // Five lists find the run; one read, two lists, two announcements and a write end it.
    expect(world.calls.length).toBeLessThanOrEqual(11)
  })
})
