// Objects as `-o` asks for them.

import { stringify } from "yaml"
import { apiVersion, group } from "../../api/meta.ts"
import type { KubernetesObject } from "../../client/objects.ts"
import type { Resource } from "../../cluster/object-api.ts"

export type ObjectForm = "json" | "yaml" | "name"
export const objectForms = ["json", "yaml", "name"] as const

/** One object. */
export function formatObject(resource: Resource, object: KubernetesObject, form: ObjectForm): string {
  return form === "name" ? fullName(resource, object) : text(complete(resource, object), form)
}

/** Several objects, as one List. */
export function formatObjects(resource: Resource, objects: readonly KubernetesObject[], form: ObjectForm): string {
  if (form === "name") return objects.map((object) => fullName(resource, object)).join("\n")
  const items = objects.map((object) => complete(resource, object))
  return text({ apiVersion: "v1", kind: "List", metadata: { resourceVersion: "" }, items }, form)
}

/** Such as `peanutpipelineexecution.pipeline.peanut.dev/web-1`, which kubectl takes too. */
export function fullName({ kind }: Resource, { metadata }: { readonly metadata: { readonly name: string } }): string {
  return `${kind.toLowerCase()}.${group}/${metadata.name}`
}

/** As kubectl shows it: with its kind, which the items of a list lack, and without who wrote which field. */
function complete({ kind }: Resource, { metadata, ...object }: KubernetesObject) {
  const { managedFields: _, ...shown } = metadata as KubernetesObject["metadata"] & { managedFields?: unknown }
  const { apiVersion: __, kind: ___, ...rest } = object
  return { apiVersion, kind, metadata: shown, ...rest }
}

function text(value: object, form: "json" | "yaml"): string {
  if (form === "json") return JSON.stringify(value, null, 2)
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).trimEnd()
}
