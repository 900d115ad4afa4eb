// when: a CEL expression that decides whether a stage runs. CEL ends always, changes nothing and reads only what is
// handed to it. The library that knows CEL is handed in too: it is loaded only for pipelines that need it.

import type { Values } from "../params.ts"
import type { Gate } from "./gate.ts"

/** What an expression can speak of. */
export interface Scope {
  readonly params: Values
  readonly stages: Readonly<
    Record<string, { readonly phase: string; readonly reason: string; readonly outputs: Values }>
  >
  readonly execution: Values
}

export interface Expressions {
  /** What is wrong with an expression, if anything is. */
  findProblem(expression: string): string | undefined
  /** Its value; throws an Error that says why it has none. */
  evaluate(expression: string, scope: Scope): boolean
}

export function checkWhen(when: string | undefined, scope: () => Scope, expressions: Expressions): Gate | undefined {
  if (when === undefined) return undefined
  try {
    if (expressions.evaluate(when, scope())) return undefined
  } catch (error) {
    return { _tag: "Fail", reason: "WhenInvalid", message: `when: ${when}: ${(error as Error).message}` }
  }
  return { _tag: "Skip", reason: "WhenFalse", message: `when: ${when}` }
}

/** The names of the stages that an expression speaks of, as far as they are written out. */
export function stagesNamedIn(when: string): readonly string[] {
  const pattern = /\bstages\s*(?:\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*\]|\.([A-Za-z_]\w*)\b(?!\s*\())/g
  return [...when.matchAll(pattern)].map(([, single, double, plain]) =>
    (single ?? double ?? plain!).replace(/\\(.)/g, "$1"),
  )
}

/**
 * The stages whose outputs an expression may read, by name; `any`, where a stage is chosen by more than a name that is
 * written out. Too many rather than too few: an output that is lost must not be taken for one that was not written.
 */
export function outputsReadIn(when: string): readonly string[] | "any" {
  const read: string[] = []
  for (const [, single, double, plain, field] of when.matchAll(stageOrField)) {
    const name = single ?? double ?? plain
    if (name === undefined) return "any"
    if (field === undefined) read.push(name)
  }
  return read
}

/** `stages`; behind it a name without escapes, if one follows; and then a field that is no output. */
const stageOrField =
  /\bstages\b(?:\s*(?:\[\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*\]|\.\s*([A-Za-z_]\w*)\b(?!\s*\())(\s*\.\s*(?:phase|reason)\b(?!\s*\())?)?/g

/** For runs without expressions, which most are. */
export const noExpressions: Expressions = {
  findProblem: () => undefined,
  evaluate: () => {
    throw new Error("expressions are not available")
  },
}
