// An object of Peanut as it was read from a file, which still knows on which line each of its fields stands.

import { quoted } from "../words/phrases.ts"
import type { Finding, Path } from "./path.ts"
import type { JsonObject } from "./plain.ts"
import type { Problem } from "./problem.ts"

export interface Manifest {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** As an API server would take it: without status, and without the fields that are null. */
  readonly object: JsonObject
  readonly where: { readonly file: string; readonly line: number }
  /** The line of a field, or of the nearest one around it that is written down. */
  readonly lineOf: (path: Path) => number
}

/** `PeanutPipeline "web"`, as messages call it. */
export function called(kind: string, name: string): string {
  return `${kind} ${quoted(name)}`
}

/** A mistake at a field of this manifest. */
export function problemOf(manifest: Manifest, { path, message }: Finding): Problem {
  const { kind, name, where } = manifest
  return { file: where.file, line: manifest.lineOf(path), object: called(kind, name), message }
}
