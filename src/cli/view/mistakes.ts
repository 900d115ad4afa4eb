// What `peanut validate` says: one line of what was checked, or all mistakes as JSON for editors and CI.

import type { Manifest } from "../../manifests/manifest.ts"
import { called } from "../../manifests/manifest.ts"
import type { Read } from "../../manifests/own.ts"
import { formatProblem, type Problem } from "../../manifests/problem.ts"
import { counted, orList } from "../../words/phrases.ts"
import { safeJson } from "../../words/safe.ts"

/** A mistake as `-o json` writes it. The fields stay as they are; others may come. What is not known is null. */
export interface Mistake {
  readonly file: string | null
  readonly line: number | null
  readonly kind: string | null
  readonly name: string | null
  /** What is wrong and what to do about it, on one line. */
  readonly message: string
}

/** `3 stages, 1 pipeline, 1 execution: no mistakes` */
export function summaryOf({ loaded, skipped }: Read, mistakes: number): string {
  const count = (kind: string, noun: string) => {
    const number = loaded.manifests.filter((manifest) => manifest.kind === kind).length
    return number === 0 ? [] : [counted(number, noun)]
  }
  const objects = [
    ...count("PeanutStage", "stage"),
    ...count("PeanutPipeline", "pipeline"),
    ...count("PeanutPipelineExecution", "execution"),
  ]
  const what = objects.length === 0 ? `nothing of Peanut in ${orList(loaded.paths)}` : objects.join(", ")
  const found = mistakes === 0 ? "no mistakes" : counted(mistakes, "mistake")
  return `${what}: ${found}${skipped === 0 ? "" : `; skipped ${counted(skipped, "object")} of other kinds`}`
}

/** The mistakes as a JSON array. */
export function toJson(problems: readonly Problem[], manifests: readonly Manifest[]): string {
  // A name that is too long for a message is cut there; here it is whole.
  const known = new Map(
    manifests.map(({ where, kind, name }) => [keyOf(where.file, called(kind, name)), { kind, name }]),
  )
  const mistakes = problems.map(({ file, line, object, message }): Mistake => {
    const { kind, name } = known.get(keyOf(file, object)) ?? split(object)
    return { file: file ?? null, line: line ?? null, kind, name, message: formatProblem({ message }) }
  })
  return safeJson(mistakes)
}

function keyOf(file: string | undefined, object: string | undefined): string {
  return JSON.stringify([file, object])
}

/** `PeanutPipeline "web"`, or a kind alone, into its parts. */
function split(object: string | undefined): { readonly kind: string | null; readonly name: string | null } {
  const [, kind = object ?? null, name = null] = /^(.*?) "(.*)"$/s.exec(object ?? "") ?? []
  return { kind, name }
}
