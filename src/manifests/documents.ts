// YAML text to plain data, each document with the lines of its fields. JSON is YAML too.

import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type ScalarTag,
} from "yaml"
import type { Path } from "./path.ts"
import { aliasMistake, type SyntaxMistake, syntaxMistakes } from "./syntax.ts"

export interface WrittenDocument {
  readonly value: unknown
  readonly lineOf: (path: Path) => number
}

/** The documents that hold something, and what is wrong in those that are no YAML. */
export function parseDocuments(text: string): {
  documents: readonly WrittenDocument[]
  mistakes: readonly SyntaxMistake[]
} {
  const lines = new LineCounter()
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line)
  const documents: WrittenDocument[] = []
  const mistakes: SyntaxMistake[] = []
  for (const document of parse(text, lines)) {
    if (document.errors.length > 0) {
      mistakes.push(...syntaxMistakes(document, text, lineAt))
      continue
    }
    try {
      const value: unknown = document.toJS()
      JSON.stringify(value)
      if (value !== null) documents.push({ value, lineOf: (path) => lineAt(offsetOf(document, path)) })
    } catch (error) {
      mistakes.push(aliasMistake(document, error, lineAt))
    }
  }
  return { documents, mistakes }
}

function parse(text: string, lineCounter: LineCounter): readonly Document[] {
  return parseAllDocuments(text, {
    lineCounter,
    prettyErrors: false,
    logLevel: "error",
    // Read as kubectl does, so that a manifest means the same on a laptop and on a cluster: merge keys, `yes` is a
    // boolean, unknown tags say nothing.
    schema: "core",
    merge: true,
    resolveKnownTags: false,
    customTags: (tags) => [kubectlBoolean, ...tags],
  }) as readonly Document[]
}

const kubectlBoolean: ScalarTag = {
  tag: "tag:yaml.org,2002:bool",
  default: true,
  test: /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/,
  resolve: (text) => /^(?:y|on)/i.test(text),
}

/** Where a field begins: at its key, as its value may start a line later. Where it is not written, around it. */
function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents
  let offset = document.contents?.range?.[0] ?? 0
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (pair === undefined) break
      offset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset
      node = pair.value
    } else if (isSeq(node)) {
      const item = node.items[Number(step)]
      if (!isNode(item)) break
      offset = item.range?.[0] ?? offset
      node = item
    } else break
  }
  return offset
}
