// Which run is meant, of all that the manifests hold: an execution, its pipeline, and the stages it uses.

import { apiVersion } from "../api/meta.ts"
import { didYouMean } from "../words/nearest-name.ts"
import { orList, quoted } from "../words/phrases.ts"
import type { Loaded } from "./loaded.ts"
import { type Manifest, problemOf } from "./manifest.ts"
import { entriesOf, typeMistakes } from "./pipeline.ts"
import { valueAt } from "./plain.ts"
import { type Problem, sortProblems } from "./problem.ts"

/** What `--pipeline` and `--execution` name. */
export interface Choice {
  readonly pipeline?: string | undefined
  readonly execution?: string | undefined
}

export interface Run {
  /** As given, or made up for `--pipeline`. */
  readonly execution: Manifest
  readonly pipeline: Manifest
  /** Those that the pipeline uses, each once. */
  readonly stages: readonly Manifest[]
}

/** The run to do, or all that is wrong with the manifests and the choice together. */
export function selectRun(loaded: Loaded, choice: Choice): { run: Run } | { problems: readonly Problem[] } {
  // What is said to be missing may be in what could not be read.
  if (!loaded.isWhole) return { problems: loaded.problems }
  const found = select(loaded, choice)
  if ("run" in found && loaded.problems.length === 0) return found
  const own = "run" in found ? [] : found.problems
  return { problems: sortProblems([...loaded.problems, ...own], loaded.files) }
}

type Found<T> = T | { readonly problems: readonly Problem[] }

function select(loaded: Loaded, choice: Choice): Found<{ run: Run }> {
  const chosen = chooseExecution(loaded, choice)
  if ("problems" in chosen) return chosen
  const { execution } = chosen
  const pipelineName = valueAt(execution.object, ["spec", "pipelineName"])
  // A mistake in the execution itself has been told.
  if (typeof pipelineName !== "string") return { problems: [] }
  const pipelines = loaded.manifests.filter(({ kind }) => kind === "PeanutPipeline")
  const pipeline = pipelines.find((it) => it.name === pipelineName && it.namespace === execution.namespace)
  if (pipeline === undefined) {
    const message = missingPipeline(pipelineName, execution.namespace, pipelines, loaded)
    return { problems: [problemOf(execution, { path: ["spec", "pipelineName"], message })] }
  }
  const stages = loaded.manifests.filter(({ kind }) => kind === "PeanutStage")
  const here = new Map(stages.filter((it) => it.namespace === pipeline.namespace).map((it) => [it.name, it]))
  const missing = typeMistakes(pipeline.object, pipeline.name, new Set(here.keys()))
  if (missing.length > 0) {
    return {
      problems: missing.map(({ path, message, type }) =>
        problemOf(pipeline, { path, message: message + elsewhere(type, stages, pipeline.namespace) }),
      ),
    }
  }
  const used = new Set(entriesOf(pipeline.object).map(({ stage }) => stage.type))
  return { run: { execution, pipeline, stages: [...here.values()].filter(({ name }) => used.has(name)) } }
}

function chooseExecution({ manifests, paths }: Loaded, choice: Choice): Found<{ execution: Manifest }> {
  const executions = manifests.filter(({ kind }) => kind === "PeanutPipelineExecution")
  const pipelines = manifests.filter(({ kind }) => kind === "PeanutPipeline")
  const where = orList(paths)
  if (choice.pipeline !== undefined && choice.execution !== undefined) {
    return wrong("--pipeline and --execution each say what to run; leave out one")
  }
  if (choice.pipeline !== undefined) {
    const found = named("PeanutPipeline", "--pipeline", choice.pipeline, pipelines, where)
    return "problems" in found ? found : { execution: executionOf(found.manifest) }
  }
  if (choice.execution !== undefined) {
    const found = named("PeanutPipelineExecution", "--execution", choice.execution, executions, where)
    return "problems" in found ? found : { execution: found.manifest }
  }
  if (executions.length === 1) return { execution: executions[0]! }
  if (executions.length > 1) {
    return wrong(
      `there are ${executions.length} executions in ${where}; choose one with ${options("--execution", executions)}`,
    )
  }
  if (pipelines.length === 0) return wrong(`there is no PeanutPipeline in ${where}; give the file that has one`)
  return wrong(
    `there is no PeanutPipelineExecution in ${where}; run a pipeline with ${options("--pipeline", pipelines)}`,
  )
}

function named(
  kind: string,
  option: string,
  name: string,
  known: readonly Manifest[],
  where: string,
): Found<{ manifest: Manifest }> {
  const found = known.filter((manifest) => manifest.name === name)
  if (found.length === 1) return { manifest: found[0]! }
  if (found.length > 1) {
    const namespaces = found.map(({ namespace }) => quoted(namespace)).join(" and ")
    return wrong(`${option}: there is a ${kind} "${name}" in namespaces ${namespaces}; give the files of one alone`)
  }
  const names = known.map((manifest) => manifest.name)
  const advice = didYouMean(name, names) || (names.length === 0 ? "" : `; use ${options(option, known)}`)
  return wrong(`${option}: there is no ${kind} "${name}" in ${where}${advice}`)
}

/** The execution that `kubectl create` would be given to run this pipeline; to messages it stands where the pipeline does. */
function executionOf({ name: pipelineName, namespace, where }: Manifest): Manifest {
  const kind = "PeanutPipelineExecution"
  const name = `${pipelineName.slice(0, 249)}-run`
  const object = { apiVersion, kind, metadata: { name, namespace }, spec: { pipelineName } }
  return { kind, namespace, name, object, where, lineOf: () => where.line }
}

function missingPipeline(name: string, namespace: string, pipelines: readonly Manifest[], { paths }: Loaded): string {
  if (pipelines.length === 0) return `there is no PeanutPipeline "${name}" in ${orList(paths)}; give its file too`
  const away = elsewhere(name, pipelines, namespace)
  const names = pipelines.filter((it) => it.namespace === namespace).map((it) => it.name)
  if (names.length === 0 && away === "") {
    return `there is no PeanutPipeline "${name}" in namespace "${namespace}" of ${orList(paths)}; give its file too`
  }
  return `there is no PeanutPipeline "${name}"${away || didYouMean(name, names) || `, but ${names.map(quoted).join(", ")}`}`
}

/** A run, as on a cluster, uses only what is in its own namespace. */
function elsewhere(name: string, manifests: readonly Manifest[], namespace: string): string {
  const other = manifests.find((it) => it.name === name && it.namespace !== namespace)
  return other === undefined
    ? ""
    : `; there is one in namespace "${other.namespace}", but this run is in "${namespace}"`
}

/** `--pipeline web or --pipeline api`; the first few, so that the message stays one that people read. */
function options(option: string, manifests: readonly Manifest[]): string {
  const names = [...new Set(manifests.map(({ name }) => name))]
  const shown = names.slice(0, 5).map((name) => `${option} ${name}`)
  return orList(names.length > 5 ? [...shown, `one of ${names.length - 5} more`] : shown)
}

function wrong(message: string): { readonly problems: readonly Problem[] } {
  return { problems: [{ message }] }
}
