// Executions and pipelines by their names; where one is not there, the error says which one was probably meant.

import * as Effect from "effect/Effect"
import { apiVersion } from "../api/meta.ts"
import type { Param } from "../api/param.ts"
import { AlreadyExists, type NotFound, type Refused, resources, type Unavailable } from "../cluster/object-api.ts"
import { didYouMean } from "../words/nearest-name.ts"
import type { Client } from "./client.ts"
import { Missing } from "./errors.ts"
import type { ExecutionObject, KubernetesObject, PipelineObject } from "./objects.ts"

/** An error of reading one object by its name. */
export type ReadError = Missing | NotFound | Refused | Unavailable

export const readExecution = (client: Client, name: string): Effect.Effect<ExecutionObject, ReadError> =>
  client
    .get<ExecutionObject>(resources.executions, name)
    .pipe(Effect.catchTag("NotFound", explained(client, "execution", name)))

export const readPipeline = (client: Client, name: string): Effect.Effect<PipelineObject, ReadError> =>
  client
    .get<PipelineObject>(resources.pipelines, name)
    .pipe(Effect.catchTag("NotFound", explained(client, "pipeline", name)))

/** Creates an execution; without a name, under one that begins with the pipeline's. */
export const createExecution = (
  client: Client,
  spec: {
    readonly pipelineName: string
    readonly params?: readonly Param[] | undefined
    readonly rerunOf?: string | undefined
  },
  name: string | undefined,
): Effect.Effect<ExecutionObject, AlreadyExists | NotFound | Refused | Unavailable> =>
  client
    .create<ExecutionObject>(resources.executions, {
      apiVersion,
      kind: resources.executions.kind,
      // The API server puts five random characters behind it.
      metadata: name === undefined ? { generateName: `${spec.pipelineName}-` } : { name },
      spec,
    })
    .pipe(
      Effect.catchTag("AlreadyExists", () =>
        Effect.fail(
          new AlreadyExists({
            message: `there is an execution "${name}" in namespace "${client.namespace}" already`,
          }),
        ),
      ),
    )

/** The error about a name that nothing in the namespace has; where it is the kind that is missing, as it is. */
const explained =
  (client: Client, kind: "execution" | "pipeline", name: string) =>
  (error: NotFound): Effect.Effect<never, Missing | NotFound> => {
    if (error.isUnknownKind) return Effect.fail(error)
    const where = `in namespace "${client.namespace}"`
    return client.list<KubernetesObject>(resources[`${kind}s`]).pipe(
      // Who may read one object by its name need not have the right to list all.
      Effect.orElseSucceed(() => []),
      Effect.flatMap((known) => {
        const meant = didYouMean(
          name,
          known.map(({ metadata }) => metadata.name),
        )
        return Effect.fail(new Missing({ kind, name, message: `there is no ${kind} "${name}" ${where}${meant}` }))
      }),
    )
  }
