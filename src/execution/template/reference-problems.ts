// What is wrong with a reference, where it stands: an unknown name, or a stage that may not have ended.

import type { Suggest } from "../../words/nearest-name.ts"
import type { Reference } from "./references.ts"

/** What a stage can refer to. */
export interface Visible {
  /** The parameters of the pipeline. */
  readonly declared: readonly string[]
  /** The stages whose outputs and phases a stage may read. */
  readonly isAbove: (name: string) => boolean
  readonly everyName: ReadonlySet<string>
  /** The stages of many Jobs, whose outputs nobody could tell apart. */
  readonly withMatrix: ReadonlySet<string>
  readonly isAtEnd: boolean
  readonly suggest: Suggest
}

/** Why this reference cannot be replaced, if it cannot. */
export function findReferenceProblem(
  reference: Reference,
  declared: readonly string[],
  declarer: string,
  visible: Visible,
): string | undefined {
  switch (reference.kind) {
    case "param":
      if (declared.includes(reference.name)) return undefined
      return `${reference.text} names a param that the ${declarer} does not declare${visible.suggest(reference.name, () => declared)}`
    case "output":
      if (visible.withMatrix.has(reference.stage)) return `${reference.text}: a stage with a matrix has no outputs`
      return findStageNameProblem(reference.text, reference.stage, visible)
    case "execution": {
      const fields = ["name", "namespace", "uid", ...(visible.isAtEnd ? ["phase"] : [])]
      if (fields.includes(reference.field)) return undefined
      const why = reference.field === "phase" ? "is known only to stages of finally" : "is nothing that can be replaced"
      return `${reference.text} ${why}; there is ${fields.join(", ")}`
    }
    case "malformed":
      return `${reference.text} is not a reference; write $(params.NAME), $(stages['NAME'].outputs.KEY) or $(execution.name), or $$( for a plain $(`
  }
}

/** Why a stage cannot read another of this name, if it cannot; `text` is how it says so. */
export function findStageNameProblem(
  text: string,
  name: string,
  { isAbove, everyName, suggest }: Visible,
): string | undefined {
  if (!everyName.has(name)) return `${text} names a stage that is not in the pipeline${suggest(name, () => everyName)}`
  if (isAbove(name)) return undefined
  return `${text} names a stage that this one does not depend on, so it may not have ended; add it to dependsOn`
}
