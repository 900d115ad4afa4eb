// The words of a command line as a program will get them, as far as they are known before a run: Kubernetes puts the
// variables of a container into them, `$(NAME)`, and so a variable brings along the references of its value.

import type { EnvVar } from "../../api/job.ts"
import { findReferences, type Reference, replaceReferences } from "./references.ts"

/** Stands in a text where a value is put. */
export const hole = "\u0000"
/** Stands where something unknown is put: a variable of a ConfigMap, or one too long to follow. */
export const unknown = "\u0001"

/** A text with its variables in it. */
export interface Expanded {
  /** The text, with holes where values are put. */
  readonly text: string
  /** The variable by which a value comes into it, and one reference of that value. */
  readonly variable?: { readonly name: string; readonly reference: Reference }
}

/** A variable longer than this is not followed: variables of variables grow without end. */
const longestVariable = 1024
/** So much of variables is put into one text. */
const longestTogether = 4096

/** Expands texts with the variables of a container. */
export function expanderFor(env: readonly EnvVar[]): (text: string) => Expanded {
  const known = new Map<string, Expanded & { readonly reference?: Reference | undefined }>()
  const twice = new Set<string>()
  const expand = (text: string): Expanded => {
    let left = longestTogether
    let variable: Expanded["variable"]
    const withHoles = replaceReferences(text, () => hole)
    // Behind the last bracket no variable can end; without the cut each $( would be read to the end.
    const end = withHoles.lastIndexOf(")") + 1
    const head = withHoles.slice(0, end).replace(/\$\$|\$\(([^)]*)\)/g, (_, name?: string) => {
      // A pair of dollars is one dollar, which is for no reference to stand beside.
      if (name === undefined) return "$"
      const found = known.get(name)
      if (found === undefined) return unknown
      if (found.reference !== undefined) variable ??= { name, reference: found.reference }
      left -= found.text.length
      if (left >= 0 && !twice.has(name)) return found.text
      return found.reference === undefined ? unknown : unknown + hole
    })
    return { text: head + withHoles.slice(end), ...(variable && { variable }) }
  }
  for (const { name, value, valueFrom } of env) {
    const { text, variable } = expand(value ?? "")
    const earlier = known.get(name)
    // Which of two it gets depends on where each stands: neither is taken for certain.
    if (earlier !== undefined) twice.add(name)
    const reference = findReferences(value ?? "")[0] ?? variable?.reference ?? earlier?.reference
    const isKnown = text.length <= longestVariable && valueFrom === undefined
    known.set(name, { text: isKnown ? text : reference === undefined ? unknown : unknown + hole, reference })
  }
  return expand
}
