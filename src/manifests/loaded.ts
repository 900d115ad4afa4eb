// What was read from files: all that is in them, and all that is wrong with them.

import type { Expressions } from "../execution/rules/when.ts"
import type { Manifest } from "./manifest.ts"
import type { Problem } from "./problem.ts"

export interface Loaded {
  /** Every object that says which one it is, also those with mistakes. */
  readonly manifests: readonly Manifest[]
  /** By file and line. */
  readonly problems: readonly Problem[]
  /** Whether all that was given could be read as objects; if not, what seems to be missing may be there. */
  readonly isWhole: boolean
  /** What was read, as messages call it. */
  readonly paths: readonly string[]
  readonly files: readonly string[]
  /** What knows CEL, where a pipeline has a `when`. */
  readonly expressions?: Expressions
}
