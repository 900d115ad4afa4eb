// Objects with junk in any field, as they would come from an API server whose validation was bypassed, or from another
// version of Peanut: they stop at most their own run. A failure prints its seed and the least damage that does it.

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Damage, damage } from "./junk.ts"
import { type Poison, PoisonedWorld } from "./poisoned.ts"

const prototype = () => Reflect.ownKeys(Object.prototype).join()
const untouched = prototype()

/**
 * What kills a resync as things are: objects that are too deep, and snapshots with a stage of an unknown type, which the
 * damage makes of a good one. Both have tests of their own in poison.test.ts.
 */
const isDeadly = (damage: Damage) =>
  damage.does === "replace" && "is" in damage.junk && damage.junk.is.startsWith("a deep")

const some = fc.array(
  damage.filter((damage) => !isDeadly(damage)),
  { minLength: 1, maxLength: 3 },
)
const poison: fc.Arbitrary<Poison> = fc
  .record({ executions: some, pipelines: some, stages: some, jobs: some, pods: some }, { requiredKeys: [] })
  .filter((poison) => Object.keys(poison).length > 0)

describe("a poisoned run", () => {
  it("crashes nothing, pollutes nothing, and the run beside it comes to its end", async () => {
    const numRuns = Number(process.env.FUZZ_RUNS ?? 150)
    await fc.assert(
      fc.asyncProperty(poison, fc.boolean(), async (poison, startsWell) => {
        const cluster = new PoisonedWorld(poison)
        cluster.isPoisoned = !startsWell
        await cluster.tellAll("add")
        cluster.isPoisoned = true
        for (let round = 0; round < 2; round++) {
          cluster.finishJobs()
          await cluster.tellAll("update")
          await cluster.resync()
        }
        await cluster.tellAll("delete")
        await cluster.resync()
        expect(cluster.defects).toEqual([])
        expect(cluster.world.state()).toBe("Succeeded: a Succeeded, b Succeeded")
        expect(prototype()).toBe(untouched)
      }),
      { numRuns, interruptAfterTimeLimit: 60_000 },
    )
  }, 90_000)
})
