// peanut list: the executions or the pipelines of a namespace, or of all.

import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Client } from "../../client/client.ts"
import type { ExecutionObject, KubernetesObject } from "../../client/objects.ts"
import { resources } from "../../cluster/object-api.ts"
import { type CommandError, exitCodes } from "../exit-codes.ts"
import { formatObjects, objectForms } from "../view/output.ts"
import { objectTable } from "../view/table.ts"
import { complain, say } from "../writer.ts"
import { BadUsage } from "./cluster/bad-usage.ts"
import { withCluster } from "./cluster/command.ts"
import { clusterFlags, outputFlag, switchFlag } from "./cluster/flags.ts"

const kinds = ["executions", "pipelines"] as const

export const listCommand = Command.make(
  "list",
  {
    kind: Argument.Literals("kind", kinds).pipe(
      Argument.withDescription("What to list; executions where it is not given"),
      Argument.withDefault("executions" as const),
    ),
    pipeline: Flag.String("pipeline").pipe(
      Flag.withMetavar("NAME"),
      Flag.withDescription("Only the executions of this pipeline"),
      Flag.optional,
    ),
    allNamespaces: switchFlag("all-namespaces", "In all namespaces").pipe(Flag.withAlias("A")),
    output: outputFlag([...objectForms, "wide"]),
    ...clusterFlags,
  },
  ({ kind, pipeline, allNamespaces, output, ...flags }) =>
    withCluster(
      flags,
      Effect.fnUntraced(function* (client): Effect.fn.Return<number, CommandError> {
        const name = Option.getOrUndefined(pipeline)
        if (kind === "pipelines" && name !== undefined) {
          return yield* new BadUsage({ message: "--pipeline chooses among executions" })
        }
        const objects = yield* kind === "pipelines"
          ? pipelines(client, allNamespaces)
          : executions(client, allNamespaces, name)
        if (output !== undefined && output !== "wide") {
          // A list without items is an answer, too; of names there would be an empty line.
          if (objects.length > 0 || output !== "name") say(formatObjects(resources[kind], objects, output))
        } else if (objects.length === 0) {
          complain(allNamespaces ? "No resources found" : `No resources found in ${client.namespace} namespace.`)
        } else {
          const options = { isWide: output === "wide", withNamespace: allNamespaces, nowMillis: Date.now() }
          say(objectTable(resources[kind], objects, options))
        }
        return exitCodes.succeeded
      }),
    ),
).pipe(
  Command.withAlias("ls"),
  Command.withDescription("List the executions, or the pipelines, of the cluster"),
  Command.withExamples([
    { command: "peanut list", description: "The executions of the namespace, the latest last" },
    { command: "peanut list -A --pipeline web -o wide", description: "Those of a pipeline, in all namespaces" },
    { command: "peanut list pipelines", description: "The pipelines, and whether they are valid" },
  ]),
)

/** In the order in which they started. */
function executions(client: Client, everywhere: boolean, pipeline: string | undefined) {
  const started = ({ status, metadata }: ExecutionObject) => status?.startTime ?? metadata.creationTimestamp
  return client
    .list<ExecutionObject>(resources.executions, everywhere ? {} : undefined)
    .pipe(
      Effect.map((all) =>
        all
          .filter(({ spec }) => pipeline === undefined || spec.pipelineName === pipeline)
          .toSorted((a, b) => started(a).localeCompare(started(b)) || byName(a, b)),
      ),
    )
}

function pipelines(client: Client, everywhere: boolean) {
  return client
    .list<KubernetesObject>(resources.pipelines, everywhere ? {} : undefined)
    .pipe(Effect.map((all) => all.toSorted(byName)))
}

function byName({ metadata: a }: KubernetesObject, { metadata: b }: KubernetesObject): number {
  return a.namespace.localeCompare(b.namespace) || a.name.localeCompare(b.name)
}
