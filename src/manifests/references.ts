// What the objects say of each other, over all of them: the types of every pipeline's stages, the pipeline of every
// execution, parameters and references. Each is asked as a run of its own, so that the words are those of `peanut run`.

import { definitionMistakes } from "./definition.ts"
import { giveTo } from "./given.ts"
import type { Loaded } from "./loaded.ts"
import type { Manifest } from "./manifest.ts"
import { listAt, valueAt } from "./plain.ts"
import type { Problem } from "./problem.ts"
import { selectRun } from "./select.ts"

/** Everything that is named and not there, which with `allowMissing` may be in the cluster, or that does not fit. */
export function missingReferences(loaded: Loaded, allowMissing: boolean): readonly Problem[] {
  const all = groupByKind(loaded.manifests)
  const stages = new Map(all.stages.map((stage) => [keyOf(stage.namespace, stage.name), stage]))
  const pipelines = new Map(all.pipelines.map((pipeline) => [keyOf(pipeline.namespace, pipeline.name), pipeline]))
  return [...all.pipelines.flatMap(ofPipeline), ...all.executions.flatMap(ofExecution)]

  function ofPipeline(pipeline: Manifest): readonly Problem[] {
    const found = usedBy(pipeline).map((type) => stages.get(keyOf(pipeline.namespace, type)))
    const used = found.filter((stage) => stage !== undefined)
    if (used.length === found.length) {
      return [
        ...problemsOf([pipeline, ...used], pipeline.name),
        ...definitionMistakes(pipeline, used, loaded.expressions),
      ]
    }
    // The others are needed only to say which is meant.
    return allowMissing ? [] : problemsOf([pipeline, ...all.stages], pipeline.name)
  }

  function ofExecution(execution: Manifest): readonly Problem[] {
    const name = valueAt(execution.object, ["spec", "pipelineName"])
    const pipeline = typeof name === "string" ? pipelines.get(keyOf(execution.namespace, name)) : undefined
    if (pipeline === undefined) return allowMissing ? [] : problemsOf([execution, ...all.pipelines])
    return giveTo({ execution, pipeline, stages: [] }, {}).problems
  }

  /** Nothing, where a part could not be read: what seems to be missing may be there. */
  function problemsOf(manifests: readonly Manifest[], pipeline?: string): readonly Problem[] {
    const found = selectRun({ ...loaded, manifests, problems: [] }, { pipeline })
    return "problems" in found ? found.problems : []
  }
}

function groupByKind(manifests: readonly Manifest[]) {
  const of = (kind: string) => manifests.filter((manifest) => manifest.kind === kind)
  return { stages: of("PeanutStage"), pipelines: of("PeanutPipeline"), executions: of("PeanutPipelineExecution") }
}

const entryLists = ["stages", "finally"] as const

/** The types of a pipeline's stages and of its finally stages, each once. */
function usedBy({ object }: Manifest): readonly string[] {
  const types = entryLists.flatMap((list) => listAt(object, ["spec", list]).map((entry) => valueAt(entry, ["type"])))
  return [...new Set(types)].filter((type) => typeof type === "string")
}

function keyOf(namespace: string, name: string): string {
  return JSON.stringify([namespace, name])
}
