// The name somebody probably meant.

import { distance } from "fastest-levenshtein"

/** The known name closest to a mistyped one, if any is close enough to be a likely slip. */
export function nearestName(wrong: string, known: Iterable<string>): string | undefined {
  // A third of the letters; two swapped ones count as two.
  const likely = (name: string) => Math.round(Math.max(name.length, wrong.length) / 3)
  let best: { name: string; distance: number } | undefined
  for (const name of known) {
    const d = distance(wrong.toLowerCase(), name.toLowerCase())
    if (d <= likely(name) && (best === undefined || d < best.distance)) best = { name, distance: d }
  }
  return best?.name
}

/** ` Did you mean "Build"?`-style ending for a message, or nothing. */
export function didYouMean(wrong: string, known: Iterable<string>): string {
  const name = nearestName(wrong, known)
  return name === undefined ? "" : `; did you mean "${name}"?`
}
