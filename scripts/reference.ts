// The reference at the end of docs/pipelines.md: every field of the three kinds, told from the same schemas as the CRDs.

import { customResourceDefinition, definitions } from "../src/api/crds.ts"

interface Schema {
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema
  readonly "x-kubernetes-int-or-string"?: boolean
  readonly "x-kubernetes-validations"?: readonly { readonly message: string }[]
}

/** A heading for each kind, and a table for its spec and its status. */
export function reference(): string {
  return definitions
    .map((definition) => {
      const { names, versions } = customResourceDefinition(definition).spec
      const { spec, status } = versions[0]!.schema.openAPIV3Schema.properties as { spec: Schema; status?: Schema }
      const head = `### ${names.kind}\n\n${definition.description} \`kubectl get ${names.shortNames[0]}\` lists them.`
      return [head, table("spec", spec), ...(status === undefined ? [] : [table("status", status)])].join("\n\n")
    })
    .join("\n\n")
}

function table(name: string, schema: Schema): string {
  const rows = [
    ...(rulesOf(schema) === "" ? [] : [`| \`${name}\` | object |${rulesOf(schema)} |`]),
    ...fieldsOf(schema, name).map((cells) => `| ${cells.join(" | ")} |`),
  ]
  return [`| Field of \`${name}\` | Type | |`, "|---|---|---|", ...rows].join("\n")
}

/** The cells of each field below a schema, those of an object right after it. */
function fieldsOf({ properties = {}, required = [] }: Schema, path: string): readonly (readonly string[])[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const own = path === "spec" || path === "status" ? name : `${path}.${name}`
    const isRequired = required.includes(name)
    const description = (schema.description ?? foreign(own)).replaceAll("|", "\\|")
    const items = schema.items?.type === "object" ? schema.items : undefined
    const rules = rulesOf(schema) + (items === undefined ? "" : rulesOf(items))
    return [
      [`\`${own}\``, `${typeOf(schema)}${isRequired ? ", required" : ""}`, `${description}${rules}`],
      ...fieldsOf(items ?? schema, items === undefined ? own : `${own}[]`),
    ]
  })
}

/** What Kubernetes defines, and describes better. */
function foreign(path: string): string {
  if (/^jobTemplate\.|^resources\./.test(path)) return "As in Kubernetes."
  throw new Error(`${path} has no description: give it one in src/api`)
}

function rulesOf({ "x-kubernetes-validations": rules = [] }: Schema): string {
  return rules.map(({ message }) => ` Error: *${message.replaceAll("|", "\\|")}.*`).join("")
}

function typeOf(schema: Schema): string {
  const { type, items, additionalProperties, enum: choices, properties } = schema
  if (choices !== undefined) return choices.map((choice) => `\`${choice}\``).join(", ")
  if (schema["x-kubernetes-int-or-string"]) return "integer or string"
  switch (type) {
    case "array":
      return `list of ${plural(items!)}${range(schema.minItems, schema.maxItems, "")}`
    case "string":
      return `string${range(schema.minLength, schema.maxLength, " characters")}`
    case "integer":
      return `integer${range(schema.minimum, schema.maximum, "")}`
    case "object":
      return additionalProperties === undefined ? "object" : `map of ${plural(additionalProperties)}`
    default:
      return type ?? (properties === undefined ? "any" : "object")
  }
}

function plural(schema: Schema): string {
  return schema["x-kubernetes-int-or-string"] ? "integers or strings" : `${schema.type}s`
}

function range(least: number | undefined, most: number | undefined, unit: string): string {
  if (most !== undefined) return least === undefined ? `, at most ${most}${unit}` : `, ${least} to ${most}${unit}`
  return least === undefined ? "" : `, at least ${least}${unit}`
}
