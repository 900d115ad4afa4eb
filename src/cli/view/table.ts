// Tables as `kubectl get` prints them. The columns are those of the CRDs, so that both show the same.

import stringWidth from "string-width"
import { definitions } from "../../api/crds.ts"
import type { KubernetesObject } from "../../client/objects.ts"
import type { Resource } from "../../cluster/object-api.ts"
import { plain } from "../../words/safe.ts"
import { formatAge } from "./age.ts"

export interface TableOptions {
  /** With the columns that are too much for a narrow terminal. */
  readonly isWide: boolean
  readonly withNamespace: boolean
  readonly nowMillis: number
}

/** The objects, one line each, below the names of the columns. */
export function objectTable(resource: Resource, objects: readonly KubernetesObject[], options: TableOptions): string {
  const { columns = [] } = definitions.find(({ kind }) => kind === resource.kind) ?? {}
  const shown = columns.filter(({ priority = 0 }) => options.isWide || priority === 0)
  const titles = [...(options.withNamespace ? ["Namespace"] : []), "Name", ...shown.map(({ name }) => name)]
  const rows = objects.map((object) => [
    ...(options.withNamespace ? [plain(object.metadata.namespace)] : []),
    plain(object.metadata.name),
    ...shown.map(({ jsonPath, type }) => {
      const value = valueAt(object, jsonPath)
      if (value === undefined || value === null) return ""
      return type === "date" ? formatAge(options.nowMillis - Date.parse(String(value))) : plain(String(value))
    }),
  ])
  return table([titles.map((title) => title.toUpperCase()), ...rows])
}

/** Cells side by side, three spaces apart; the last column is as wide as it is. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => stringWidth(row[column] ?? ""))))
  return rows
    .map((row) => row.map((cell, column) => cell + " ".repeat(widths[column]! - stringWidth(cell))).join("   "))
    .map((line) => line.trimEnd())
    .join("\n")
}

/** What a printer column's path leads to: fields, and list items chosen by one field, as in `.a[?(@.b=="c")].d`. */
export function valueAt(object: unknown, jsonPath: string): unknown {
  let value = object
  for (const [, field, key, wanted] of jsonPath.matchAll(/\.(\w+)|\[\?\(@\.(\w+)=="([^"]*)"\)\]/g)) {
    if (typeof value !== "object" || value === null) return undefined
    value =
      field !== undefined
        ? (value as Record<string, unknown>)[field]
        : (value as readonly Record<string, unknown>[]).find?.((item) => item[key!] === wanted)
  }
  return value
}
