// One document to the objects in it: is it one of Peanut's, and does it say what its kind may say?

import { apiVersion, group } from "../api/meta.ts"
import { pathText } from "../api/parts.ts"
import { type StageSpec, stageContainerName, stageSpec } from "../api/stage.ts"
import { readStage } from "../api/stage-parts.ts"
import { findWeightProblem } from "../execution/stage-weight.ts"
import { didYouMean, nearestName } from "../words/nearest-name.ts"
import { quoted } from "../words/phrases.ts"
import type { WrittenDocument } from "./documents.ts"
import { called, type Manifest } from "./manifest.ts"
import type { Finding } from "./path.ts"
import { graphMistakes } from "./pipeline.ts"
import { isObject, type JsonObject, listAt, valueAt } from "./plain.ts"
import type { Problem } from "./problem.ts"
import { schemas } from "./schema.ts"
import { shapeMistakes, withoutNulls } from "./shape.ts"
import { described, fieldName } from "./words.ts"

export interface ReadObject {
  readonly manifest?: Manifest
  /** Whether it cannot be told which object it is; it may be the one that another misses. */
  readonly isUnknown?: boolean
  readonly problems: readonly Problem[]
}

/** The object in a document, or the objects of a List. */
export function readObjects(file: string, document: WrittenDocument): readonly ReadObject[] {
  const { value, lineOf } = document
  if (!isObject(value) || typeof value.kind !== "string" || !isListKind(value.kind)) return [readObject(file, document)]
  if (value.items !== null && !Array.isArray(value.items)) {
    const message = `items must be a list of objects, but is ${described(value.items)}`
    return [{ isUnknown: true, problems: [{ file, line: lineOf(["items"]), object: value.kind, message }] }]
  }
  return listAt(value, ["items"]).map((item, index) =>
    readObject(file, { value: item, lineOf: (path) => lineOf(["items", index, ...path]) }),
  )
}

/** What `kubectl get -o yaml` prints for several objects. */
function isListKind(kind: string): boolean {
  return kind === "List" || (kind.endsWith("List") && schemas.has(kind.slice(0, -"List".length)))
}

function readObject(file: string, { value, lineOf }: WrittenDocument): ReadObject {
  const line = lineOf([])
  if (!isObject(value)) {
    const message = `must be an object with apiVersion, kind, metadata and spec, but is ${described(value)}`
    return { isUnknown: true, problems: [{ file, line, message }] }
  }
  const { kind } = value
  const name = valueAt(value, ["metadata", "name"])
  const namespace = valueAt(value, ["metadata", "namespace"]) ?? "default"
  const isNamed = typeof name === "string" && name !== ""
  const object = typeof kind !== "string" ? undefined : isNamed ? called(kind, name) : kind
  const problemsOf = (findings: readonly Finding[]): readonly Problem[] =>
    findings.map(({ path, message }) => ({ file, line: lineOf(path), ...(object && { object }), message }))

  const identity = identityMistakes(value)
  const schema = typeof kind === "string" ? schemas.get(kind) : undefined
  if (typeof kind !== "string" || schema === undefined)
    return { isUnknown: !isForeign(value), problems: problemsOf(identity) }
  const ofShape = shapeMistakes(value, schema)
  const problems = problemsOf([
    ...identity,
    ...ofShape.map((finding) => withAdvice(finding, value)),
    ...(kind === "PeanutStage"
      ? [...imageMistakes(value), ...partMistakes(value, ofShape), ...weightMistakes(value)]
      : []),
    ...(kind === "PeanutPipeline" ? graphMistakes(value) : []),
    ...(kind === "PeanutPipelineExecution" ? rerunMistakes(value) : []),
  ])
  if (!isNamed || typeof namespace !== "string") return { isUnknown: true, problems }
  const { status: _, ...kept } = withoutNulls(value, schema) as JsonObject
  return { manifest: { kind, namespace, name, object: kept, where: { file, line }, lineOf }, problems }
}

function identityMistakes(value: JsonObject): readonly Finding[] {
  const { apiVersion: written, kind } = value
  const kinds = [...schemas.keys()]
  if (kind === undefined || kind === null) {
    return [{ path: [], message: `kind is missing; Peanut runs ${kinds.join(", ")}` }]
  }
  if (typeof kind !== "string") return [{ path: ["kind"], message: `kind must be text, but is ${described(kind)}` }]
  if (!schemas.has(kind)) {
    if (!isForeign(value)) {
      const near = didYouMean(kind, kinds)
      return [{ path: ["kind"], message: `there is no kind ${quoted(kind)}${near || `, but ${kinds.join(", ")}`}` }]
    }
    const said = typeof written === "string" ? ` of ${quoted(written)}` : ""
    const message = `kind ${quoted(kind)}${said} means nothing without a cluster; leave it out: Peanut runs ${kinds.join(", ")}`
    return [{ path: ["kind"], message }]
  }
  if (written === apiVersion) return []
  if (written === undefined || written === null) {
    return [{ path: [], message: `apiVersion is missing; write apiVersion: ${apiVersion}` }]
  }
  const is = typeof written === "string" ? quoted(written) : described(written)
  return [{ path: ["apiVersion"], message: `apiVersion must be "${apiVersion}", but is ${is}` }]
}

/** Whether it is certainly an object of somebody else: neither our group nor a slip in one of our kinds. */
function isForeign({ apiVersion, kind }: JsonObject): boolean {
  const isOurs = typeof apiVersion === "string" && apiVersion.split("/")[0] === group
  return !isOurs && typeof kind === "string" && nearestName(kind, schemas.keys()) === undefined
}

/** What helps with a mistake in a field beyond what its schema knows. */
function withAdvice({ path, message }: Finding, value: JsonObject): Finding {
  const field = fieldName(path)
  if (message === "metadata.name is missing" && valueAt(value, ["metadata", "generateName"]) !== undefined) {
    return { path: ["metadata", "generateName"], message: `${message}; only a cluster can generate one` }
  }
  const text = valueAt(value, path)
  if (field !== "metadata.name" || typeof text !== "string") return { path, message }
  const valid = text
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
  return { path, message: valid === "" || valid.length > 253 ? message : `${message}; try "${valid}"` }
}

/** The rule of PeanutPipelineExecution that its CRD states in CEL. */
function rerunMistakes(value: JsonObject): readonly Finding[] {
  const isSet = (field: string) => (valueAt(value, ["spec", field]) ?? null) !== null
  if (!isSet("rerunOf") || !isSet("params")) return []
  const message =
    "spec.params and spec.rerunOf exclude each other: a rerun takes the parameters of the run that it repeats"
  return [{ path: ["spec", "params"], message }]
}

/** What in the parts that the schema leaves open is of a type that no Job takes. */
function partMistakes({ spec }: JsonObject, told: readonly Finding[]): readonly Finding[] {
  if (!isObject(spec)) return []
  const known = new Set(told.map(({ path }) => JSON.stringify(path)))
  return readStage(spec as StageSpec)
    .mistakes.map(({ path, message }) => ({ path: ["spec", ...path], message: `spec.${pathText(path)}: ${message}` }))
    .filter(({ path }) => !known.has(JSON.stringify(path)))
}

/** How large a PeanutStage may be, which its CRD limits in part. */
function weightMistakes({ spec }: JsonObject): readonly Finding[] {
  const parsed = stageSpec.safeParse(spec).data
  const message = parsed && findWeightProblem(parsed)
  return message === undefined ? [] : [{ path: ["spec"], message }]
}

/** The rule of PeanutStage that its CRD states in CEL. */
function imageMistakes(value: JsonObject): readonly Finding[] {
  const containers = listAt(value, ["spec", "jobTemplate", "spec", "template", "spec", "containers"])
  const own = containers.find((container) => valueAt(container, ["name"]) === stageContainerName)
  const isSet = (image: unknown) => image !== undefined && image !== null
  if (!isObject(value.spec) || isSet(value.spec.image) || isSet(valueAt(own, ["image"]))) return []
  const message = `spec.image is missing; set it, or the image of container "${stageContainerName}" in spec.jobTemplate`
  return [{ path: ["spec"], message }]
}
