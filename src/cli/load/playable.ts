// What of a stage cannot be played on this machine. It is told before anything starts: half a run is worse than none.

import { stageContainerName } from "../../api/stage.ts"
import { type Finding, type Manifest, type Path, problemOf } from "./manifest.ts"
import { isObject, type JsonObject, listAt, valueAt } from "./plain.ts"
import type { Problem } from "./problem.ts"
import { type Environment, findProgram, nearestProgram } from "./program.ts"
import type { Run } from "./select.ts"
import { fieldName, quoted } from "./words.ts"

export type Runner = "process" | "docker" | "podman"

const job: Path = ["spec", "jobTemplate", "spec"]
const pod: Path = [...job, "template", "spec"]

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
  const refused = (path: Path, message: string) => [{ path, message }]
  return [
    ...clusterFields.flatMap((field) => {
      const path = [...job, field]
      return valueAt(object, path) === undefined
        ? []
        : refused(path, `${fieldName(path)} is not played without a cluster`)
    }),
    ...(valueAt(object, [...job, "suspend"]) === true
      ? refused([...job, "suspend"], `${fieldName([...job, "suspend"])} is not played without a cluster`)
      : []),
    ...["initContainers", "containers"].flatMap((field) =>
      listAt(object, [...pod, field]).flatMap((container, index) => {
        const name = valueAt(container, ["name"])
        if (field === "containers" && name === stageContainerName) return []
        const message = `container "${name}" is not played without a cluster, only container "${stageContainerName}" is`
        return refused([...pod, field, index], message)
      }),
    ),
    ...(listAt(object, [...pod, "volumes"]).length > 0
      ? refused([...pod, "volumes"], `${fieldName([...pod, "volumes"])} are not played without a cluster`)
      : []),
    ...environmentMistakes(object),
  ]
}

/** What Kubernetes would read from elsewhere; where that is optional, it counts as absent. */
function environmentMistakes(object: JsonObject): readonly Finding[] {
  const env = effective(object, "env")
  const envFrom = effective(object, "envFrom")
  const advice = "which there is none of without a cluster; give a value, or make it optional"
  return [
    ...env.list.flatMap((variable, index) => {
      const source = valueAt(variable, ["valueFrom"])
      if (!isObject(source) || isOptional(source)) return []
      const message = `variable ${quoted(String(valueAt(variable, ["name"])))} reads ${sourceName(source)}, ${advice}`
      return [{ path: [...env.path, index, "valueFrom"], message }]
    }),
    ...envFrom.list.flatMap((source, index) => {
      if (!isObject(source) || isOptional(source)) return []
      return [{ path: [...envFrom.path, index], message: `envFrom reads ${sourceName(source)}, ${advice}` }]
    }),
  ]
}

function isOptional(source: JsonObject): boolean {
  return Object.values(source).some((reference) => valueAt(reference, ["optional"]) === true)
}

function sourceName(source: JsonObject): string {
  if (source.secretKeyRef !== undefined || source.secretRef !== undefined) return "a Secret"
  if (source.configMapKeyRef !== undefined || source.configMapRef !== undefined) return "a ConfigMap"
  return "a field of its pod"
}

function commandMistakes({ object }: Manifest, environment: Environment): readonly Finding[] {
  const { path, list: command } = effective(object, "command")
  const program = command[0]
  if (typeof program !== "string" || program === "") {
    const message =
      "the image is not used with --runner process, so its entry point is unknown; set spec.command, or use --runner docker"
    return [{ path: command.length === 0 ? ["spec"] : path, message }]
  }
  // Kubernetes replaces such references when the container starts.
  if (program.includes("$(")) return []
  const own = effective(object, "env").list.findLast((variable) => valueAt(variable, ["name"]) === "PATH")
  const PATH = valueAt(own, ["value"])
  const seen = typeof PATH === "string" ? { ...environment, PATH } : environment
  const at = [...path, 0]
  switch (findProgram(program, seen)) {
    case "found":
      return []
    case "not executable":
      return [
        {
          path: at,
          message: `program ${quoted(program)} is not executable; run chmod +x on it, or name its interpreter first`,
        },
      ]
    case "missing":
      return [{ path: at, message: missingProgram(program, seen) }]
  }
}

function missingProgram(program: string, environment: Environment): string {
  const words = program.trim().split(/\s+/)
  const message = `there is no program ${quoted(program)}${program.includes("/") ? "" : " in PATH"}`
  if (words.length > 1) return `${message}; a command is a list of words: ${JSON.stringify(words)}`
  return message + (nearestProgram(program, environment) || "; install it, or use --runner docker")
}

/** A list that the short form sets or else the stage's own container does, and where it is. */
function effective(object: JsonObject, field: string): { readonly path: Path; readonly list: readonly unknown[] } {
  const short = ["spec", field]
  if (valueAt(object, short) !== undefined) return { path: short, list: listAt(object, short) }
  const containers = [...pod, "containers"]
  const own = listAt(object, containers).findIndex((container) => valueAt(container, ["name"]) === stageContainerName)
  const path = own < 0 ? short : [...containers, own, field]
  return { path, list: listAt(object, path) }
}
