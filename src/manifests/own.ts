// The manifests of a folder as people keep them: beside Peanut's objects there are ConfigMaps, Services, Triggers. Those
// are no business of Peanut's, but a slip in a kind of Peanut's own still is a mistake.

import { parseDocuments } from "./documents.ts"
import { readSources } from "./files.ts"
import { loadManifests } from "./load.ts"
import type { Loaded } from "./loaded.ts"
import { readObjects } from "./object.ts"

export interface Read {
  readonly loaded: Loaded
  /** How many objects of other kinds there were. */
  readonly skipped: number
}

/** Reads and checks these files; objects that are certainly somebody else's count, but are no mistakes. */
export async function readOwn(paths: readonly string[], readStdin: () => Promise<string>): Promise<Read> {
  let input: Promise<string> | undefined
  const readOnce = () => {
    input ??= readStdin()
    return input
  }
  const loaded = await loadManifests(paths, readOnce)
  const files = new Set(loaded.problems.map(({ file }) => file))
  const suspects = paths.includes("-") && files.has("<stdin>") ? ["-"] : []
  const foreign = await foreignProblems([...suspects, ...loaded.files.filter((file) => files.has(file))], readOnce)
  const problems = loaded.problems.filter((problem) => !foreign.has(JSON.stringify(problem)))
  return { loaded: { ...loaded, problems }, skipped: loaded.problems.length - problems.length }
}

/** What was said of objects that are none of Peanut's: of each one problem, as JSON. */
async function foreignProblems(
  paths: readonly string[],
  readStdin: () => Promise<string>,
): Promise<ReadonlySet<string>> {
  const { sources } = await readSources(paths, readStdin)
  const objects = sources.flatMap(({ file, text }) =>
    parseDocuments(text).documents.flatMap((document) => readObjects(file, document)),
  )
  const foreign = objects.filter(({ manifest, isUnknown }) => manifest === undefined && isUnknown !== true)
  return new Set(foreign.flatMap(({ problems }) => problems.map((problem) => JSON.stringify(problem))))
}
