// A graph in layers, each with its places in order.

import type { Node } from "./node.ts"

export interface Place {
  /** The stage that stands here, or whose lines run through. */
  readonly stage: Node
  readonly layer: number
  readonly isLine: boolean
  /** In the layer before: what it comes from. */
  readonly from: Place[]
  /** In the layer behind: where it leads. */
  readonly to: Place[]
}

/** From top to bottom, or from left to right. */
export type Layers = readonly (readonly Place[])[]
