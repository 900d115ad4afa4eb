// Graphs with more lines than anybody could follow are drawn without those that others imply.

import type { Node } from "./node.ts"

/** Beyond this, a → c is not drawn beside a → b → c. */
const maxLines = 2000

/** The stages with the dependencies that are drawn, and how many are not. Each stage comes after all it depends on. */
export function withFewerLines<N extends Node>(
  stages: readonly N[],
): {
  readonly stages: readonly N[]
  readonly hidden: number
} {
  const count = stages.reduce((sum, { dependsOn = [] }) => sum + dependsOn.length, 0)
  if (count <= maxLines) return { stages, hidden: 0 }
  const indexes = new Map(stages.map(({ name }, index) => [name, index]))
  const words = Math.ceil(stages.length / 32)
  /** Of each stage a set of bits: all that are above it. */
  const above: Uint32Array[] = []
  let hidden = 0
  const reduced = stages.map((stage) => {
    const farther = new Uint32Array(words)
    const parents = (stage.dependsOn ?? []).map((name) => indexes.get(name)!)
    for (const parent of parents)
      above[parent]!.forEach((bits, word) => {
        farther[word]! |= bits
      })
    const drawn = parents.filter((parent) => ((farther[parent >> 5]! >>> (parent & 31)) & 1) === 0)
    hidden += parents.length - drawn.length
    for (const parent of parents) farther[parent >> 5]! |= 1 << (parent & 31)
    above.push(farther)
    return { ...stage, dependsOn: drawn.map((parent) => stages[parent]!.name) }
  })
  return { stages: reduced, hidden }
}
