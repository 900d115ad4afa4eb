// Graphs and states as one writes them on a whiteboard, so that a test shows its case and nothing else.

import type { PipelineStage } from "../../src/api/pipeline.ts"

/**
 * The stages of `a → b → c, a → d, e`: each arrow makes the right stage depend on the left one. Stages come in the order
 * in which they are first named, and are all of the type `task`.
 */
export function graph(text: string, type = "task"): PipelineStage[] {
  const parents = new Map<string, string[]>()
  for (const chain of words(text, ",")) {
    const names = words(chain, "→")
    for (const [index, name] of names.entries()) {
      if (!parents.has(name)) parents.set(name, [])
      if (index > 0) parents.get(name)!.push(names[index - 1]!)
    }
  }
  return [...parents].map(([name, dependsOn]) => ({ name, type, ...(dependsOn.length > 0 && { dependsOn }) }))
}

/** `a Succeeded, b Running` as pairs of a stage and what is said of it. */
export function states(text: string): ReadonlyMap<string, string> {
  return new Map(
    words(text, ",").map((pair) => {
      const [stage, state, ...rest] = words(pair, " ")
      if (stage === undefined || state === undefined || rest.length > 0)
        throw new Error(`not a stage and state: ${pair}`)
      return [stage, state]
    }),
  )
}

/** The parts of a text, without the blanks around them. */
export function words(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== "")
}
