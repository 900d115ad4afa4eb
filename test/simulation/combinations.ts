// How many Jobs a stage has, counted without a look at how Peanut does.

import type { PipelineStage } from "../../src/api/pipeline.ts"

/** The combinations of a stage's matrix, as its Jobs name them; of one without, a single nameless one. */
export function combinationsOf({ matrix }: PipelineStage): readonly (string | undefined)[] {
  if (matrix === undefined) return [undefined]
  let all = [""]
  for (const { name, values } of matrix) {
    all = all.flatMap((before) => values.map((value) => `${before}${before && ", "}${name}=${value}`))
  }
  return all
}
