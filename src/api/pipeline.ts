// PeanutPipeline: a graph of stages.

import * as z from "zod"
import { condition, objectMeta, objectName } from "./meta.ts"

/** The most stages a pipeline may have; keeps an execution far below the size etcd takes. */
export const maxStages = 1000

export const pipelineStage = z
  .object({
    name: z.string().min(1).max(253).meta({ description: "Any text, unique in this pipeline." }),
    type: objectName.meta({ description: "Name of the PeanutStage, in the same namespace, that says what to run." }),
    dependsOn: z.array(z.string().min(1).max(253)).max(maxStages).optional().meta({
      description: "Names of the stages that must have Succeeded before this one starts.",
      "x-kubernetes-list-type": "set",
    }),
  })
  .meta({
    "x-kubernetes-validations": [
      {
        rule: "!has(self.dependsOn) || !(self.name in self.dependsOn)",
        messageExpression: "'stage \"' + self.name + '\" depends on itself'",
        message: "a stage depends on itself",
      },
    ],
  })
export type PipelineStage = z.infer<typeof pipelineStage>

/**
 * CEL: the names of the stages as a map, built once, because looking through the list for every dependency would
 * cost more than the API server allows at a thousand stages. (Two-variable comprehensions: Kubernetes 1.33.)
 */
const stageNames = "self.transformMapEntry(i, s, {s.name: true})"

export const pipelineSpec = z.object({
  suspend: z
    .boolean()
    .optional()
    .meta({ description: "While true, events start no execution of this pipeline; ones that people create do run." }),
  stages: z
    .array(pipelineStage)
    .min(1)
    .max(maxStages)
    .meta({
      description: "The stages of the pipeline and what each waits for.",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      "x-kubernetes-validations": [
        {
          rule: `[${stageNames}].all(names, self.all(s, !has(s.dependsOn) || s.dependsOn.all(d, d in names)))`,
          message: "a stage depends on a name that no stage of this pipeline has",
        },
      ],
    }),
})
export type PipelineSpec = z.infer<typeof pipelineSpec>

export const pipelineStatus = z.object({
  observedGeneration: z.int().optional().meta({ description: "The generation of the spec that conditions speak of." }),
  stageCount: z.int().optional().meta({ description: "How many stages the pipeline has." }),
  conditions: z
    .array(condition)
    .optional()
    .meta({
      description: "Valid: whether executions of this pipeline can run; its message names every mistake.",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
    }),
})
export type PipelineStatus = z.infer<typeof pipelineStatus>

export const pipeline = z.object({ metadata: objectMeta, spec: pipelineSpec, status: pipelineStatus.optional() })
export type Pipeline = z.infer<typeof pipeline>
