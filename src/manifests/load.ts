// Manifests as `peanut run` and `peanut validate` take them: files, directories and standard input, read and checked
// as an API server would, so that every mistake shows at once with its file and line.

import type { Expressions } from "../execution/rules/when.ts"
import { parseDocuments } from "./documents.ts"
import { pathName, readSources, type Source } from "./files.ts"
import type { Loaded } from "./loaded.ts"
import { called, type Manifest } from "./manifest.ts"
import { type ReadObject, readObjects } from "./object.ts"
import { entriesOf } from "./pipeline.ts"
import { type Problem, sortProblems } from "./problem.ts"

/** Reads and checks the manifests in these files and directories; `-` is standard input. Never throws for bad input. */
export async function loadManifests(paths: readonly string[], readStdin: () => Promise<string>): Promise<Loaded> {
  const { sources, problems } = await readSources(paths, readStdin)
  const read = sources.map(readSource)
  const objects = read.flatMap((source) => source.objects)
  const manifests = objects.flatMap(({ manifest }) => (manifest === undefined ? [] : [manifest]))
  const expressions = await expressionsFor(manifests)
  const syntax = read.flatMap((source) => source.problems)
  const files = sources.map(({ file }) => file)
  return {
    manifests,
    problems: sortProblems(
      [...problems, ...syntax, ...objects.flatMap((object) => object.problems), ...repeated(manifests)],
      files,
    ),
    isWhole: problems.length + syntax.length === 0 && objects.every(({ isUnknown }) => !isUnknown),
    paths: paths.map(pathName),
    files,
    ...(expressions !== undefined && { expressions }),
  }
}

/** Loading what knows CEL takes longer than all the rest, and few pipelines need it. */
async function expressionsFor(manifests: readonly Manifest[]): Promise<Expressions | undefined> {
  const entries = manifests.flatMap(({ object }) => entriesOf(object))
  if (!entries.some(({ value }) => typeof value.when === "string")) return undefined
  return (await import("../execution/expressions.ts")).expressions
}

function readSource({ file, text }: Source): {
  readonly objects: readonly ReadObject[]
  readonly problems: readonly Problem[]
} {
  const { documents, mistakes } = parseDocuments(text)
  return {
    objects: documents.flatMap((document) => readObjects(file, document)),
    problems: mistakes.map((mistake) => ({ file, ...mistake })),
  }
}

/** Objects that were there before; on a cluster the later would silently replace the earlier. */
function repeated(manifests: readonly Manifest[]): readonly Problem[] {
  const first = new Map<string, Manifest>()
  return manifests.flatMap(({ kind, namespace, name, where, lineOf }, index) => {
    const key = JSON.stringify([kind, namespace, name])
    const earlier = first.get(key)
    if (earlier === undefined) {
      first.set(key, manifests[index]!)
      return []
    }
    const { file, line } = earlier.where
    const message = `is there already, in ${file}:${line}; rename or remove one`
    return [{ file: where.file, line: lineOf(["metadata", "name"]), object: called(kind, name), message }]
  })
}
