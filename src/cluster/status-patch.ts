// A status as a patch: what changed and no more, so that a large snapshot travels once, and one stage of a thousand
// does not take the others along.

import { isDeepStrictEqual } from "node:util"

/** An operation of JSON Patch (RFC 6902), as far as Peanut uses it. `add` replaces what is there. */
export type Operation =
  | { readonly op: "add" | "replace"; readonly path: string; readonly value: unknown }
  | { readonly op: "remove"; readonly path: string }

/** A JSON merge patch (RFC 7386), or a list of operations. */
export type Patch = object | readonly Operation[]

export const versionPath = "/metadata/resourceVersion"

interface Versioned {
  readonly metadata: { readonly resourceVersion: string }
  readonly status?: object | undefined
}

/** From the status of an object to the next one. The resource version makes it fail if anybody wrote in between. */
export function statusPatch({ metadata: { resourceVersion }, status }: Versioned, next: object): Patch {
  // There is nothing yet for an operation to point into.
  if (status === undefined) return { metadata: { resourceVersion }, status: next }
  const before: Readonly<Record<string, unknown>> = { ...status }
  const after: Readonly<Record<string, unknown>> = { ...next }
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return [
    { op: "replace", path: versionPath, value: resourceVersion },
    ...fields.flatMap((field) => operations(`/status/${field}`, before[field], after[field])),
  ] satisfies Operation[]
}

function operations(path: string, before: unknown, after: unknown): readonly Operation[] {
  if (isDeepStrictEqual(before, after)) return []
  if (after === undefined) return [{ op: "remove", path }]
  // The version that is checked makes sure that each is still in its place.
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return after.flatMap((value, i) => {
      return isDeepStrictEqual(before[i], value) ? [] : [{ op: "replace", path: `${path}/${i}`, value }]
    })
  }
  return [{ op: "add", path, value: after }]
}
