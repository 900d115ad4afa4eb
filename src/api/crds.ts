// The CustomResourceDefinitions, made from the zod schemas: what the API server checks and what the code parses
// have one source.

import * as z from "zod"
import { executionSpec, executionStatus } from "./execution.ts"
import { group, version } from "./meta.ts"
import { pipelineSpec, pipelineStatus } from "./pipeline.ts"
import { stageSpec } from "./stage.ts"

interface Column {
  readonly name: string
  readonly type: "string" | "integer" | "date" | "boolean"
  readonly jsonPath: string
  readonly description?: string
  readonly priority?: number
}

interface Definition {
  readonly kind: string
  readonly plural: string
  readonly shortName: string
  readonly description: string
  readonly spec: z.ZodType
  readonly status?: z.ZodType
  readonly columns: readonly Column[]
  /** Fields by which a list can be narrowed. */
  readonly selectable?: readonly string[]
}

const age: Column = { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }
const conditionField = (type: string, field: string) => `.status.conditions[?(@.type=="${type}")].${field}`

export const definitions: readonly Definition[] = [
  {
    kind: "PeanutStage",
    plural: "peanutstages",
    shortName: "pst",
    description: "A PeanutStage is the template of a Job that a stage of a pipeline runs.",
    spec: stageSpec,
    columns: [{ name: "Image", type: "string", jsonPath: ".spec.image" }, age],
  },
  {
    kind: "PeanutPipeline",
    plural: "peanutpipelines",
    shortName: "ppl",
    description: "A PeanutPipeline is a directed acyclic graph of stages.",
    spec: pipelineSpec,
    status: pipelineStatus,
    columns: [
      { name: "Stages", type: "integer", jsonPath: ".status.stageCount" },
      { name: "Valid", type: "string", jsonPath: conditionField("Valid", "status") },
      { name: "Message", type: "string", jsonPath: conditionField("Valid", "message"), priority: 1 },
      age,
    ],
  },
  {
    kind: "PeanutPipelineExecution",
    plural: "peanutpipelineexecutions",
    shortName: "pex",
    description: "A PeanutPipelineExecution is one run of a PeanutPipeline.",
    spec: executionSpec,
    status: executionStatus,
    selectable: [".spec.pipelineName", ".status.phase"],
    columns: [
      { name: "Pipeline", type: "string", jsonPath: ".spec.pipelineName" },
      { name: "Phase", type: "string", jsonPath: ".status.phase" },
      { name: "Stages", type: "string", jsonPath: ".status.summary" },
      { name: "Started", type: "date", jsonPath: ".status.startTime" },
      { name: "Completed", type: "date", jsonPath: ".status.completionTime" },
      { name: "Reason", type: "string", jsonPath: conditionField("Succeeded", "reason"), priority: 1 },
      { name: "Message", type: "string", jsonPath: conditionField("Succeeded", "message"), priority: 1 },
      age,
    ],
  },
]

/** The CustomResourceDefinition of a kind, ready to be written as YAML. */
export function customResourceDefinition(definition: Definition) {
  const { kind, plural, shortName, description, columns, selectable } = definition
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.${group}`,
      labels: { "app.kubernetes.io/name": "peanut", "app.kubernetes.io/part-of": "peanut" },
    },
    spec: {
      group,
      scope: "Namespaced",
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames: [shortName],
        categories: ["peanut"],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          ...(definition.status && { subresources: { status: {} } }),
          additionalPrinterColumns: columns,
          ...(selectable && { selectableFields: selectable.map((jsonPath) => ({ jsonPath })) }),
          schema: {
            openAPIV3Schema: {
              type: "object",
              description,
              required: ["spec"],
              properties: {
                apiVersion: { type: "string" },
                kind: { type: "string" },
                metadata: { type: "object" },
                spec: structural(definition.spec),
                ...(definition.status && { status: structural(definition.status) }),
              },
            },
          },
        },
      ],
    },
  }
}

type JsonSchema = { [key: string]: unknown; properties?: Record<string, JsonSchema>; items?: JsonSchema }

/** The structural schema, in the dialect of the API server, of what a zod schema accepts as input. */
export function structural(schema: z.ZodType): JsonSchema {
  return translate(z.toJSONSchema(schema, { io: "input", target: "openapi-3.0" }) as JsonSchema)
}

function translate(schema: JsonSchema): JsonSchema {
  const { anyOf, additionalProperties, opaque, properties, items, required, ...rest } = schema
  if (opaque)
    return { ...rest, type: "object", "x-kubernetes-preserve-unknown-fields": true, "x-kubernetes-map-type": "atomic" }
  // int-or-string carries its types in the extension; the API server wants no type beside it.
  if (rest["x-kubernetes-int-or-string"]) return rest
  const { minimum, maximum } = rest
  if (typeof minimum === "number" && minimum <= Number.MIN_SAFE_INTEGER) delete rest.minimum
  if (typeof maximum === "number" && maximum >= Number.MAX_SAFE_INTEGER) delete rest.maximum
  // Kubernetes' own counts are int32; and kubectl, which reads large limits back as floats, sees a change in each.
  if (maximum === 2147483647) {
    delete rest.maximum
    rest.format = "int32"
  }
  const isOpen = typeof additionalProperties === "object" && Object.keys(additionalProperties as object).length === 0
  return {
    ...rest,
    ...(required !== undefined && { required }),
    ...(isOpen && { "x-kubernetes-preserve-unknown-fields": true }),
    ...(typeof additionalProperties === "object" &&
      !isOpen && { additionalProperties: translate(additionalProperties as JsonSchema) }),
    ...(properties &&
      Object.keys(properties).length > 0 && {
        properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, translate(value)])),
      }),
    ...(items && { items: translate(items) }),
  }
}
