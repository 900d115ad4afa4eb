// peanut start: an execution of a pipeline of the cluster.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Param } from "../../api/param.ts"
import type { Client } from "../../client/client.ts"
import { isForbidden } from "../../client/errors.ts"
import { readPipeline } from "../../client/executions.ts"
import { conditionOf } from "../../client/objects.ts"
import { findParamProblems } from "../../execution/params.ts"
import { plain } from "../../words/safe.ts"
import type { CommandError } from "../exit-codes.ts"
import { objectForms } from "../view/output.ts"
import { complain } from "../writer.ts"
import { BadUsage } from "./cluster/bad-usage.ts"
import { withCluster } from "./cluster/command.ts"
import { createAndFollow } from "./cluster/created.ts"
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
    withCluster(
      options,
      Effect.fnUntraced(function* (client): Effect.fn.Return<number, CommandError> {
        const params = yield* parseParams(param)
        yield* check(client, pipeline, params)
        const spec = { pipelineName: pipeline, ...(params.length > 0 && { params }) }
        return yield* createAndFollow(client, spec, { ...options, name: Option.getOrUndefined(name) })
      }),
    ),
).pipe(
  Command.withDescription("Start an execution of a pipeline of the cluster"),
  Command.withExamples([
    { command: "peanut start web", description: "Start it, and print the name of the execution" },
    { command: "peanut start web -p version=1.2 --watch", description: "With a parameter, and look on to its end" },
    { command: "peanut start web --wait && echo done", description: "In a script: fails unless the run Succeeded" },
  ]),
)

/** `NAME=VALUE` each; the value may be empty, and may have further signs in it. */
const parseParams = Effect.fnUntraced(function* (
  words: readonly string[],
): Effect.fn.Return<readonly Param[], BadUsage> {
  const params: Param[] = []
  for (const word of words) {
    const at = word.indexOf("=")
    if (at < 1) return yield* new BadUsage({ message: `--param ${word}: write NAME=VALUE` })
    const name = word.slice(0, at)
    if (params.some((other) => other.name === name)) {
      return yield* new BadUsage({ message: `--param gives "${name}" twice` })
    }
    params.push({ name, value: word.slice(at + 1) })
  }
  return params
})

/** What the controller would refuse right away is better said before there is an execution. */
const check = Effect.fnUntraced(function* (
  client: Client,
  name: string,
  params: readonly Param[],
): Effect.fn.Return<void, CommandError> {
  const pipeline = yield* readPipeline(client, name).pipe(
    // Who may create executions need not have the right to read pipelines.
    Effect.catchIf(isForbidden, () => Effect.succeed(undefined)),
  )
  if (pipeline === undefined) return
  const whose = { giver: "--param", declarer: `pipeline "${name}"` }
  const problems = findParamProblems(pipeline.spec.params, params, whose)
  if (problems.length > 0) return yield* new BadUsage({ message: problems.join("; ") })
  const valid = conditionOf(pipeline, "Valid")
  if (valid?.status === "False") complain(`warning: pipeline "${name}" is not valid: ${plain(valid.message)}`)
})
