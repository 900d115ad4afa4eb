// Reads the parts of a value that a shape names, where no schema on the API server has checked them: null is absent, as
// Kubernetes has it, and a value of another type is a mistake with its place. All else stays as it is.

import { nulMistake } from "./nul.ts"

/** The way from an object down to one of its fields, such as `["spec", "stages", 2, "dependsOn"]`. */
export type Path = readonly (string | number)[]

/** What is wrong in a value, and where. */
export interface Mistake {
  readonly path: Path
  readonly message: string
}

export type Shape =
  /** A map or a list whose parts are nobody's business here. */
  | { readonly is: "text" | "number" | "boolean" | "map" | "list" }
  | { readonly list: Shape }
  /** A map of any keys. */
  | { readonly values: Shape }
  /** A map in which these fields are read; without those that are `needed` it is nothing. */
  | { readonly fields: Readonly<Record<string, Shape>>; readonly needed?: readonly string[] }

/** More mistakes than this in one value tell nothing new. */
const mostMistakes = 20

/** The value without what is null or of a wrong type, and what of it was wrong. */
export function readParts(value: unknown, shape: Shape): { readonly value: unknown; readonly mistakes: Mistake[] } {
  const mistakes: Mistake[] = []
  const wrong = (path: Path, message: string) => {
    if (mistakes.length < mostMistakes) mistakes.push({ path, message })
    return undefined
  }
  return { value: read(value, shape, []), mistakes }

  /** The value as it is read; undefined where it is absent. */
  function read(value: unknown, shape: Shape, path: Path): unknown {
    if (value === null || value === undefined) return undefined
    const expected = typeOf(shape)
    const found = kindOf(value)
    if (found !== expected) {
      return wrong(path, `expected ${names[expected]}, is ${names[found]}${adviceFor(value, shape)}`)
    }
    if (typeof value === "string") {
      const mistake = nulMistake(value)
      if (mistake !== undefined) wrong(path, mistake)
      // Kept: of a stage that is filled in, it may come out of a value of the run.
      return value
    }
    if ("list" in shape) return readList(value as readonly unknown[], shape.list, path)
    return "fields" in shape || "values" in shape ? readMap(value as object, shape, path) : value
  }

  function readList(list: readonly unknown[], shape: Shape, path: Path): readonly unknown[] {
    const items = list.flatMap((item, index) => {
      const at = [...path, index]
      // An item that is missing would move all behind it.
      const part = item === null ? wrong(at, `expected ${names[typeOf(shape)]}, is null`) : read(item, shape, at)
      return part === undefined ? [] : [part]
    })
    return isSame(items, list) ? list : items
  }

  function readMap(map: object, shape: Extract<Shape, { fields: unknown } | { values: unknown }>, path: Path): unknown {
    const entries = Object.entries(map)
    const kept = entries.flatMap(([key, value]) => {
      const known = "values" in shape ? shape.values : own(shape.fields, key)
      const part = known === undefined ? value : read(value, known, [...path, key])
      return part === undefined ? [] : [[key, part] as const]
    })
    const there = new Set(kept.map(([key]) => key))
    const missing = "fields" in shape ? (shape.needed ?? []).filter((key) => !there.has(key)) : []
    for (const key of missing) {
      const given: unknown = own(map as Readonly<Record<string, unknown>>, key)
      if (given === undefined || given === null) wrong(path, `${key} is missing`)
    }
    if (missing.length > 0) return undefined
    return isSame(
      kept.map(([, part]) => part),
      entries.map(([, part]) => part),
    )
      ? map
      : Object.fromEntries(kept)
  }
}

/** `spec.containers[0].args`; keys that are no plain words are quoted. */
export function pathText(path: Path): string {
  const steps = path.map((step) =>
    typeof step === "number" ? `[${step}]` : /^[A-Za-z_]\w*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`,
  )
  return steps.join("").replace(/^\./, "")
}

const names = {
  text: "text",
  number: "a number",
  boolean: "a boolean",
  list: "a list",
  map: "a map",
} as const

type Kind = keyof typeof names

function typeOf(shape: Shape): Kind {
  return "is" in shape ? shape.is : "list" in shape ? "list" : "map"
}

function kindOf(value: unknown): Kind {
  if (Array.isArray(value)) return "list"
  if (typeof value === "string") return "text"
  if (typeof value === "number") return "number"
  return typeof value === "boolean" ? "boolean" : "map"
}

/** Values longer than this are not repeated in a message. */
const longest = 60

/** How the value would be right, where that is plain. */
function adviceFor(value: unknown, shape: Shape): string {
  const isText = (part: Shape) => "is" in part && part.is === "text"
  const isScalar = typeof value === "number" || typeof value === "boolean"
  if (isScalar && isText(shape)) return `; write "${value}"`
  if (typeof value !== "string" || value.length > longest) return ""
  // Quotes are a shell's business: what its words are cannot be told here.
  if (!("list" in shape && isText(shape.list)) || /["'`\\]/.test(value)) return ""
  const words = value.split(/\s+/).filter((word) => word !== "")
  return `; write [${words.map((word) => JSON.stringify(word)).join(", ")}]`
}

const own = <T>(fields: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(fields, key) ? fields[key] : undefined

const isSame = (a: readonly unknown[], b: readonly unknown[]) =>
  a.length === b.length && a.every((part, index) => part === b[index])
