// What a manifest of each kind may hold: the structural schema of its CRD, which an API server checks too.

import type { z } from "zod"
import { definitions, structural } from "../api/crds.ts"
import { duration, durationSeconds } from "../api/duration.ts"
import { objectName } from "../api/meta.ts"
import { envNamePattern, imageWord } from "../api/stage.ts"
import { shownName } from "../api/stage-entry.ts"

/** The part of the API server's schema dialect that the CRDs use. */
export interface Schema {
  readonly type?: string
  readonly nullable?: boolean
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly "x-kubernetes-int-or-string"?: boolean
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean
  readonly "x-kubernetes-list-type"?: string
  readonly "x-kubernetes-list-map-keys"?: readonly string[]
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string; readonly message: string }[]
}

const toSchema = (schema: z.ZodType) => structural(schema) as Schema

/** The fields of metadata that people write and get wrong; an API server knows many more. */
const metadata: Schema = {
  type: "object",
  required: ["name"],
  "x-kubernetes-preserve-unknown-fields": true,
  properties: {
    name: toSchema(objectName),
    namespace: toSchema(objectName),
    labels: { type: "object", additionalProperties: { type: "string" } },
    annotations: { type: "object", additionalProperties: { type: "string" } },
  },
}

/** By kind. apiVersion and kind themselves are settled before; status is the controller's business. */
export const schemas: ReadonlyMap<string, Schema> = new Map(
  definitions.map(({ kind, spec }) => [
    kind,
    {
      type: "object",
      required: ["metadata", "spec"],
      properties: { apiVersion: {}, kind: {}, metadata, spec: toSchema(spec), status: {} },
    },
  ]),
)

interface Format {
  readonly words: string
  /** What the pattern alone does not say; in a CRD it is a rule in CEL. */
  readonly accepts: (text: string) => boolean
}

const formats: ReadonlyMap<string, Format> = new Map<string, Format>([
  [
    toSchema(duration).pattern!,
    {
      words: "a duration of at least 1s, such as 90s, 10m or 1h30m",
      accepts: (text) => text !== "" && durationSeconds(text) >= 1,
    },
  ],
  [
    toSchema(objectName).pattern!,
    {
      words: 'a name of lower-case letters, digits, "-" and ".", with a letter or digit at both ends',
      accepts: () => true,
    },
  ],
  [
    toSchema(shownName).pattern!,
    { words: "a name without control characters and marks of direction", accepts: (text) => text !== "" },
  ],
])

/** What a text must do that does not fit its pattern, where it is no more than that. */
const words: ReadonlyMap<string, string> = new Map([
  [imageWord, "be the name of an image, without blanks, and without - at its beginning"],
  [envNamePattern, "be the name of a variable, of printable ASCII without ="],
])

/** What text of this pattern must do. */
export const mustOf = (pattern: string): string => words.get(pattern) ?? `match ${pattern}`

/** What text of this pattern is for people, who do not read regular expressions. */
export function formatOf({ pattern }: Schema): Format | undefined {
  return pattern === undefined ? undefined : formats.get(pattern)
}
