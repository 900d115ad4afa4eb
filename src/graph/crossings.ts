// How many lines between neighbouring layers cross.

import type { Layers, Place } from "./place.ts"

/** The crossings of the whole graph, each pair of lines once. Lines that share an end do not cross. */
export function crossings(layers: Layers): number {
  return layers.slice(1).reduce((sum, layer, index) => sum + crossingsBetween(layers[index]!, layer), 0)
}

/** Pairs of lines whose order at one end is not that at the other, counted in a Fenwick tree. */
function crossingsBetween(left: readonly Place[], right: readonly Place[]): number {
  const positions = new Map(right.map((place, index) => [place, index]))
  const tree = new Uint32Array(right.length + 1)
  let seen = 0
  let count = 0
  for (const { to } of left) {
    const ends = to.map((place) => positions.get(place)!)
    for (const end of ends) count += seen - upTo(end)
    for (const end of ends) add(end)
    seen += ends.length
  }
  return count

  function upTo(position: number): number {
    let sum = 0
    for (let index = position + 1; index > 0; index -= index & -index) sum += tree[index]!
    return sum
  }

  function add(position: number): void {
    for (let index = position + 1; index < tree.length; index += index & -index) tree[index]! += 1
  }
}
