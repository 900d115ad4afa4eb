// What of a stage cannot be played on this machine. It is told before anything starts: half a run is worse than none.

import { stageContainerName } from "../../api/stage.ts"
import type { Runner } from "../../cluster/local.ts"
import { commandMistakes } from "./command.ts"
import { effective, job, pod } from "./effective.ts"
import { type Finding, type Manifest, problemOf } from "./manifest.ts"
import { isObject, type JsonObject, listAt, valueAt } from "./plain.ts"
import type { Problem } from "./problem.ts"
import { type Environment, findProgram } from "./program.ts"
import type { Run } from "./select.ts"
import { fieldName, quoted } from "./words.ts"

/** Fields of a Job that only the Job controller can do; completions and parallelism are played. */
const clusterFields = [
  "podFailurePolicy",
  "successPolicy",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
  "managedBy",
] as const

/** Everything that keeps this run from being played here by this runner. */
export function checkPlayable(run: Run, runner: Runner, environment: Environment): readonly Problem[] {
  const stages = run.stages.flatMap((stage) => {
    const needed = [...clusterMistakes(stage), ...(runner === "process" ? commandMistakes(stage, environment) : [])]
    return needed.map((finding) => problemOf(stage, finding)).toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
  })
  return [...runnerMistakes(runner, environment), ...suspended(run.execution), ...stages]
}

function runnerMistakes(runner: Runner, environment: Environment): readonly Problem[] {
  if (runner === "process" || findProgram(runner, environment) === "found") return []
  const message = `--runner ${runner}: there is no program "${runner}" in PATH; install it, or use --runner process`
  return [{ message }]
}

function suspended(execution: Manifest): readonly Problem[] {
  const path = ["spec", "suspend"]
  if (valueAt(execution.object, path) !== true) return []
  return [problemOf(execution, { path, message: "spec.suspend holds the run, and nothing would end it; remove it" })]
}

function clusterMistakes({ object }: Manifest): readonly Finding[] {
  const fields = [
    ...clusterFields.map((field) => [...job, field]).filter((path) => valueAt(object, path) !== undefined),
    ...[[...job, "suspend"]].filter((path) => valueAt(object, path) === true),
    ...[[...pod, "volumes"]].filter((path) => listAt(object, path).length > 0),
  ].map((path) => ({ path, message: `${fieldName(path)} is not played without a cluster` }))
  return [...fields, ...helperMistakes(object), ...environmentMistakes(object)]
}

function helperMistakes(object: JsonObject): readonly Finding[] {
  return ["initContainers", "containers"].flatMap((field) =>
    listAt(object, [...pod, field]).flatMap((container, index) => {
      const name = valueAt(container, ["name"])
      if (field === "containers" && name === stageContainerName) return []
      const message = `container "${name}" is not played without a cluster, only container "${stageContainerName}" is`
      return [{ path: [...pod, field, index], message }]
    }),
  )
}

/** What Kubernetes would read from elsewhere; where that is optional, it counts as absent. */
function environmentMistakes(object: JsonObject): readonly Finding[] {
  const env = effective(object, "env")
  const envFrom = effective(object, "envFrom")
  const reads = (source: JsonObject) => {
    const advice = isObject(source.fieldRef) || isObject(source.resourceFieldRef) ? "" : ", or make it optional"
    return `reads ${sourceName(source)}, which there is none of without a cluster; give a value${advice}`
  }
  return [
    ...env.list.flatMap((variable, index) => {
      const source = valueAt(variable, ["valueFrom"])
      if (!isObject(source) || isOptional(source)) return []
      const message = `variable ${quoted(String(valueAt(variable, ["name"])))} ${reads(source)}`
      return [{ path: [...env.path, index, "valueFrom"], message }]
    }),
    ...envFrom.list.flatMap((source, index) => {
      if (!isObject(source) || isOptional(source)) return []
      return [{ path: [...envFrom.path, index], message: `envFrom ${reads(source)}` }]
    }),
  ]
}

function isOptional(source: JsonObject): boolean {
  return Object.values(source).some((reference) => valueAt(reference, ["optional"]) === true)
}

function sourceName(source: JsonObject): string {
  if (source.secretKeyRef !== undefined || source.secretRef !== undefined) return "a Secret"
  if (source.configMapKeyRef !== undefined || source.configMapRef !== undefined) return "a ConfigMap"
  if (source.fieldRef !== undefined || source.resourceFieldRef !== undefined) return "a field of its pod"
  return "a source"
}
