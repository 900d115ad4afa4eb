// What is known of a PeanutStage before it is looked at in a pipeline: a type that a thousand stages have is read once.

import type { StageSpec } from "../../api/stage.ts"
import { findWeightProblem, maxReferences } from "../stage-weight.ts"
import { referencesIn, type TemplateReference } from "./template.ts"

export interface Analysis {
  /** Every reference in it; read when they are asked for, and once. */
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
  let read: readonly TemplateReference[] | undefined
  const all = () => {
    read ??= referencesIn(spec)
    return read
  }
  return {
    problem: findWeightProblem(spec) ?? findCountProblem(all()),
    // A run that an older version accepted may have a larger stage, and needs its references all the same.
    get references() {
      return all()
    },
  }
}

function findCountProblem({ length }: readonly TemplateReference[]): string | undefined {
  if (length <= maxReferences) return undefined
  return `it has ${length} references, more than the ${maxReferences} that a stage may have`
}
