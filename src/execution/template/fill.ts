// Fills a stage's template with the values of its run: parameters, outputs of stages above it, names.

import type { ExecutionPhase, StageStatus } from "../../api/execution.ts"
import { pathText } from "../../api/parts.ts"
import type { PipelineStage } from "../../api/pipeline.ts"
import type { StageSpec } from "../../api/stage.ts"
import { readStage } from "../../api/stage-parts.ts"
import type { AcceptedExecution } from "../accept.ts"
import { combinationAt } from "../matrix.ts"
import { paramValues, type Values } from "../params.ts"
import type { Gate } from "../rules/gate.ts"
import { analysisOf } from "./analysis.ts"
import { findReferences, type Reference, type Replaceable, replaceReferences } from "./references.ts"
import { replaceInTemplate } from "./template.ts"

/** A run as references see it. */
export interface View {
  readonly execution: AcceptedExecution
  readonly statuses: ReadonlyMap<string, StageStatus>
  /** The stages whose failure is ignored. */
  readonly ignoring: ReadonlySet<string>
  /** How the stages before `finally` ended; only stages of `finally` see it. */
  readonly phase?: ExecutionPhase
}

/** What `$(execution.FIELD)` can name. */
export function executionValues({ execution: { metadata }, phase }: View): Values {
  const { name, namespace, uid } = metadata
  return { name, namespace, uid, ...(phase !== undefined && { phase }) }
}

/** What a stage sees as parameters: what its entry gives, of this combination, over its own defaults. */
function paramsOf(entry: PipelineStage, spec: StageSpec, index: number, view: View): Values {
  const runParams = view.execution.status.snapshot.params ?? {}
  const fill = (text: string) => replaceReferences(text, (reference) => resolve(reference, runParams, view) ?? "")
  const given = [
    ...(entry.params ?? []),
    ...Object.entries(combinationAt(entry.matrix, index)).map(([name, value]) => ({ name, value })),
  ]
  return paramValues(
    readStage(spec).spec.params,
    given.map(({ name, value }) => ({ name, value: fill(value) })),
  )
}

/** The template of one Job of a stage, with all its references replaced. */
export function fillTemplate(entry: PipelineStage, spec: StageSpec, index: number, view: View): StageSpec {
  const params = paramsOf(entry, spec, index, view)
  return replaceInTemplate(spec, (reference) => resolve(reference, params, view) ?? "")
}

/** Fails a stage that says what no Job can have; its pipeline was accepted before that was looked for. */
export function checkParts(spec: StageSpec): Gate | undefined {
  const [mistake] = readStage(spec).mistakes
  if (mistake === undefined) return undefined
  return { _tag: "Fail", reason: "StageInvalid", message: `${pathText(mistake.path)}: ${mistake.message}` }
}

/** Fails a stage that needs an output which no stage above it wrote. */
export function checkOutputs(entry: PipelineStage, spec: StageSpec, { statuses }: View): Gate | undefined {
  for (const reference of referencesOf(entry, spec)) {
    if (reference.kind !== "output") continue
    const { stage, key } = reference
    const status = statuses.get(stage)
    if (status?.outputs !== undefined && Object.hasOwn(status.outputs, key)) continue
    const keys = Object.keys(status?.outputs ?? {})
    const wrote = keys.length === 0 ? "which wrote none" : `which wrote ${keys.join(", ")}`
    const why = status?.phase === "Succeeded" ? wrote : `which ${(status?.phase ?? "never ran").toLowerCase()}`
    return { _tag: "Fail", reason: "OutputMissing", message: `it needs output "${key}" of stage "${stage}", ${why}` }
  }
  return undefined
}

/** Every reference that a Job of this stage is made with. */
export function referencesOf(entry: PipelineStage, spec: StageSpec): readonly Reference[] {
  const given = [
    ...(entry.params ?? []).map(({ value }) => value),
    ...(entry.matrix ?? []).flatMap(({ values }) => values),
  ]
  return [...given.flatMap(findReferences), ...analysisOf(spec).references.map(({ reference }) => reference)]
}

/** What a reference stands for, of these parameters and this run. */
export function resolve(reference: Replaceable, params: Values, view: View): string | undefined {
  switch (reference.kind) {
    case "param":
      return own(params, reference.name)
    case "output":
      return own(view.statuses.get(reference.stage)?.outputs ?? {}, reference.key)
    case "execution":
      return own(executionValues(view), reference.field)
  }
}

const own = (values: Values, name: string) => (Object.hasOwn(values, name) ? values[name] : undefined)
