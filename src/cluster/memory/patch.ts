// Patches of stored objects, in the two forms that Peanut sends.

import { type Operation, type Patch, versionPath } from "../status-patch.ts"

/** The version that an object must still have for the patch to be applied, if it names one. */
export function versionIn(patch: Patch): string | undefined {
  if (!isOperations(patch)) return (patch as { metadata?: { resourceVersion?: string } }).metadata?.resourceVersion
  const operation = patch.find(({ path }) => path === versionPath)
  return operation !== undefined && "value" in operation ? (operation.value as string) : undefined
}

export function applyPatch(target: object, patch: Patch): unknown {
  return isOperations(patch) ? patch.reduce<unknown>(applyOperation, target) : mergePatch(target, patch)
}

const isOperations = (patch: Patch): patch is readonly Operation[] => Array.isArray(patch)

/** RFC 6902, without `move`, `copy`, `test` and insertions into lists. */
function applyOperation(target: unknown, operation: Operation): unknown {
  return changed(target, operation.path.slice(1).split("/"), operation)
}

function changed(target: unknown, [field = "", ...rest]: readonly string[], operation: Operation): unknown {
  const copy = (Array.isArray(target) ? [...target] : { ...(target as object) }) as Record<string, unknown>
  if (rest.length > 0) copy[field] = changed(copy[field], rest, operation)
  else if (operation.op === "remove") delete copy[field]
  else copy[field] = structuredClone(operation.value)
  return copy
}

/** RFC 7386: null removes, objects merge, all else replaces. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (patch === undefined) return target
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return structuredClone(patch)
  const isObject = typeof target === "object" && target !== null && !Array.isArray(target)
  // A map: a field may have the name of one that every object has.
  const merged = new Map<string, unknown>(isObject ? Object.entries(target) : [])
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) merged.delete(field)
    else if (value !== undefined) merged.set(field, mergePatch(merged.get(field), value))
  }
  return Object.fromEntries(merged)
}
