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
  visit,
  type YAMLError,
} from "yaml"
import type { Path } from "./manifest.ts"

export interface WrittenDocument {
  readonly value: unknown
  readonly lineOf: (path: Path) => number
}

export interface SyntaxMistake {
  readonly line: number
  readonly message: string
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
    const line = lineAt(document.contents?.range?.[0] ?? 0)
    if (document.errors.length > 0) {
      mistakes.push(...telling(document.errors).map((error) => syntaxMistake(error, text, lineAt)))
      continue
    }
    try {
      const value: unknown = document.toJS()
      JSON.stringify(value)
      if (value !== null) documents.push({ value, lineOf: (path) => lineAt(offsetOf(document, path)) })
    } catch (error) {
      mistakes.push(aliasMistake(document, error, line, lineAt))
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

/** One slip makes the parser complain all the way down, so only the first counts; every duplicate key is its own. */
function telling(errors: readonly YAMLError[]): readonly YAMLError[] {
  return errors.every((error) => error.code === "DUPLICATE_KEY") ? errors : errors.slice(0, 1)
}

function syntaxMistake({ code, message, pos }: YAMLError, text: string, lineAt: (offset: number) => number) {
  return { line: lineAt(pos[0]), message: reason() }

  function reason(): string {
    switch (code) {
      case "DUPLICATE_KEY": {
        const [key = ""] = /^("[^"\n]*"|'[^'\n]*'|[^\s:,{}[\]]+)/.exec(text.slice(pos[0], pos[0] + 200)) ?? []
        return `field "${key.replace(/^["']|["']$/g, "")}" is there twice in one object; remove one`
      }
      case "TAB_AS_INDENT":
        return "not YAML: a tab in the indentation; use spaces"
      case "BLOCK_AS_IMPLICIT_KEY":
        return 'not YAML: a field within the text of another; check the indentation, and quote text that has ": " in it'
      case "RESOURCE_EXHAUSTION":
        return "not a manifest: nested too deeply"
      default:
        return `not YAML: ${message.slice(0, 1).toLowerCase()}${message.slice(1, 200)}`
    }
  }
}

/** Why a document that parsed cannot be turned into data; only aliases and depth can do that. */
function aliasMistake(
  document: Document,
  error: unknown,
  line: number,
  lineAt: (offset: number) => number,
): SyntaxMistake {
  if (error instanceof RangeError) return { line, message: "not a manifest: nested too deeply" }
  if (error instanceof TypeError) return { line, message: "not a manifest: an anchor holds an alias of itself" }
  let found: SyntaxMistake | undefined
  const anchors = new Set<string>()
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) {
        if (anchors.has(node.source)) return undefined
        const message = `not YAML: there is no anchor "&${node.source}" before the alias "*${node.source}"`
        found = { line: lineAt(node.range?.[0] ?? 0), message }
        return visit.BREAK
      }
      if ("anchor" in node && node.anchor !== undefined) anchors.add(node.anchor)
      return undefined
    },
  })
  return found ?? { line, message: "not a manifest: its aliases unfold to more than Peanut takes; write it out" }
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
