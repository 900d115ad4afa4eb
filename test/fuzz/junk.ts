// Values that nobody expects, under names that a failing test can print, and objects with such values in the place of
// any field: what comes from an API server whose validation was bypassed, or from another version of Peanut.

import fc from "fast-check"

/** Text that has broken programs before. */
export const hostileTexts = [
  "",
  "a",
  "task",
  " ",
  "-",
  ".",
  "null",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "🥜",
  "\u0000",
  "\uD83E",
  "\uFEFFa",
  "\u202Egnp.exe\u202C",
  "e\u0301\u0301\u0301",
  "İ",
  "a\r\nX-Injected: b",
  "../../secrets/x",
  "..%2f..%2f",
  "$(id)",
  "%",
  "2026-13-45T99:99:99Z",
  "9".repeat(400),
  "x".repeat(253),
  "x".repeat(100_000),
] as const

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: "binary", maxLength: 20 }),
)

/** As deep as Kubernetes lets JSON be. */
const deepestLevels = 10_000

/** Made when they are needed: a failing test prints their names, and some are too deep to be printed. */
const oddities = {
  null: () => null,
  zero: () => 0,
  "minus one": () => -1,
  "a fraction": () => 1.5,
  "more than an integer can be": () => 1e308,
  true: () => true,
  "an empty array": () => [],
  "an array of null": () => [null],
  "an empty object": () => ({}),
  "a __proto__ of its own": () => JSON.parse('{"__proto__":{"polluted":true}}'),
  "a constructor of its own": () => JSON.parse('{"constructor":{"prototype":{"polluted":true}}}'),
  "a deep array": () => JSON.parse("[".repeat(deepestLevels) + "]".repeat(deepestLevels)),
  "a deep object": () => JSON.parse(`${'{"a":'.repeat(deepestLevels)}1${"}".repeat(deepestLevels)}`),
  "ten thousand nulls": () => Array(10_000).fill(null),
  "a thousand fields": () => Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`f${i}`, i])),
} satisfies Record<string, () => unknown>

type Junk = { readonly is: keyof typeof oddities } | { readonly text: string } | { readonly json: unknown }

const junk: fc.Arbitrary<Junk> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(...Object.keys(oddities)).map((is) => ({ is: is as keyof typeof oddities })),
  },
  { weight: 2, arbitrary: hostileText.map((text) => ({ text })) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }).map((json) => ({ json })) },
)

const makeJunk = (junk: Junk): unknown => ("is" in junk ? oddities[junk.is]() : "text" in junk ? junk.text : junk.json)

/**
 * One thing done to a field of an object, which is found by a walk of so many steps, each to one of the fields there are,
 * counted round. What is confused gets the value of another field of the same type, and so often passes for valid.
 */
export type Damage = { readonly walk: readonly number[] } & (
  | { readonly does: "replace"; readonly junk: Junk }
  | { readonly does: "rename"; readonly to: string }
  | { readonly does: "remove" }
  | { readonly does: "repeat" }
  | { readonly does: "confuse"; readonly other: number }
)

export const damage: fc.Arbitrary<Damage> = fc
  .tuple(
    fc.array(fc.nat(20), { minLength: 2, maxLength: 11 }),
    fc.oneof(
      { weight: 4, arbitrary: junk.map((junk) => ({ does: "replace" as const, junk })) },
      { weight: 1, arbitrary: hostileText.map((to) => ({ does: "rename" as const, to })) },
      { weight: 1, arbitrary: fc.constantFrom({ does: "remove" as const }, { does: "repeat" as const }) },
      { weight: 2, arbitrary: fc.nat(200).map((other) => ({ does: "confuse" as const, other })) },
    ),
  )
  .map(([walk, what]) => ({ walk, ...what }))

/** A copy of an object with all this done to it. */
export function damaged(object: object, damages: readonly Damage[]): object {
  const copy = structuredClone(object)
  const values = damages.some(({ does }) => does === "confuse") ? valuesIn(object) : []
  for (const damage of damages) {
    const place = placeAt(copy, damage.walk)
    if (place !== undefined) apply(damage, place, values)
  }
  return copy
}

interface Place {
  readonly holder: Record<string, unknown>
  readonly field: string
}

function placeAt(object: object, walk: readonly number[]): Place | undefined {
  let place: Place | undefined
  let holder: unknown = object
  for (const step of walk) {
    const fields = typeof holder === "object" && holder !== null ? Object.keys(holder) : []
    if (fields.length === 0) break
    place = { holder: holder as Place["holder"], field: fields[step % fields.length]! }
    holder = place.holder[place.field]
  }
  return place
}

function apply(damage: Damage, { holder, field }: Place, values: readonly unknown[]): void {
  switch (damage.does) {
    case "replace":
      define(holder, field, makeJunk(damage.junk))
      break
    case "rename":
      define(holder, damage.to, holder[field])
      delete holder[field]
      break
    case "repeat":
      define(holder, Array.isArray(holder) ? String(holder.length) : `${field}2`, holder[field])
      break
    case "confuse": {
      const alike = values.filter((value) => typeof value === typeof holder[field])
      if (alike.length > 0) define(holder, field, alike[damage.other % alike.length])
      break
    }
    case "remove":
      if (Array.isArray(holder)) holder.splice(Number(field), 1)
      else delete holder[field]
  }
}

/** Also where the field is `__proto__`, as JSON.parse does it. */
function define(holder: object, field: string, value: unknown): void {
  Object.defineProperty(holder, field, { value, enumerable: true, configurable: true, writable: true })
}

/** Every text, number and boolean in an object. What is stored is not damaged, so it is not deep. */
function valuesIn(object: object): readonly unknown[] {
  const values: unknown[] = [object]
  for (const value of values) if (typeof value === "object" && value !== null) values.push(...Object.values(value))
  return values.filter((value) => typeof value !== "object")
}
