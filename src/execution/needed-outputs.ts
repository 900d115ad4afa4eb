// Which stages' outputs a run needs: those that another stage names in its template, parameters, matrix or `when`.

import type { Snapshot } from "../api/execution.ts"
import type { PipelineStage } from "../api/pipeline.ts"
import { outputsReadIn } from "./rules/when.ts"
import { analysisOf } from "./template/analysis.ts"
import { findReferences, type Reference } from "./template/references.ts"

/** A stage that needs the outputs of the one of this name, if any does. The run is read at the first question, and once. */
export function findNeeders(snapshot: Snapshot): (stage: string) => string | undefined {
  let needers: ReadonlyMap<string, string> | undefined
  return (stage) => {
    needers ??= needersIn(snapshot)
    return needers.get(stage)
  }
}

function needersIn({ stages, finally: atEnd = [], stageSpecs }: Snapshot): ReadonlyMap<string, string> {
  const needers = new Map<string, string>()
  const add = (source: string, needer: string) => void (needers.has(source) || needers.set(source, needer))
  // Many stages may be of one type.
  const ofTypes = new Map(
    Object.entries(stageSpecs).map(([type, spec]) => [
      type,
      sourcesOf(analysisOf(spec).references.map(({ reference }) => reference)),
    ]),
  )
  for (const { name, type, params = [], matrix = [], when = "" } of [...stages, ...atEnd]) {
    const given = [...params.map(({ value }) => value), ...matrix.flatMap(({ values }) => values)]
    const read = outputsReadIn(when)
    for (const source of ofTypes.get(type)!) add(source, name)
    for (const source of sourcesOf(given.flatMap(findReferences))) add(source, name)
    for (const source of read === "any" ? [] : read) add(source, name)
  }
  const readsAny = ({ when = "" }: PipelineStage) => outputsReadIn(when) === "any"
  for (const [source, needer] of stagesAbove(stages.filter(readsAny), stages)) add(source, needer)
  const last = atEnd.find(readsAny)
  if (last !== undefined) for (const { name } of stages) add(name, last.name)
  return needers
}

const sourcesOf = (references: readonly Reference[]) =>
  references.flatMap((reference) => (reference.kind === "output" ? [reference.stage] : []))

/** The stages that some of these depend on, over however many others, each with one of these. */
function stagesAbove(some: readonly PipelineStage[], stages: readonly PipelineStage[]): ReadonlyMap<string, string> {
  const parents = new Map(stages.map(({ name, dependsOn = [] }) => [name, dependsOn]))
  const above = new Map<string, string>()
  const add = (names: readonly string[], below: string) => {
    for (const name of names) if (!above.has(name)) above.set(name, below)
  }
  for (const { name, dependsOn = [] } of some) add(dependsOn, name)
  // The map grows while it is walked: what is added is visited too.
  for (const [name, below] of above) add(parents.get(name) ?? [], below)
  return above
}
