// What of a stage cannot be played on this machine. It is told before anything starts: half a run is worse than none.

import { stageContainerName } from "../../api/stage.ts"
import type { Runner } from "../../cluster/local.ts"
import { effective, job, pod } from "../../manifests/effective.ts"
import { approvedIn } from "../../manifests/given.ts"
import { type Manifest, problemOf } from "../../manifests/manifest.ts"
import type { Finding } from "../../manifests/path.ts"
import { entriesOf } from "../../manifests/pipeline.ts"
import { isObject, type JsonObject, listAt, valueAt } from "../../manifests/plain.ts"
import type { Problem } from "../../manifests/problem.ts"
import type { Run } from "../../manifests/select.ts"
import { fieldName } from "../../manifests/words.ts"
import { quoted } from "../../words/phrases.ts"
import { commandMistakes, messageMistakes } from "./command.ts"
import { engineMistakes } from "./engine.ts"
import { type Environment, findProgram } from "./program.ts"

/** Fields of a Job that only the Job controller can do; completions and parallelism are played. */
const clusterFields = ["successPolicy", "backoffLimitPerIndex", "maxFailedIndexes", "managedBy"] as const

/** Everything that keeps this run from being played here by this runner. */
export function checkPlayable(run: Run, runner: Runner, environment: Environment): readonly Problem[] {
  const stages = run.stages.flatMap((stage) => {
    const needed = [
      ...clusterMistakes(stage),
      ...(runner === "process"
        ? [...commandMistakes(stage, environment), ...messageMistakes(stage)]
        : engineMistakes(stage)),
    ]
    return needed.map((finding) => problemOf(stage, finding)).toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
  })
  return [...runnerMistakes(runner, environment), ...executionMistakes(run.execution), ...stages]
}

/** The stages that would wait for an approval for ever, as nobody can be asked. */
export function approvalMistakes({ execution, pipeline }: Run): readonly Problem[] {
  const approved = new Set(approvedIn(execution))
  return entriesOf(pipeline.object).flatMap(({ stage: { name }, path, value }) => {
    if (value.approval !== true || approved.has(name)) return []
    const message = `stage ${quoted(name)} waits for an approval, and there is no terminal to ask at; use --approve ${shellWord(name)}, or --approve-all`
    return [problemOf(pipeline, { path: [...path, "approval"], message })]
  })
}

/** As it is typed in a shell. */
function shellWord(text: string): string {
  return /^[\w.,:/@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function runnerMistakes(runner: Runner, environment: Environment): readonly Problem[] {
  if (runner === "process" || findProgram(runner, environment) === "found") return []
  const message = `--runner ${runner}: there is no program "${runner}" in PATH; install it, or use --runner process`
  return [{ message }]
}

function executionMistakes(execution: Manifest): readonly Problem[] {
  const at = (field: string) => ({ path: ["spec", field], value: valueAt(execution.object, ["spec", field]) })
  const suspend = at("suspend")
  const rerunOf = at("rerunOf")
  return [
    ...(suspend.value === true
      ? [{ path: suspend.path, message: "spec.suspend holds the run, and nothing would end it; remove it" }]
      : []),
    ...(rerunOf.value === undefined
      ? []
      : [
          {
            path: rerunOf.path,
            message: `spec.rerunOf names an execution that only a cluster remembers; remove it, and all stages run`,
          },
        ]),
  ].map((finding) => problemOf(execution, finding))
}

function clusterMistakes({ object }: Manifest): readonly Finding[] {
  const fields = [
    ...clusterFields.map((field) => [...job, field]).filter((path) => valueAt(object, path) !== undefined),
    ...[[...job, "podFailurePolicy"]].filter((path) => !isAboutDisruptions(valueAt(object, path))),
    ...[[...job, "suspend"]].filter((path) => valueAt(object, path) === true),
    ...[[...pod, "volumes"]].filter((path) => listAt(object, path).length > 0),
  ].map((path) => ({ path, message: `${fieldName(path)} is not played without a cluster` }))
  return [...fields, ...helperMistakes(object), ...environmentMistakes(object)]
}

/** No pod of this machine is ever disrupted, so such a policy changes nothing. */
function isAboutDisruptions(policy: unknown): boolean {
  if (policy === undefined) return true
  const rules = listAt(policy, ["rules"])
  const conditions = rules.map((rule) => listAt(rule, ["onPodConditions"]))
  return (
    rules.length > 0 &&
    rules.every((rule) => isObject(rule) && rule.onExitCodes === undefined) &&
    conditions.every((list) => list.length > 0 && list.every((it) => valueAt(it, ["type"]) === "DisruptionTarget"))
  )
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
