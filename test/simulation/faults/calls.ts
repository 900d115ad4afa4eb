// Faults between a replica and the API server.

import * as Exit from "effect/Exit"
import type { PipelineStage } from "../../../src/api/pipeline.ts"
import { resources, Unavailable } from "../../../src/cluster/object-api.ts"
import { stageJob } from "../../../src/resources/job.ts"
import type { Choices } from "../choices.ts"
import { combinationsOf } from "../combinations.ts"
import type { Fault } from "../faults.ts"
import type { ExecutionFacts } from "../ledger.ts"
import { stageSpec } from "../plan.ts"
import { isWrite, type Replica, type Waiting } from "../replica.ts"
import { wordsOfCall } from "../words.ts"
import { timedOut, type World } from "../world.ts"

const unavailable = (message: string) => Exit.fail(new Unavailable({ message }))
const words = ({ call, handling }: Waiting) => `${handling.replica.name} (${handling.number}) ${wordsOfCall(call)}`

/** A call that has not been carried out, or one that has; mostly one that writes, where there is one. */
function pick(world: World, choices: Choices, isCommitted: boolean): Waiting | undefined {
  const calls = world.waiting.filter(({ answer }) => (answer !== undefined) === isCommitted)
  const writes = calls.filter(({ call }) => isWrite(call))
  return choices.of(writes.length > 0 && !choices.oneIn(4) ? writes : calls)
}

/** A call that writes and has not been carried out; where none waits, one handling goes on until it asks for one. */
function nextWrite(world: World, choices: Choices): Waiting | undefined {
  const writes = world.waiting.filter(({ call, answer }) => isWrite(call) && answer === undefined)
  if (writes.length > 0) return choices.of(writes)
  const handling = choices.of(world.waiting)?.handling
  for (;;) {
    const next = world.waiting.find((waiting) => waiting.handling === handling)
    if (next === undefined || (isWrite(next.call) && next.answer === undefined)) return next
    world.goOn(next)
  }
}

/** A replica that is in the middle of something. */
const busy = (world: World, choices: Choices): Replica | undefined =>
  choices.of([...new Set(world.handlings.map(({ replica }) => replica))])

/** The API server answers a call with this, and does not carry it out. */
const refused = (name: string, row: string, message: string): Fault => ({
  name,
  row,
  happen: (world, choices) => {
    const waiting = pick(world, choices, false)
    if (waiting === undefined) return undefined
    world.answer(waiting, unavailable(message))
    return `${words(waiting)}: ${message}, not carried out`
  },
})

/** For a while; struck a second time, it is over. */
const weather = (name: string, row: string, flag: "isOverQuota" | "isDenied" | "isCrowded"): Fault => ({
  name,
  row,
  happen: (world) => {
    world.weather[flag] = !world.weather[flag]
    return world.weather[flag] ? `${name} from now on` : `${name}: over`
  },
})

const errors = "429, 5xx, timeout"
export const callFaults: readonly Fault[] = [
  refused("429", errors, "429 Too Many Requests"),
  refused("503", errors, "503 Service Unavailable"),
  refused("timeout before commit", errors, "no connection"),
  {
    name: "timeout after commit",
    row: errors,
    happen: (world, choices) => {
      const waiting = pick(world, choices, true) ?? pick(world, choices, false)
      if (waiting === undefined) return undefined
      if (waiting.answer === undefined) world.commit(waiting)
      world.answer(waiting, timedOut)
      return `${words(waiting)}: carried out, but the answer is lost`
    },
  },
  {
    name: "timeout, carried out later",
    row: errors,
    happen: (world, choices) => {
      const waiting = nextWrite(world, choices)
      if (waiting === undefined) return undefined
      world.late.push({ ...waiting })
      world.answer(waiting, timedOut)
      return `${words(waiting)}: no answer, and it is still on its way`
    },
  },
  {
    name: "crash before commit",
    row: "crash",
    happen: (world, choices) => {
      const replica = busy(world, choices)
      if (replica === undefined) return undefined
      const lateOnes = choices.oneIn(3)
      world.crash(replica, () => lateOnes)
      return `${replica.name} dies${lateOnes ? "; what it had asked for is still on its way" : ""}`
    },
  },
  {
    name: "crash after commit",
    row: "crash",
    happen: (world, choices) => {
      const waiting = pick(world, choices, false)
      if (waiting === undefined) return undefined
      world.commit(waiting)
      world.crash(waiting.handling.replica, () => false)
      return `${words(waiting)}, and dies before it hears the answer`
    },
  },
  {
    name: "SIGTERM",
    row: "SIGTERM",
    happen: (world, choices) => {
      const replica = busy(world, choices)
      if (replica === undefined) return undefined
      const isInTime = !choices.oneIn(3)
      if (isInTime) for (const it of world.handlings.filter((it) => it.replica === replica)) world.settle(it)
      else world.crash(replica, () => false)
      return `${replica.name} is told to end, and ${isInTime ? "ends what it began" : "is killed when its time is up"}`
    },
  },
  {
    name: "409 by another writer",
    row: "409",
    happen: (world, choices) => {
      const execution = choices.of(world.present)
      if (execution === undefined) return undefined
      world.touch(execution.name)
      return `somebody labels execution ${execution.name}`
    },
  },
  weather("somebody writes every execution just before Peanut does", "409", "isCrowded"),
  {
    name: "AlreadyExists by a foreign Job",
    row: "409",
    happen: (world, choices) => {
      const execution = choices.of(world.present)
      const entry = execution && choices.of(stagesToStart(world, execution))
      if (entry === undefined) return undefined
      const stage = entry.name
      const index = choices.below(combinationsOf(entry).length)
      const { kind, spec, apiVersion, metadata } = stageJob(execution!.object, stage, stageSpec("task", 1), { index })
      if (world.find(resources.jobs, metadata.name) !== undefined) return undefined
      const ownerReferences = choices.oneIn(2) ? [foreignOwner] : []
      world.store.create(resources.jobs, world.namespace, {
        apiVersion,
        kind,
        spec,
        metadata: { ...metadata, ownerReferences },
      })
      return `somebody creates a Job of the name that stage ${stage} of ${execution!.name} will want`
    },
  },
  weather("over quota", "403, quota, webhook denial, namespace gone", "isOverQuota"),
  weather("a webhook denies Jobs", "403, quota, webhook denial, namespace gone", "isDenied"),
  {
    name: "Kubernetes Events are refused or never answered",
    row: errors,
    happen: (world, choices) => {
      world.weather.announcements = (["refused", "unanswered", "taken"] as const)[choices.below(3)]!
      return `from now on, Kubernetes Events are ${world.weather.announcements}`
    },
  },
]

/** An execution of the same name, as it was before somebody deleted it. */
const foreignOwner = {
  apiVersion: "pipeline.peanut.dev/v1alpha1",
  kind: "PeanutPipelineExecution",
  name: "run",
  uid: "uid-of-the-past",
  controller: true,
}

function stagesToStart(world: World, { object: { spec, status } }: ExecutionFacts): readonly PipelineStage[] {
  const { stages = [], finally: atEnd = [] } =
    status?.snapshot ?? world.ledger.pipelineSpecs.get(spec.pipelineName)?.at(-1) ?? {}
  return [...stages, ...atEnd]
}
