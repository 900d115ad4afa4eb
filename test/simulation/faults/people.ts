// What people do at the wrong time, and clocks that are wrong.

import { resources } from "../../../src/cluster/object-api.ts"
import type { Choices } from "../choices.ts"
import type { Fault } from "../faults.ts"
import type { ExecutionFacts } from "../ledger.ts"
import { randomSpec, stageSpec, stageTypes } from "../plan.ts"
import { createExecution, put, steer } from "../users.ts"
import { wordsOfSpec } from "../words.ts"
import type { World } from "../world.ts"

const steering = "execution deleted, cancelled, suspended"
const editing = "pipeline or stage edited, deleted"

const onExecution = (
  name: string,
  row: string,
  is: (execution: ExecutionFacts) => boolean,
  happen: (world: World, execution: ExecutionFacts, choices: Choices) => string,
): Fault => ({
  name,
  row,
  happen: (world, choices) => {
    const execution = choices.of(world.present.filter(is))
    return execution && happen(world, execution, choices)
  },
})

/** Fields that an object which is applied anew does not have any more. */
const gone = Object.fromEntries(
  [
    "finally",
    "failurePolicy",
    "maxParallel",
    "concurrencyPolicy",
    "successfulExecutionsHistoryLimit",
    "failedExecutionsHistoryLimit",
  ].map((field) => [field, null]),
)

const anyone = () => true

export const peopleFaults: readonly Fault[] = [
  onExecution("execution cancelled", steering, anyone, (world, execution) => {
    steer(world, execution.name, { cancel: true })
    return `somebody cancels execution ${execution.name}`
  }),
  onExecution("execution suspended, resumed", steering, anyone, (world, execution) => {
    const suspend = !execution.object.spec.suspend
    steer(world, execution.name, { suspend })
    return `somebody ${suspend ? "suspends" : "resumes"} execution ${execution.name}`
  }),
  onExecution("execution deleted", steering, anyone, (world, { name, object }, choices) => {
    const isRecreated = choices.oneIn(2)
    world.store.delete(resources.executions, { namespace: world.namespace, name })
    if (isRecreated) createExecution(world, name, { pipelineName: object.spec.pipelineName })
    return `somebody deletes execution ${name}${isRecreated ? " and creates it again" : ""}`
  }),
  onExecution("execution goes away in the foreground", steering, anyone, (world, { name }) => {
    const metadata = { deletionTimestamp: "2026-01-01T00:00:00Z" }
    world.store.patch(resources.executions, { namespace: world.namespace, name }, { metadata })
    return `somebody deletes execution ${name} in the foreground; its Jobs go first`
  }),
  onExecution("status edited by hand", "poison object", anyone, (world, execution) => {
    execution.isPoisoned = true
    const { name } = execution
    const status = { stages: "poison", conditions: 7 }
    world.store.patch(resources.executions, { namespace: world.namespace, name }, { status }, "status")
    return `somebody spoils the status of execution ${name}`
  }),
  {
    name: "pipeline edited",
    row: editing,
    happen: (world, choices) => {
      const { name, spec: before } = choices.of(world.plan.pipelines)!
      const spec = randomSpec(choices, before.concurrencyPolicy)
      put(world, resources.pipelines, name, { ...gone, ...spec })
      return `somebody applies pipeline ${name} anew: ${wordsOfSpec(spec)}`
    },
  },
  {
    name: "pipeline broken by an edit",
    row: "graph",
    happen: (world, choices) => {
      const name = choices.of(world.plan.pipelines)!.name
      const type = choices.oneIn(2) ? "unknown" : stageTypes[0]!
      put(world, resources.pipelines, name, {
        ...gone,
        stages: [
          { name: "a", type, dependsOn: ["b"] },
          { name: "b", type, dependsOn: ["a"] },
        ],
      })
      return `somebody makes the stages of pipeline ${name} wait for each other`
    },
  },
  {
    name: "pipeline deleted",
    row: editing,
    happen: (world, choices) => {
      const name = choices.of(world.plan.pipelines)!.name
      if (world.find(resources.pipelines, name) === undefined) return undefined
      world.store.delete(resources.pipelines, { namespace: world.namespace, name })
      return `somebody deletes pipeline ${name}`
    },
  },
  {
    name: "stage edited or created",
    row: editing,
    happen: (world, choices) => {
      const type = choices.of(stageTypes)!
      put(world, resources.stages, type, stageSpec(type, world.ledger.time))
      return `somebody gives stage ${type} another image`
    },
  },
  {
    name: "stage deleted",
    row: editing,
    happen: (world, choices) => {
      const name = choices.of(stageTypes)!
      if (world.find(resources.stages, name) === undefined) return undefined
      world.store.delete(resources.stages, { namespace: world.namespace, name })
      return `somebody deletes stage ${name}`
    },
  },
  {
    name: "clock an hour off",
    row: "clock",
    happen: (world, choices) => {
      const replica = choices.of(world.replicas)!
      replica.clockSkewSeconds = [3600, -3600, 0][choices.below(3)]!
      world.mostSkewSeconds = Math.max(world.mostSkewSeconds, replica.clockSkewSeconds)
      return `the clock of ${replica.name} is off by ${replica.clockSkewSeconds} seconds`
    },
  },
]
