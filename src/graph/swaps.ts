// The last crossings: two neighbours in a layer change places where that makes fewer lines cross.

import type { Layers, Place } from "./place.ts"

/** The layers after all swaps that help. The order of sorting by means gets stuck where this goes on. */
export function withSwaps(layers: Layers): Layers {
  const result = layers.map((layer) => [...layer])
  const positions = new Map<Place, number>()
  for (const layer of result) for (const [index, place] of layer.entries()) positions.set(place, index)
  // Every swap takes away a crossing, so this ends; the limit is for the reader's patience.
  for (let round = 0, hasHelped = true; hasHelped && round < 20; round++) {
    hasHelped = false
    for (const layer of result) {
      for (let index = 1; index < layer.length; index++) {
        const [a, b] = [layer[index - 1]!, layer[index]!]
        if (crossed(b, a) >= crossed(a, b)) continue
        layer.splice(index - 1, 2, b, a)
        positions.set(b, index - 1).set(a, index)
        hasHelped = true
      }
    }
  }
  return result

  /** How many lines of these two cross where the first stands before the second. */
  function crossed(first: Place, second: Place): number {
    let count = 0
    for (const side of ["from", "to"] as const) {
      for (const one of first[side]) {
        for (const other of second[side]) if (positions.get(one)! > positions.get(other)!) count++
      }
    }
    return count
  }
}
