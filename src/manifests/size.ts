// The last question before a run begins: whether the controller would accept it. What it says no to by now is size.

import { type Execution, executionSpec } from "../api/execution.ts"
import { apiVersion, objectMeta, timestamp } from "../api/meta.ts"
import { pipelineSpec } from "../api/pipeline.ts"
import { stageSpec } from "../api/stage.ts"
import { accept } from "../execution/accept.ts"
import { type Manifest, problemOf } from "./manifest.ts"
import type { Problem } from "./problem.ts"
import type { Run } from "./select.ts"

/** Why the controller would refuse this run, if it would. */
export function sizeMistakes({ execution, pipeline, stages }: Run): readonly Problem[] {
  const status = accept(
    { apiVersion, ...objectOf(execution), spec: executionSpec.parse(execution.object.spec) } as Execution,
    {
      pipeline: { ...objectOf(pipeline), spec: pipelineSpec.parse(pipeline.object.spec) },
      stages: new Map(
        stages.map((stage) => [stage.name, { ...objectOf(stage), spec: stageSpec.parse(stage.object.spec) }]),
      ),
    },
    timestamp(0),
  )
  if (status.phase !== "Failed") return []
  const { message = "" } = status.conditions?.find(({ type }) => type === "Succeeded") ?? {}
  return [problemOf(pipeline, { path: [], message })]
}

/** As it will be in the store, but for what the store makes up. */
function objectOf({ name, namespace, object }: Manifest) {
  const { labels, annotations } = (object.metadata ?? {}) as Record<string, unknown>
  const stored = { uid: "", resourceVersion: "", creationTimestamp: timestamp(0) }
  return { metadata: objectMeta.parse({ name, namespace, ...stored, labels, annotations }) }
}
