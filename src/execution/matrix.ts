// matrix: one Job for each combination of values.

import type { PipelineStage } from "../api/pipeline.ts"
import type { Values } from "./params.ts"

export type Matrix = NonNullable<PipelineStage["matrix"]>

/** How many Jobs a stage has. */
export function countCombinations(matrix: Matrix | undefined): number {
  return (matrix ?? []).reduce((product, { values }) => product * values.length, 1)
}

/** The parameters of one combination; the last dimension varies fastest. */
export function combinationAt(matrix: Matrix | undefined, index: number): Values {
  const values = new Map<string, string>()
  let rest = index
  for (const { name, values: choices } of (matrix ?? []).toReversed()) {
    values.set(name, choices[rest % choices.length]!)
    rest = Math.floor(rest / choices.length)
  }
  return Object.fromEntries((matrix ?? []).map(({ name }) => [name, values.get(name)!]))
}

/** A combination in one line: `os=linux, arch=arm64`. */
export function describeCombination(matrix: Matrix, index: number): string {
  return Object.entries(combinationAt(matrix, index))
    .map(([name, value]) => `${name}=${value}`)
    .join(", ")
}
