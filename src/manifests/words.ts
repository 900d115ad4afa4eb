// How schemas and values are called in messages.

import { orList, quoted } from "../words/phrases.ts"
import type { Path } from "./path.ts"
import { formatOf, type Schema } from "./schema.ts"

/** `spec.stages[2].dependsOn` */
export function fieldName(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`
      if (!/^[A-Za-z_$][\w$-]{0,79}$/.test(step)) return `[${quoted(step)}]`
      return index === 0 ? step : `.${step}`
    })
    .join("")
}

/** What a value must be to fit: `a list of text`. */
export function wanted(schema: Schema): string {
  const format = formatOf(schema)
  if (format !== undefined) return format.words
  if (schema.enum !== undefined) return orList(schema.enum.map((value) => quoted(String(value))))
  if (schema["x-kubernetes-int-or-string"]) return "text or a whole number"
  switch (schema.type) {
    case "string":
      return "text"
    case "integer":
      return "a whole number"
    case "number":
      return "a number"
    case "boolean":
      return "true or false"
    case "array":
      return schema.items?.type === undefined ? "a list" : `a list of ${plural(schema.items.type)}`
    default:
      return "an object"
  }
}

function plural(type: string): string {
  switch (type) {
    case "string":
      return "text"
    case "integer":
      return "whole numbers"
    case "array":
      return "lists"
    default:
      return `${type}s`
  }
}

/** What a value is: `the number 3`. */
export function described(value: unknown): string {
  if (value === null || value === undefined) return "empty"
  if (Array.isArray(value)) return "a list"
  switch (typeof value) {
    case "string":
      return value === "" ? "empty" : `the text ${quoted(value)}`
    case "object":
      return "an object"
    case "number":
      return `the number ${value}`
    default:
      return String(value)
  }
}

/** How to turn the value into what is wanted, where that is plain; begins with `; `. */
export function typeAdvice(value: unknown, { type, items, pattern }: Schema): string {
  const isScalar = typeof value === "number" || typeof value === "boolean"
  if (type === "string" && isScalar) {
    return pattern === undefined || new RegExp(pattern).test(String(value)) ? "; put it in quotes" : ""
  }
  if (type === "array" && items?.type === "string" && typeof value === "string" && value.length < 60) {
    return `; write [${JSON.stringify(value)}]`
  }
  if (type === "array" && typeof value === "object" && value !== null) return '; begin each item with "- "'
  const isUnquoted = type === "boolean" ? /^(true|false)$/ : /^-?\d+$/
  const couldBe = (type === "boolean" || type === "integer") && typeof value === "string" && isUnquoted.test(value)
  return couldBe ? "; leave out the quotes" : ""
}
