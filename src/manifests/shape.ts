// The shape of a manifest: every field known, of its type, within its bounds. It walks the schema that an API server
// walks, and so finds what that would refuse; the words are for whoever wrote the manifest.

import { mustBeEmpty } from "../api/pipeline.ts"
import { didYouMean } from "../words/nearest-name.ts"
import { counted, orList, quoted } from "../words/phrases.ts"
import type { Finding, Path } from "./path.ts"
import { isObject, type JsonObject, valueAt } from "./plain.ts"
import { formatOf, mustOf, type Schema } from "./schema.ts"
import { described, fieldName, typeAdvice, wanted } from "./words.ts"

/** Every mistake in the shape of a value; as deep as the schema goes, however deep the value is. */
export function shapeMistakes(value: unknown, schema: Schema, path: Path = []): readonly Finding[] {
  if (value === null && schema.nullable) return []
  if (!isOfType(value, schema)) {
    const advice = typeAdvice(value, schema)
    const is = advice === "; put it in quotes" ? "but YAML reads it as" : "but is"
    return [mistake(path, `must be ${wanted(schema)}, ${is} ${described(value)}${advice}`)]
  }
  if (typeof value === "string") return textMistakes(value, schema, path)
  if (typeof value === "number") return numberMistakes(value, schema, path)
  if (Array.isArray(value)) return listMistakes(value, schema, path)
  return isObject(value) && schema.type === "object" ? objectMistakes(value, schema, path) : []
}

/** The value without the fields that are null and may not be: to an API server they are absent. */
export function withoutNulls(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) return schema.items ? value.map((item) => withoutNulls(item, schema.items!)) : value
  if (!isObject(value)) return value
  const fields = Object.entries(value).flatMap(([field, inner]) => {
    const known = fieldSchema(schema, field)
    if (known === undefined) return [[field, inner] as const]
    return isAbsent(inner, known) ? [] : [[field, withoutNulls(inner, known)] as const]
  })
  return Object.fromEntries(fields)
}

function mistake(path: Path, says: string): Finding {
  return { path, message: `${path.length === 0 ? "it" : fieldName(path)} ${says}` }
}

function isOfType(value: unknown, schema: Schema): boolean {
  if (schema["x-kubernetes-int-or-string"]) return typeof value === "string" || Number.isInteger(value)
  switch (schema.type) {
    case undefined:
      return true
    case "array":
      return Array.isArray(value)
    case "object":
      return isObject(value)
    case "integer":
      return Number.isInteger(value)
    default:
      return typeof value === schema.type
  }
}

function isAbsent(value: unknown, { nullable }: Schema): boolean {
  return value === undefined || (value === null && !nullable)
}

/** Only the schema's own properties: `__proto__` and `constructor` are fields like any other. */
function fieldSchema({ properties, additionalProperties }: Schema, field: string): Schema | undefined {
  return properties !== undefined && Object.hasOwn(properties, field) ? properties[field] : additionalProperties
}

function objectMistakes(value: JsonObject, schema: Schema, path: Path): readonly Finding[] {
  const { properties = {}, required = [], "x-kubernetes-validations": rules = [] } = schema
  if (rules.some(({ rule }) => rule === mustBeEmpty.rule) && Object.keys(value).length > 0) {
    return [mistake(path, mustBeEmpty.message)]
  }
  const missing = required
    .filter((field) => isAbsent(valueAt(value, [field]), properties[field] ?? {}))
    .map((field) => ({ path, message: `${fieldName([...path, field])} is missing` }))
  const wrong = Object.entries(value).flatMap(([field, inner]) => {
    const at = [...path, field]
    const known = fieldSchema(schema, field)
    if (known !== undefined) return isAbsent(inner, known) ? [] : shapeMistakes(inner, known, at)
    return schema["x-kubernetes-preserve-unknown-fields"] ? [] : [unknownField(at, Object.keys(properties))]
  })
  return [...missing, ...wrong]
}

function unknownField(path: Path, known: readonly string[]): Finding {
  const advice =
    didYouMean(String(path.at(-1)), known) || `; there ${known.length === 1 ? "is" : "are"} ${known.join(", ")}`
  return { path, message: `there is no field ${fieldName(path)}${advice}` }
}

function listMistakes(value: readonly unknown[], schema: Schema, path: Path): readonly Finding[] {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items = {} } = schema
  if (value.length < minItems) return [mistake(path, `must have at least ${counted(minItems, "item")}, but is empty`)]
  if (value.length > maxItems) return [mistake(path, `must have at most ${maxItems} items, but has ${value.length}`)]
  return [...value.flatMap((item, i) => shapeMistakes(item, items, [...path, i])), ...repetitions(value, schema, path)]
}

/** Items that a list may have only once: of a set the items themselves, of a map those with the same keys. */
function repetitions(value: readonly unknown[], schema: Schema, path: Path): readonly Finding[] {
  const keys = schema["x-kubernetes-list-type"] === "set" ? [[]] : schema["x-kubernetes-list-map-keys"]?.map((k) => [k])
  if (keys === undefined) return []
  const first = new Map<string, number>()
  return value.flatMap((item, index) => {
    const parts = keys.map((key) => valueAt(item, key))
    if (!parts.every((part) => typeof part === "string" || typeof part === "number")) return []
    const earlier = first.get(JSON.stringify(parts))
    if (earlier === undefined) {
      first.set(JSON.stringify(parts), index)
      return []
    }
    const at = [...path, index, ...keys[0]!]
    const before = fieldName([...path, earlier, ...keys[0]!])
    const says = `is ${quoted(parts.join(", "))}, as ${before} is already; `
    return [mistake(at, says + (keys[0]!.length === 0 ? "list it once" : "give it another"))]
  })
}

function textMistakes(value: string, schema: Schema, path: Path): readonly Finding[] {
  const { pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    const allowed = schema.enum.map(String)
    return [
      mistake(path, `must be ${orList(allowed.map(quoted))}, but is ${quoted(value)}${didYouMean(value, allowed)}`),
    ]
  }
  const format = formatOf(schema)
  const length = [...value].length
  if (value !== "" && length > maxLength) {
    return [mistake(path, `must have at most ${maxLength} characters, but has ${length}`)]
  }
  const fits = pattern === undefined || expression(pattern).test(value)
  if (format !== undefined && !(fits && format.accepts(value))) {
    return [mistake(path, `must be ${format.words}, but is ${value === "" ? "empty" : quoted(value)}`)]
  }
  if (length < minLength) {
    const least =
      minLength === 1 ? "must not be empty" : `must have at least ${minLength} characters, but has ${length}`
    return [mistake(path, least)]
  }
  return fits ? [] : [mistake(path, `must ${mustOf(pattern!)}, but is ${quoted(value)}`)]
}

/** A pattern of the CRD, whose \x{…} is \u{…} here. */
const expression = (pattern: string) => new RegExp(pattern.replaceAll("\\x{", "\\u{"), "u")

function numberMistakes(value: number, schema: Schema, path: Path): readonly Finding[] {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema
  if (value < minimum) return [mistake(path, `must be at least ${minimum}, but is ${value}`)]
  return value > maximum ? [mistake(path, `must be at most ${maximum}, but is ${value}`)] : []
}
