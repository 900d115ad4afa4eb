// The ordinary course of things: events arrive, calls are carried out and answered, Jobs run. Any of it may come before
// any other; the first way here is the orderly one, in which one thing ends before the next begins.

import type { ExecutionSpec } from "../../src/api/execution.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { eventTypes } from "../../src/events/target.ts"
import type { Choices } from "./choices.ts"
import { moveJob, unfinishedJobs } from "./job-controller.ts"
import { stageSpec, stageTypes } from "./plan.ts"
import { approve, createExecution, put } from "./users.ts"
import type { Delivery, World } from "./world.ts"

export interface Way {
  readonly weight: number
  /** Whether there was anything to do. */
  go(world: World, choices: Choices): boolean
}

export const resync: Delivery = {
  words: "the resync",
  event: () => ({ type: eventTypes.ping }) as ReturnType<Delivery["event"]>,
  repeats: 0,
}

const orderly: Way = {
  weight: 4,
  go: (world) => {
    const [handling] = world.handlings
    const [event] = world.events
    const [job] = unfinishedJobs(world)
    if (handling !== undefined) world.settle(handling)
    else if (event !== undefined) world.settle(world.deliver(taken(world, event), world.replicas[0]!))
    else if (job !== undefined) moveJob(world, job)
    else return false
    return true
  },
}

/** Of one handling, a few calls go on by a half. */
const fewCalls: Way = {
  weight: 8,
  go: (world, choices) => {
    const first = choices.of(world.waiting)
    if (first === undefined) return false
    world.goOn(first)
    for (let halves = choices.below(6); halves > 0; halves--) {
      const next = world.waiting.find(({ handling }) => handling === first.handling)
      if (next !== undefined) world.goOn(next)
    }
    return true
  },
}

const oneEvent: Way = {
  weight: 6,
  go: (world, choices) => {
    const event = choices.of(world.events)
    if (event !== undefined) world.deliver(taken(world, event), choices.of(world.replicas)!)
    return event !== undefined
  },
}

const oneHandling: Way = {
  weight: 2,
  go: (world, choices) => {
    const handling = choices.of(world.handlings)
    if (handling !== undefined) world.settle(handling)
    return handling !== undefined
  },
}

const oneJob: Way = {
  weight: 6,
  go: (world, choices) => {
    const job = choices.of(unfinishedJobs(world))
    if (job === undefined) return false
    for (let moves = 1 + choices.below(3); moves > 0; moves--) {
      const present = world.find(resources.jobs, job.metadata.name)
      if (present !== undefined && unfinishedJobs(world).includes(present)) moveJob(world, present)
    }
    return true
  },
}

const oneResync: Way = {
  weight: 2,
  go: (world, choices) => {
    world.deliver(resync, choices.of(world.replicas)!)
    return true
  },
}

/** The API server carries out what was asked by one who is dead or waits no more. */
const lateCall: Way = {
  weight: 2,
  go: (world, choices) => {
    const waiting = choices.of(world.late)
    if (waiting === undefined) return false
    world.late = world.late.filter((other) => other !== waiting)
    world.say("a call that was on its way arrives:")
    world.commit(waiting)
    return true
  },
}

/** A person approves a stage that waits for it. */
const oneApproval: Way = {
  weight: 1,
  go: (world, choices) => {
    const asks = world.present.flatMap(({ isPoisoned, name, object }) =>
      isPoisoned
        ? []
        : (object.status?.stages ?? []).flatMap((it) => (it.reason === "AwaitingApproval" ? [[name, it.name]] : [])),
    )
    const [execution, stage] = choices.of(asks) ?? []
    if (execution === undefined) return false
    approve(world, execution, stage!)
    return true
  },
}

/** A person starts another run, or has one that ended run again. */
const oneRun: Way = {
  weight: 1,
  go: (world, choices) => {
    const name = ["another", "later", "yet-another"].find(
      (name) => world.find(resources.executions, name) === undefined,
    )
    const one = choices.of(world.present)
    if (one === undefined || name === undefined || !choices.oneIn(2)) return false
    const { pipelineName } = one.object.spec
    const rerunOf = choices.oneIn(2) ? { rerunOf: one.name } : {}
    createExecution(world, name, { pipelineName, ...rerunOf })
    world.say(`execution ${name} of ${pipelineName}${rerunOf.rerunOf ? `, which repeats ${one.name},` : ""} is created`)
    return true
  },
}

export const ways: readonly Way[] = [
  orderly,
  fewCalls,
  oneEvent,
  oneHandling,
  oneJob,
  oneResync,
  lateCall,
  oneApproval,
  oneRun,
]

/** Puts up what the case begins with; pipelines and stages may have been there, and been validated, long before. */
export function arrange(world: World, choices: Choices): void {
  for (const type of stageTypes) put(world, resources.stages, type, stageSpec(type, 1))
  for (const { name, spec } of world.plan.pipelines) put(world, resources.pipelines, name, spec)
  if (!choices.oneIn(4)) world.events = []
  for (const { name, pipelineName, spec } of world.plan.executions) {
    createExecution(world, name, { pipelineName, ...spec } as ExecutionSpec)
  }
}

function taken(world: World, event: Delivery): Delivery {
  world.events = world.events.filter((other) => other !== event)
  return event
}
