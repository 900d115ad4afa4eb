// Which nodes lie above which, for all nodes at once: to walk up from each of a thousand would take a thousand walks over
// the same edges.

import type { Node } from "./node.ts"
import { sortTopologically } from "./order.ts"

export interface Ancestry {
  /** Whether the first lies above the second, over however many others. True of all that is on a cycle, or below one. */
  isAbove(ancestor: string, name: string): boolean
  /** The names of all that lie above it, in the order of the graph. */
  above(name: string): readonly string[]
}

/** A bit for each node, for each node: a thousand take 125 kB. */
export function ancestryOf(nodes: readonly Node[]): Ancestry {
  const known = computed.get(nodes)
  if (known !== undefined) return known
  const made = compute(nodes)
  computed.set(nodes, made)
  return made
}

/** A look asks for each stage of a run, of whose list there is one. */
const computed = new WeakMap<readonly Node[], Ancestry>()

function compute(nodes: readonly Node[]): Ancestry {
  const indexes = new Map(nodes.map(({ name }, index) => [name, index]))
  const words = Math.ceil(nodes.length / 32)
  const bits = new Map<string, Uint32Array>()
  for (const { name, dependsOn = [] } of sortTopologically(nodes)) {
    const own = new Uint32Array(words)
    for (const parent of new Set(dependsOn)) {
      const index = indexes.get(parent)
      const further = bits.get(parent)
      if (index === undefined || further === undefined) continue
      own[index >>> 5]! |= 1 << (index & 31)
      for (let word = 0; word < words; word++) own[word]! |= further[word]!
    }
    bits.set(name, own)
  }
  const isAbove = (ancestor: string, name: string) => {
    const own = bits.get(name)
    if (own === undefined) return true
    const index = indexes.get(ancestor)
    return index !== undefined && (own[index >>> 5]! & (1 << (index & 31))) !== 0
  }
  return {
    isAbove,
    above: (name) => nodes.flatMap((node) => (isAbove(node.name, name) ? [node.name] : [])),
  }
}
