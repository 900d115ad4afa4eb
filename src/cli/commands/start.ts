// peanut start: an execution of a pipeline of the cluster.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import type { Param } from "../../api/param.ts"
import type { Client } from "../../client/client.ts"
import { CommandError, isMissing, missing } from "../../client/errors.ts"
import { conditionOf, type PipelineObject } from "../../client/objects.ts"
import { resources } from "../../cluster/object-api.ts"
import { findParamProblems } from "../../execution/params.ts"
import { plain } from "../../words/text.ts"
import { exitCodes } from "../exit-codes.ts"
import { objectForms } from "../view/output.ts"
import { withCluster } from "./cluster/command.ts"
import { createExecution } from "./cluster/create.ts"
import { clusterFlags, followFlags, nameFlag, outputFlag } from "./cluster/flags.ts"

export const startCommand = Command.make(
  "start",
  {
    pipeline: Argument.String("pipeline").pipe(Argument.withDescription("The name of a PeanutPipeline")),
    param: Flag.String("param").pipe(
      Flag.withAlias("p"),
      Flag.withMetavar("NAME=VALUE"),
      Flag.withDescription("A parameter of the pipeline; may be given several times"),
      Flag.atLeast(0),
    ),
    name: nameFlag,
    ...followFlags,
    output: outputFlag(objectForms),
    ...clusterFlags,
  },
  ({ pipeline, param, name, ...options }) =>
    withCluster(options, async (client) => {
      const params = parseParams(param)
      await check(client, pipeline, params)
      const spec = { pipelineName: pipeline, ...(params.length > 0 && { params }) }
      return createExecution(client, spec, { ...options, name: Option.getOrUndefined(name) })
    }),
).pipe(
  Command.withDescription("Start an execution of a pipeline of the cluster"),
  Command.withExamples([
    { command: "peanut start web", description: "Start it, and print the name of the execution" },
    { command: "peanut start web -p version=1.2 --watch", description: "With a parameter, and look on to its end" },
    { command: "peanut start web --wait && echo done", description: "In a script: fails unless the run Succeeded" },
  ]),
)

/** `NAME=VALUE` each; the value may be empty, and may have further signs in it. */
export function parseParams(words: readonly string[]): readonly Param[] {
  const params = words.map((word) => {
    const at = word.indexOf("=")
    if (at < 1) throw new CommandError(`--param ${word}: write NAME=VALUE`, exitCodes.badInput)
    return { name: word.slice(0, at), value: word.slice(at + 1) }
  })
  const twice = params.find(({ name }, index) => params.findIndex((other) => other.name === name) < index)
  if (twice !== undefined) throw new CommandError(`--param gives "${twice.name}" twice`, exitCodes.badInput)
  return params
}

/** What the controller would refuse right away is better said before there is an execution. */
async function check(client: Client, name: string, params: readonly Param[]): Promise<void> {
  const pipeline = await client
    .get<PipelineObject>(resources.pipelines, name)
    .catch(async (error: { readonly status?: number }) => {
      if (isMissing(error)) throw await missing(client, "pipeline", name)
      // Who may create executions need not have the right to read pipelines.
      if (error.status === 403) return undefined
      throw error
    })
  if (pipeline === undefined) return
  const whose = { giver: "--param", declarer: `pipeline "${name}"` }
  const problems = findParamProblems(pipeline.spec.params, params, whose)
  if (problems.length > 0) throw new CommandError(problems.join("; "), exitCodes.badInput)
  const valid = conditionOf(pipeline, "Valid")
  if (valid?.status === "False") console.error(`warning: pipeline "${name}" is not valid: ${plain(valid.message)}`)
}
