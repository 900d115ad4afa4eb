// Where the time of a run went, told from its pods alone, so that it means the same for everybody.

import { median } from "../statistics.ts"
import type { Graph } from "./graph.ts"

export interface PodTimes {
  readonly created: number
  ended?: number
}

/** Seconds. In a chain of n stages: first + n × pod + (n - 1) × handOff + last is about the whole. */
export interface Phases {
  /** From the request to the first pod. */
  readonly first: number
  /** How long a pod takes, from its creation to Succeeded. */
  readonly pod: number
  /** From the end of a wave's last pod to a pod of the next wave. */
  readonly handOff: number
  /** From the end of the last pod to the end of the run. */
  readonly last: number
}

/** The medians of a run, times in milliseconds; undefined when the pods were not one for each stage. */
export function phases(pods: readonly PodTimes[], { waves }: Graph, start: number, end: number): Phases | undefined {
  const stages = waves.reduce((sum, size) => sum + size, 0)
  const left = pods.toSorted((a, b) => a.created - b.created)
  if (pods.length !== stages || pods.some(({ ended }) => ended === undefined)) return undefined
  const first = left[0]!.created - start
  const handOffs: number[] = []
  let before: number | undefined
  for (const size of waves) {
    const wave = left.splice(0, size)
    if (before !== undefined) for (const { created } of wave) handOffs.push(created - before)
    before = Math.max(...wave.map(({ ended }) => ended!))
  }
  const pod = median(pods.map(({ created, ended }) => ended! - created))
  const seconds = (millis: number) => millis / 1000
  return { first: seconds(first), pod: seconds(pod), handOff: seconds(median(handOffs)), last: seconds(end - before!) }
}
