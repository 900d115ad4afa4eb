// Makes long lines and chains of stages exactly straight, where there is room: springs alone leave small steps in them.

import type { Layers, Place } from "./place.ts"

/** Moves middles so that each run of places is level as far as its neighbours let it. */
export function straighten(
  layers: Layers,
  middles: Map<Place, number>,
  distance: (before: Place, after: Place) => number,
): void {
  const neighbours = new Map<Place, readonly [Place | undefined, Place | undefined]>()
  for (const layer of layers) {
    for (const [index, place] of layer.entries()) neighbours.set(place, [layer[index - 1], layer[index + 1]])
  }
  const isInside = new Set<Place>()
  for (const place of layers.flat()) {
    if (isInside.has(place)) continue
    let level = [place]
    let [least, most] = roomOf(place)
    for (let next = nextInRun(place); next !== undefined; next = nextInRun(next)) {
      isInside.add(next)
      const [low, high] = roomOf(next)
      if (Math.max(least, low) > Math.min(most, high)) {
        setLevel(level, least, most)
        level = []
        ;[least, most] = [low, high]
      }
      level.push(next)
      least = Math.max(least, low)
      most = Math.min(most, high)
    }
    setLevel(level, least, most)
  }

  function roomOf(place: Place): readonly [number, number] {
    const [before, after] = neighbours.get(place)!
    return [
      before === undefined ? Number.NEGATIVE_INFINITY : middles.get(before)! + distance(before, place),
      after === undefined ? Number.POSITIVE_INFINITY : middles.get(after)! - distance(place, after),
    ]
  }

  function setLevel(places: readonly Place[], least: number, most: number): void {
    if (places.length < 2) return
    const mean = places.reduce((sum, place) => sum + middles.get(place)!, 0) / places.length
    for (const place of places) middles.set(place, Math.max(least, Math.min(most, mean)))
  }
}

/** What should be level with a place: the rest of its long line, or the next of a chain. */
function nextInRun(place: Place): Place | undefined {
  const line = place.isLine ? place.to.find(({ isLine }) => isLine) : undefined
  const [only] = place.to.length === 1 ? place.to : []
  return line ?? (only?.from.length === 1 ? only : undefined)
}
