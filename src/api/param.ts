// Parameters: strings that a pipeline or a stage declares, and that a run or a pipeline gives.

import * as z from "zod"

/** The most parameters that one object declares or gives. */
const maxParams = 100

/** What `$(params.NAME)` can name. */
const paramName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[A-Za-z_][A-Za-z0-9_-]*$/)

const value = z.string().max(16384)

export const paramSpec = z.object({
  name: paramName.meta({ description: "Letters, digits, _ and -; used as $(params.NAME)." }),
  description: z.string().max(1024).optional().meta({ description: "What it is for." }),
  default: value.optional().meta({ description: "Its value when none is given; without a default one must be given." }),
})
export type ParamSpec = z.infer<typeof paramSpec>

export const param = z.object({
  name: paramName.meta({ description: "The parameter's name, as it was declared." }),
  value: value.meta({ description: "Its value. A string, always: quote numbers and booleans." }),
})
export type Param = z.infer<typeof param>

const keyedByName = { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] }

export const paramSpecs = (description: string) =>
  z
    .array(paramSpec)
    .max(maxParams)
    .optional()
    .meta({ description, ...keyedByName })

export const params = (description: string) =>
  z
    .array(param)
    .max(maxParams)
    .optional()
    .meta({ description, ...keyedByName })
