// peanut approve: lets stages start that wait for a person.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import { isFinished, isStageFinished } from "../../api/execution.ts"
import type { PipelineStage } from "../../api/pipeline.ts"
import type { Client } from "../../client/client.ts"
import { CommandError, readExecution } from "../../client/errors.ts"
import type { ExecutionObject, PipelineObject } from "../../client/objects.ts"
import { noStage, stagesOf } from "../../client/stages.ts"
import { resources } from "../../cluster/object-api.ts"
import { exitCodes } from "../exit-codes.ts"
import { withCluster } from "./cluster/command.ts"
import { clusterFlags, executionArgument, switchFlag } from "./cluster/flags.ts"

export const approveCommand = Command.make(
  "approve",
  {
    execution: executionArgument,
    stages: Argument.String("stage").pipe(
      Argument.withDescription("Names of stages with approval: true"),
      Argument.variadic(),
    ),
    all: switchFlag("all", "All stages that wait for approval now"),
    ...clusterFlags,
  },
  ({ execution, stages, all, ...flags }) =>
    withCluster(flags, async (client) => {
      if ((stages.length === 0) === !all) {
        throw new CommandError("name the stages to approve, or give --all", exitCodes.badInput)
      }
      for (const line of await approve(client, execution, all ? undefined : stages)) console.log(line)
      return exitCodes.succeeded
    }),
).pipe(
  Command.withDescription("Let stages with approval: true start"),
  Command.withExamples([
    { command: 'peanut approve web-x7k2p "Deploy to production"', description: "A stage by its name" },
    { command: "peanut approve web-x7k2p --all", description: "Whatever waits for approval now" },
  ]),
)

/** How often others may have written the execution in between, before it is given up. */
const maxConflicts = 5

/** Adds the stages to those approved; undefined: all that wait. Says what became of each. */
async function approve(client: Client, name: string, asked: readonly string[] | undefined): Promise<readonly string[]> {
  for (let conflicts = 0; ; conflicts++) {
    const execution = await readExecution(client, name)
    const wanted = asked === undefined ? waiting(execution) : [...new Set(asked)]
    if (wanted.length === 0) return [`no stage of execution "${name}" waits for approval`]
    if (asked !== undefined) await check(client, execution, wanted)
    const { approved = [] } = execution.spec
    const added = wanted.filter((stage) => !approved.includes(stage))
    const patch = {
      // Two people may approve at once: neither approval must be lost.
      metadata: { resourceVersion: execution.metadata.resourceVersion },
      spec: { approved: [...approved, ...added] },
    }
    try {
      if (added.length > 0) await client.patch(resources.executions, name, patch)
      return wanted.map((stage) => `stage "${stage}" ${added.includes(stage) ? "approved" : "was approved before"}`)
    } catch (error) {
      if ((error as { _tag?: string })._tag !== "Conflict" || conflicts === maxConflicts) throw error
    }
  }
}

function waiting({ status }: ExecutionObject): readonly string[] {
  return (status?.stages ?? []).flatMap(({ name, reason }) => (reason === "AwaitingApproval" ? [name] : []))
}

/** All names must be right, or none is approved. */
async function check(client: Client, execution: ExecutionObject, names: readonly string[]): Promise<void> {
  const { name } = execution.metadata
  if (isFinished(execution)) {
    throw new CommandError(`execution "${name}" has ended: ${execution.status?.phase}; there is nothing to approve`)
  }
  const stages = await definedStages(client, execution)
  for (const wanted of names) {
    const stage = stages.find((stage) => stage.name === wanted)
    if (stage === undefined) throw noStage(name, wanted, stages)
    if (!stage.approval) throw new CommandError(`stage "${wanted}" of execution "${name}" needs no approval`)
    const status = execution.status?.stages?.find((status) => status.name === wanted)
    if (status !== undefined && isStageFinished(status.phase)) {
      throw new CommandError(`stage "${wanted}" of execution "${name}" has ended: ${status.phase}`)
    }
  }
}

/** Of an execution that was not taken up yet, the stages of its pipeline. */
async function definedStages(client: Client, execution: ExecutionObject): Promise<readonly PipelineStage[]> {
  if (execution.status?.snapshot !== undefined) return stagesOf(execution)
  return (await client.get<PipelineObject>(resources.pipelines, execution.spec.pipelineName)).spec.stages
}
