// Which pipeline to draw, of all that the manifests hold.

import { didYouMean } from "../words/nearest-name.ts"
import { orList, quoted } from "../words/phrases.ts"
import type { Loaded } from "./loaded.ts"
import type { Manifest } from "./manifest.ts"
import { valueAt } from "./plain.ts"
import type { Problem } from "./problem.ts"

type Chosen = { readonly pipeline: Manifest } | { readonly problems: readonly Problem[] }

/** The pipeline of this name; without a name the only one, or the one that the only execution runs. */
export function choosePipeline({ manifests, paths }: Loaded, name?: string): Chosen {
  const where = orList(paths)
  const all = manifests.filter(({ kind }) => kind === "PeanutPipeline")
  if (all.length === 0) return wrong(`there is no PeanutPipeline in ${where}; give the file that has one`)
  if (name === undefined) {
    const found = all.length === 1 ? all : executed(manifests, all)
    if (found.length === 1) return { pipeline: found[0]! }
    return wrong(`there are ${all.length} pipelines in ${where}; choose one with ${options(all)}`)
  }
  const found = all.filter((pipeline) => pipeline.name === name)
  if (found.length === 1) return { pipeline: found[0]! }
  if (found.length > 1) {
    const namespaces = found.map(({ namespace }) => quoted(namespace)).join(" and ")
    return wrong(
      `--pipeline: there is a PeanutPipeline "${name}" in namespaces ${namespaces}; give the file of one alone`,
    )
  }
  const names = all.map((pipeline) => pipeline.name)
  const advice = didYouMean(name, names) || `; use ${options(all)}`
  return wrong(`--pipeline: there is no PeanutPipeline "${name}" in ${where}${advice}`)
}

function executed(manifests: readonly Manifest[], pipelines: readonly Manifest[]): readonly Manifest[] {
  const executions = manifests.filter(({ kind }) => kind === "PeanutPipelineExecution")
  const [execution] = executions
  if (execution === undefined || executions.length > 1) return []
  const name = valueAt(execution.object, ["spec", "pipelineName"])
  return pipelines.filter((pipeline) => pipeline.name === name && pipeline.namespace === execution.namespace)
}

/** The first few, so that the message stays one that people read. */
function options(pipelines: readonly Manifest[]): string {
  const names = [...new Set(pipelines.map(({ name }) => `--pipeline ${name}`))]
  return orList(names.length > 5 ? [...names.slice(0, 5), `one of ${names.length - 5} more`] : names)
}

function wrong(message: string): Chosen {
  return { problems: [{ message }] }
}
