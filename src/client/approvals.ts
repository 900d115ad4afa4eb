// Who approved what, as the policies of config/policies stamp it on an execution.

import { group } from "../api/meta.ts"
import type { ExecutionObject } from "./objects.ts"

/** An annotation: an object in JSON, of stages and the person who approved each. */
export const approvedByKey = `${group}/approved-by`

/** The stages that each person approved; none where nobody stamps, or where what stands there is not such a stamp. */
export function approvals({ metadata }: ExecutionObject): ReadonlyMap<string, readonly string[]> {
  const people = new Map<string, string[]>()
  for (const [stage, person] of stampOf(metadata.annotations?.[approvedByKey])) {
    if (typeof person !== "string") continue
    people.set(person, [...(people.get(person) ?? []), stage])
  }
  return people
}

function stampOf(text: string | undefined): readonly (readonly [string, unknown])[] {
  try {
    const stamp: unknown = JSON.parse(text ?? "{}")
    return typeof stamp === "object" && stamp !== null && !Array.isArray(stamp) ? Object.entries(stamp) : []
  } catch {
    return []
  }
}
