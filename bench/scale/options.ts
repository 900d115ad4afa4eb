// How far a bench of scale goes.

export interface ScaleOptions {
  readonly only: readonly string[]
  /** To the sizes that Peanut is held to, which takes half an hour; else to half of them or less. */
  readonly isFull: boolean
  /** Instead of those; in ascending order. */
  readonly sizes?: readonly number[] | undefined
  /** Of each size; the one of median time is told. Counts are the same in all. */
  readonly runs: number
  readonly profileFolder?: string | undefined
}

export const usualScale: ScaleOptions = { only: ["wide", "deep", "many", "foreign"], isFull: false, runs: 1 }
