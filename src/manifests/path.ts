// Where in an object something stands.

import type { Path } from "../api/parts.ts"

export type { Path } from "../api/parts.ts"

/** A mistake at a field, before it is known in which file the object stands. */
export interface Finding {
  readonly path: Path
  readonly message: string
}
