// Runs with the strangest names there can be, from the pipeline to its end: every stage has a Job of its own, which
// Kubernetes would take, and nobody else's.

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { isShown } from "../../src/api/stage-entry.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { namespace } from "../builders/objects.ts"
import { World } from "./world.ts"

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$/

/** Each stage after the one before it, so that every name is also a dependency. */
const inARow = (names: readonly string[]) =>
  names.map((name, index) => ({ name, type: "task", ...(index > 0 && { dependsOn: [names[index - 1]!] }) }))

async function runToEnd(world: World, names: readonly string[], execution: string): Promise<void> {
  await world.deliver()
  for (const name of names) {
    world.finishStage(name, "Complete", execution)
    await world.deliver()
  }
}

function arrange(names: readonly string[], execution = "run"): World {
  const world = new World()
  world.stage()
  world.pipeline(inARow(names))
  world.execution(execution)
  return world
}

const strange = {
  "like members of every object": ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf", "prototype"],
  "like the parts of a name": ["a", "a-b", "b", "a-b-c", "b-c", "run", "run-a"],
  "in all scripts": ["🥜", "🥜🥜", "شغل", "日本", "ёлка", "e\u0301", "\u00e9"],
  "of blanks and marks": [" ", "  ", "/", "..", "-", "'", '"', "$(x)", "`id`", "a,b", "a=b"],
  "alike but for their case": ["A", "a", "Ａ", "ﬀ", "ff"],
  "as long as can be": ["x".repeat(253), `${"x".repeat(252)}y`, "🥜".repeat(126), " ".repeat(253)],
}

function expectGoodJobs(world: World, count: number) {
  const jobs = world.store.list(resources.jobs)
  expect(new Set(jobs.map(({ metadata }) => metadata.name)).size).toBe(count)
  for (const { metadata } of jobs) {
    expect(metadata.name).toMatch(dnsLabel)
    for (const value of Object.values(metadata.labels ?? {})) expect(value).toMatch(labelValue)
  }
}

describe("stages with names", () => {
  it.each(Object.entries(strange))("%s run each once, in their order", async (_, names) => {
    const before = Reflect.ownKeys(Object.prototype)
    const world = arrange(names)
    await runToEnd(world, names, "run")
    expect(world.run().status).toMatchObject({
      phase: "Succeeded",
      summary: `${names.length}/${names.length} succeeded`,
    })
    expect(world.run().status?.stages?.map(({ name }) => name)).toEqual(names)
    expectGoodJobs(world, names.length)
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before)
  })

  it("of any text run each once, in their order", async () => {
    const text = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter(isShown)
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(text, { minLength: 1, maxLength: 6 }), async (names) => {
        const world = arrange(names)
        await runToEnd(world, names, "run")
        expect(world.run().status?.phase).toBe("Succeeded")
        expectGoodJobs(world, names.length)
      }),
      { numRuns: 100 },
    )
  })
})

describe("executions with names", () => {
  it("that run together with their stages' names share no Job", async () => {
    const names = ["c", "b-c", "a-b-c"]
    const executions = ["a", "a-b", "a-b-c", "a.b", "a".repeat(253), `${"a".repeat(252)}b`]
    const world = new World()
    world.stage()
    world.pipeline(inARow(names))
    for (const name of executions) world.execution(name)
    for (const name of executions) await runToEnd(world, names, name)
    expect(executions.map((name) => world.run(name).status?.phase)).toEqual(executions.map(() => "Succeeded"))
    expectGoodJobs(world, names.length * executions.length)
  })

  it("that begin with the same 200 characters find their own Jobs by the shortened label", async () => {
    const [one, two] = ["1", "2"].map((end) => `${"x".repeat(240)}${end}`) as [string, string]
    const world = arrange(["a", "b"], one)
    world.execution(two)
    await world.deliver()
    world.finishStage("a", "Failed", one)
    await world.deliver()
    expect([world.run(one).status?.phase, world.run(two).status?.phase]).toEqual(["Failed", "Running"])
    const labels = world.store.list(resources.jobs, { namespace }).map(({ metadata }) => metadata.labels)
    expect(new Set(labels.map((of) => of?.["pipeline.peanut.dev/execution"])).size).toBe(2)
  })
})
