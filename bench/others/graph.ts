// The graphs that everybody is measured with: waves of stages, each of which depends on all of the wave before it.

export interface Graph {
  readonly name: string
  /** How many stages there are in each wave. */
  readonly waves: readonly number[]
}

export interface Stage {
  readonly name: string
  readonly dependsOn: readonly string[]
}

export const graphs: readonly Graph[] = [
  { name: "chain", waves: [1, 1, 1, 1, 1] },
  { name: "fan", waves: [1, 8, 1] },
]

/** What every stage does. */
export const image = "busybox"
export const command = ["true"]

export function wavesOf({ waves }: Graph): readonly (readonly Stage[])[] {
  const names = waves.map((size, wave) => Array.from({ length: size }, (_, i) => `stage-${wave + 1}-${i + 1}`))
  return names.map((wave, i) => wave.map((name) => ({ name, dependsOn: names[i - 1] ?? [] })))
}

export const stagesOf = (graph: Graph): readonly Stage[] => wavesOf(graph).flat()
