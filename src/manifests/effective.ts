// Where a stage says a thing that it can say in two ways: by a short form, or in its Job template.

import { stageContainerName } from "../api/stage.ts"
import type { Path } from "./path.ts"
import { type JsonObject, listAt, valueAt } from "./plain.ts"

export const job: Path = ["spec", "jobTemplate", "spec"]
export const pod: Path = [...job, "template", "spec"]

/** What the short form sets or else the stage's own container does, and where it is. */
export function effective(
  object: JsonObject,
  field: string,
): { readonly path: Path; readonly value: unknown; readonly list: readonly unknown[] } {
  const short = ["spec", field]
  if (valueAt(object, short) !== undefined) return found(short)
  const containers = [...pod, "containers"]
  const own = listAt(object, containers).findIndex((container) => valueAt(container, ["name"]) === stageContainerName)
  return found(own < 0 ? short : [...containers, own, field])

  function found(path: Path) {
    return { path, value: valueAt(object, path), list: listAt(object, path) }
  }
}
