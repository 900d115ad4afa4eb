// What is known of a PeanutStage before it is looked at in a pipeline: a type that a thousand stages have is read once.

import type { StageSpec } from "../../api/stage.ts"
import { findWeightProblem, maxReferences } from "../stage-weight.ts"
import { referencesIn, type TemplateReference } from "./template.ts"

export interface Analysis {
  /** Every reference in it; none where it is too large to be looked at. */
  readonly references: readonly TemplateReference[]
  /** Why it is too large to be run, if it is. */
  readonly problem?: string | undefined
}

/** What a stage's template holds; computed once for each object. */
export function analysisOf(spec: StageSpec): Analysis {
  const known = computed.get(spec)
  if (known !== undefined) return known
  const made = analyse(spec)
  computed.set(spec, made)
  return made
}

const computed = new WeakMap<StageSpec, Analysis>()

function analyse(spec: StageSpec): Analysis {
  const problem = findWeightProblem(spec)
  if (problem !== undefined) return { references: [], problem }
  const references = referencesIn(spec)
  if (references.length <= maxReferences) return { references }
  return {
    references: [],
    problem: `it has ${references.length} references, more than the ${maxReferences} that a stage may have`,
  }
}
