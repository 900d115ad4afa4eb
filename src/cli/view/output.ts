// Objects as `-o` asks for them.

import { Document, Scalar, visit } from "yaml"
import { apiVersion, group } from "../../api/meta.ts"
import type { KubernetesObject } from "../../client/objects.ts"
import type { Resource } from "../../cluster/object-api.ts"
import { isUnsafe, plain, safeJson, spelled } from "../../words/safe.ts"

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
  return `${kind.toLowerCase()}.${group}/${plain(metadata.name)}`
}

/** As kubectl shows it: with its kind, which the items of a list lack, and without who wrote which field. */
function complete({ kind }: Resource, { metadata, ...object }: KubernetesObject) {
  const { managedFields: _, ...shown } = metadata as KubernetesObject["metadata"] & { managedFields?: unknown }
  const { apiVersion: __, kind: ___, ...rest } = object
  return { apiVersion, kind, metadata: shown, ...rest }
}

function text(value: object, form: "json" | "yaml"): string {
  if (form === "json") return safeJson(value)
  const document = new Document(value, { aliasDuplicateObjects: false })
  // Only between double quotes does YAML know escapes.
  visit(document, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === "string" && isUnsafe(scalar.value.replace(/[\n\t]/g, "")))
        scalar.type = Scalar.QUOTE_DOUBLE
    },
  })
  return document.toString({ lineWidth: 0 }).trimEnd().split("\n").map(escapedYaml).join("\n")
}

/** A tab stays: it may be the indentation of a block. */
const escapedYaml = (line: string) => line.split("\t").map(spelled).join("\t")
