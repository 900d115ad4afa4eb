// What is wrong with a document that is no YAML, or none that can become plain data, in words for its author.

import { type Document, isAlias, visit, type YAMLError } from "yaml"

export interface SyntaxMistake {
  readonly line: number
  readonly message: string
}

type LineAt = (offset: number) => number

/** One slip makes the parser complain all the way down, so only the first counts; every duplicate key is its own. */
export function syntaxMistakes({ errors }: Document, text: string, lineAt: LineAt): readonly SyntaxMistake[] {
  const telling = errors.every((error) => error.code === "DUPLICATE_KEY") ? errors : errors.slice(0, 1)
  return telling.map((error) => ({ line: lineAt(error.pos[0]), message: reason(error, text) }))
}

/** Why a document that parsed cannot be turned into data; only aliases and depth can do that. */
export function aliasMistake(document: Document, error: unknown, lineAt: LineAt): SyntaxMistake {
  const line = lineAt(document.contents?.range?.[0] ?? 0)
  if (error instanceof RangeError) return { line, message: "not a manifest: nested too deeply" }
  // JSON.stringify throws this.
  if (error instanceof TypeError) return { line, message: "not a manifest: an anchor holds an alias of itself" }
  // The library throws this for both uses of an alias that it refuses.
  if (!(error instanceof ReferenceError))
    return { line, message: `not YAML: ${sentence(error instanceof Error ? error.message : String(error))}` }
  const message = "not a manifest: its aliases unfold to more than Peanut takes; write it out"
  return unknownAlias(document, lineAt) ?? { line, message }
}

/** An alias before its anchor, or without one. */
function unknownAlias(document: Document, lineAt: LineAt): SyntaxMistake | undefined {
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
  return found
}

function reason({ code, message, pos }: YAMLError, text: string): string {
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
      return `not YAML: ${sentence(message)}`
  }
}

/** The library's own message as part of ours. */
function sentence(said: string): string {
  return said.slice(0, 1).toLowerCase() + said.slice(1, 200)
}
