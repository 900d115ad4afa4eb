// The name somebody probably meant.

import { distance } from "fastest-levenshtein"

/** A longer name is no slip of the hand; and the time of a comparison grows with the product of the lengths. */
const longestName = 100
/** So many names are compared at most. */
const mostNames = 2000

/** The known name closest to a mistyped one, if any is close enough to be a likely slip. Its time is bounded. */
export function nearestName(wrong: string, known: Iterable<string>): string | undefined {
  if (wrong.length > longestName) return undefined
  const lower = wrong.toLowerCase()
  // A third of the letters; two swapped ones count as two.
  const likely = (name: string) => Math.round(Math.max(name.length, wrong.length) / 3)
  let best: { name: string; distance: number } | undefined
  let left = mostNames
  for (const name of known) {
    if (left-- === 0) break
    if (name.length > longestName || Math.abs(name.length - wrong.length) > likely(name)) continue
    const d = distance(lower, name.toLowerCase())
    if (d <= likely(name) && (best === undefined || d < best.distance)) best = { name, distance: d }
  }
  return best?.name
}

/** Ends a message with the name that was probably meant, or with nothing. */
export type Suggest = (wrong: string, known: () => Iterable<string>) => string

/** ` Did you mean "Build"?`-style ending for a message, or nothing. */
export function didYouMean(wrong: string, known: Iterable<string>): string {
  const name = nearestName(wrong, known)
  return name === undefined ? "" : `; did you mean "${name}"?`
}

/** As {@link didYouMean}, so many times: nobody reads more than a few, and each costs a comparison with every name. */
export function suggestions(most: number): Suggest {
  let left = most
  return (wrong, known) => (left-- > 0 ? didYouMean(wrong, known()) : "")
}
