// How large a PeanutStage may be: no valid object may make a look at it long, or a run's snapshot too large to keep. What a
// short form says the CRD limits, too; what `jobTemplate` holds it cannot look into.

import { maxTextLength, type StageSpec, tooMuchText } from "../api/stage.ts"
import { readStage } from "../api/stage-parts.ts"

/** The most keys and items of lists in one stage; a large pod has some hundred. */
export const maxNodes = 10_000
/** The most characters of all its texts and keys together. */
export const maxCharacters = 700_000
/** The most references in one stage. */
export const maxReferences = 500

/** Why a stage is too large to be run, if it is. It is looked at no further than its limits. */
export function findWeightProblem(spec: StageSpec): string | undefined {
  let nodes = 0
  let characters = 0
  // Without recursion: an object can have more levels than a stack.
  const left: unknown[] = [spec]
  while (left.length > 0) {
    const part = left.pop()
    if (++nodes > maxNodes) return `it has more than ${maxNodes} keys and items, more than a stage may have`
    if (typeof part === "string") characters += part.length
    else if (Array.isArray(part)) for (const item of part.slice(0, maxNodes)) left.push(item)
    else if (typeof part === "object" && part !== null) {
      for (const key in part) {
        characters += key.length
        if (left.push((part as Readonly<Record<string, unknown>>)[key]) > maxNodes) break
      }
    }
    if (characters > maxCharacters) {
      return `it has more than ${maxCharacters} characters, more than a stage may have; put large texts into a ConfigMap or the image`
    }
  }
  return textLength(readStage(spec).spec) > maxTextLength ? tooMuchText : undefined
}

/** Of the short forms, as the CRD's rule counts them. */
function textLength({ command = [], args = [], env = [] }: StageSpec): number {
  const texts = [...command, ...args, ...env.map(({ value = "" }) => value)]
  return texts.reduce((sum, text) => sum + text.length, 0)
}
