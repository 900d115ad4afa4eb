// One case from its first choice to its verdict.

import type { Choices, Chosen, Source } from "./choices.ts"
import { arrange, ways } from "./course.ts"
import { end } from "./end.ts"
import { type Fault, faults } from "./faults.ts"
import { randomPlan } from "./plan.ts"
import { wordsOfPlan } from "./words.ts"
import { type Violation, World } from "./world.ts"

export interface Result {
  readonly violation: Violation | undefined
  /** What happened, line by line, in words. */
  readonly history: readonly string[]
  /** The choices that were truly made: the same case again, and where to begin with making it simpler. */
  readonly chosen: Chosen
  /** Names of the faults that struck. */
  readonly struck: readonly string[]
  /** Names of the known violations that it met. */
  readonly known: readonly string[]
}

const weightOfFaults = 8

export function runCase(source: Source): Result {
  const setup = source.setup()
  const plan = randomPlan(setup, faults.length)
  const world = new World(plan)
  const steps: (readonly number[])[] = []
  const struck: string[] = []
  const may = plan.faults.map((index) => faults[index]!)
  const fault = { weight: may.length === 0 ? 0 : weightOfFaults, go: strike }
  for (const line of wordsOfPlan(plan)) world.say(line)
  arrange(world, setup)
  for (let index = 0; world.violation === undefined && !(source.isEndless && index >= plan.steps); index++) {
    const choices = source.step(index)
    if (choices === undefined) break
    world.passTime(1)
    // What cannot be done now gives way to the ordinary course.
    if (!choices.weighted([...ways, fault]).go(world, choices)) ways[0]!.go(world, choices)
    steps.push(choices.taken)
  }
  if (world.violation === undefined) end(world)
  const { violation, history, known } = world
  return { violation, history, chosen: { setup: setup.taken, steps }, struck, known }

  function strike(world: World, choices: Choices): boolean {
    const fault: Fault = choices.of(may)!
    const before = world.history.length
    const words = fault.happen(world, choices)
    if (words === undefined) return false
    // Said first, though known last.
    world.history.splice(before, 0, `! ${words}`)
    struck.push(fault.name)
    return true
  }
}
