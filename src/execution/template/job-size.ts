// How large the Jobs of a stage become: a reference is a few characters, what it stands for thousands, and a text may
// hold thousands of references. It is reckoned without filling a text, as the filled ones may not fit into memory.

import type { PipelineStage } from "../../api/pipeline.ts"
import type { StageSpec } from "../../api/stage.ts"
import { readStage } from "../../api/stage-parts.ts"
import type { Gate } from "../rules/gate.ts"
import { resolve, type View } from "./fill.ts"
import { type Replaceable, replaceReferences } from "./references.ts"
import { replaceInTemplate } from "./template.ts"

/** The most characters that values may put into one Job. The API server takes no object above 1.5 MiB. */
export const maxValueCharacters = 1_000_000

/** Fails a stage whose values would make a Job too large. */
export function checkJobSize(entry: PipelineStage, view: View): Gate | undefined {
  const characters = valueCharacters(entry, view)
  if (characters <= maxValueCharacters) return undefined
  const message = `its params and outputs would put ${characters} characters into one Job, more than the ${maxValueCharacters} that it can take; store the data elsewhere and pass where it is`
  return { _tag: "Fail", reason: "JobTooLarge", message }
}

/** The most characters that one Job of a stage has. */
export function jobCharacters(entry: PipelineStage, view: View): number {
  return usesIn(specOf(entry, view)).characters + valueCharacters(entry, view)
}

/** Of the combination whose values are the longest. */
function valueCharacters(entry: PipelineStage, view: View): number {
  const { defaults, references } = usesIn(specOf(entry, view))
  const given = givenCharacters(entry, view)
  // What is given is filled whether it is used or not.
  let sum = [...given.values()].reduce((all, one) => all + one, 0)
  for (const { reference, times } of references.values()) {
    const isParam = reference.kind === "param"
    const each = isParam ? (given.get(reference.name) ?? defaults.get(reference.name) ?? 0) : lengthOf(reference, view)
    sum += times * each
  }
  return sum
}

/** By parameter, how long the longest of its values is once it is filled. */
function givenCharacters({ params = [], matrix = [] }: PipelineStage, view: View): ReadonlyMap<string, number> {
  const filled = (text: string) => {
    let characters = 0
    const rest = replaceReferences(text, (reference) => {
      characters += lengthOf(reference, view)
      return ""
    })
    return characters + charactersOf(rest)
  }
  const longest = (values: readonly string[]) => values.reduce((most, value) => Math.max(most, filled(value)), 0)
  return new Map([
    ...params.map(({ name, value }) => [name, filled(value)] as const),
    ...matrix.map(({ name, values }) => [name, longest(values)] as const),
  ])
}

/** How long what a reference stands for is, outside of a stage's own template. Read once a look, for all stages. */
function lengthOf(reference: Replaceable, view: View): number {
  const values = lengthsIn.get(view) ?? new Map<string, number>()
  lengthsIn.set(view, values)
  const known = values.get(reference.text)
  if (known !== undefined) return known
  const made = charactersOf(resolve(reference, view.execution.status.snapshot.params ?? {}, view) ?? "")
  values.set(reference.text, made)
  return made
}

const lengthsIn = new WeakMap<View, Map<string, number>>()

/** A dollar is written as two, so that the kubelet makes no variable of it. */
function charactersOf(text: string): number {
  let characters = text.length
  for (let at = text.indexOf("$"); at >= 0; at = text.indexOf("$", at + 1)) characters++
  return characters
}

interface Uses {
  /** As JSON, before anything is filled in. */
  readonly characters: number
  /** How long the defaults of its parameters are. */
  readonly defaults: ReadonlyMap<string, number>
  /** What is replaced in it, by its text. */
  readonly references: ReadonlyMap<string, Use>
}

interface Use {
  readonly reference: Replaceable
  times: number
}

/** Read once for each type of a run, which a thousand stages may have. */
function usesIn(written: StageSpec): Uses {
  const known = usesOf.get(written)
  if (known !== undefined) return known
  // What is null or of a wrong type is not there: a snapshot keeps what an author wrote.
  const { spec } = readStage(written)
  const references = new Map<string, Use>()
  replaceInTemplate(spec, (reference) => {
    const use = references.get(reference.text)
    if (use === undefined) references.set(reference.text, { reference, times: 1 })
    else use.times++
    return ""
  })
  const defaults = new Map((spec.params ?? []).map(({ name, default: text = "" }) => [name, charactersOf(text)]))
  const made = { characters: JSON.stringify(written).length, defaults, references }
  usesOf.set(written, made)
  return made
}

const usesOf = new WeakMap<StageSpec, Uses>()

const specOf = ({ type }: PipelineStage, { execution }: View) => execution.status.snapshot.stageSpecs[type]!
