// PeanutStage: the template of a Job. Short forms for what most stages say, `jobTemplate` for all the rest.

import * as z from "zod"
import { duration } from "./duration.ts"
import { objectMeta } from "./meta.ts"
import { paramSpecs } from "./param.ts"

/** The container of a stage's pod that runs the stage itself; others are its helpers. */
export const stageContainerName = "stage"

/** Printable ASCII but `=`, which is all that Kubernetes takes since 1.34. */
export const envNamePattern = "^[ -<>-~]+$"

/**
 * What the CRD takes for an image: nothing that a command line could take for an option, and no blank or control character.
 * Whether a registry could have it is for the kubelet to say.
 */
export const imageWord = "^[^-\\x00-\\x20\\x7f][^\\x00-\\x20\\x7f]*$"

/** A Kubernetes quantity such as "500m", "2Gi" or 1. */
const quantity = z.union([z.int(), z.string()]).meta({ "x-kubernetes-int-or-string": true })

const envVar = z.looseObject({
  name: z
    .string()
    .min(1)
    .max(1024)
    .meta({ pattern: envNamePattern, description: "Name of the environment variable: printable ASCII without =." }),
  value: z.string().max(131072).optional().meta({ description: "Its value." }),
})

const resources = z.looseObject({
  requests: z.record(z.string(), quantity).optional(),
  limits: z.record(z.string(), quantity).optional(),
})

const container = z.looseObject({
  name: z.string().min(1).max(63),
  image: z.string().max(1024).meta({ pattern: imageWord }).optional(),
})

const podTemplate = z.object({
  metadata: z
    .object({
      labels: z.record(z.string(), z.string()).optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  spec: z
    .looseObject({
      containers: z
        .array(container)
        .max(64)
        .optional()
        .meta({
          description: `Containers of the pod. The one named "${stageContainerName}" runs the stage.`,
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
        }),
    })
    .optional()
    .meta({ description: "A PodSpec as in core/v1, partial." }),
})

const count = z.int().min(0).max(2147483647)

const jobSpec = z.object({
  parallelism: count.optional(),
  completions: count.optional(),
  completionMode: z.enum(["NonIndexed", "Indexed"]).optional(),
  backoffLimit: count.optional(),
  backoffLimitPerIndex: count.optional(),
  maxFailedIndexes: count.optional(),
  activeDeadlineSeconds: count.min(1).optional(),
  ttlSecondsAfterFinished: count.optional(),
  suspend: z.boolean().optional(),
  managedBy: z.string().max(63).optional(),
  podReplacementPolicy: z.enum(["TerminatingOrFailed", "Failed"]).optional(),
  podFailurePolicy: z.looseObject({}).optional(),
  successPolicy: z.looseObject({}).optional(),
  template: podTemplate.optional(),
})

/** The most characters of a stage's command, args and env together. */
export const maxTextLength = 262_144
export const tooMuchText = `command, args and env of a stage have at most ${maxTextLength} characters together; put large texts into a ConfigMap or the image`

/** CEL: how long the texts of a list are together. */
const lengthOf = (list: string, text: string) => `(has(self.${list}) ? self.${list}.map(it, ${text}).sum() : 0)`
const textLength = [
  lengthOf("command", "it.size()"),
  lengthOf("args", "it.size()"),
  lengthOf("env", "has(it.value) ? it.value.size() : 0"),
].join(" + ")

const stageImage =
  "has(self.jobTemplate) && has(self.jobTemplate.spec) && has(self.jobTemplate.spec.template) && " +
  "has(self.jobTemplate.spec.template.spec) && has(self.jobTemplate.spec.template.spec.containers) && " +
  `self.jobTemplate.spec.template.spec.containers.exists(c, c.name == '${stageContainerName}' && has(c.image))`

export const stageSpec = z
  .object({
    params: paramSpecs("The parameters of this stage, used in command, args and env as $(params.NAME)."),
    image: z
      .string()
      .min(1)
      .max(1024)
      .meta({ pattern: imageWord })
      .optional()
      .meta({ description: "Container image that runs the stage." }),
    command: z
      .array(z.string().max(131072))
      .max(1024)
      .optional()
      .meta({ description: "Entry point; the image's own if absent. Not run in a shell." }),
    args: z.array(z.string().max(131072)).max(1024).optional().meta({ description: "Arguments of the entry point." }),
    env: z
      .array(envVar)
      .max(1024)
      .optional()
      .meta({ description: "Environment variables, as in a container of core/v1." }),
    envFrom: z
      .array(z.looseObject({}))
      .max(256)
      .optional()
      .meta({ description: "ConfigMaps and Secrets whose keys become environment variables, as in core/v1." }),
    resources: resources.optional().meta({ description: "Requests and limits, as in core/v1." }),
    timeout: duration.optional().meta({
      description:
        "How long the stage may take with all its retries, such as 90s, 10m or 1h30m: activeDeadlineSeconds.",
    }),
    retries: z
      .int()
      .min(0)
      .max(1000)
      .optional()
      .meta({ description: "How often a failed pod is tried again: backoffLimit. Default 0." }),
    jobTemplate: z
      .object({
        metadata: z
          .object({
            labels: z.record(z.string(), z.string()).optional(),
            annotations: z.record(z.string(), z.string()).optional(),
          })
          .optional(),
        spec: jobSpec.optional().meta({ description: "A JobSpec as in batch/v1, partial." }),
      })
      .optional()
      .meta({
        description:
          `Everything else a Job can say, shaped as in a CronJob of batch/v1 but partial. The container named ` +
          `"${stageContainerName}" is the stage's own. Where a short form says the same, the short form wins.`,
      }),
  })
  .meta({
    description: "The template of the Job that runs a stage.",
    "x-kubernetes-validations": [
      {
        rule: `has(self.image) || (${stageImage})`,
        message: `a stage needs an image: set spec.image, or the image of container "${stageContainerName}" in spec.jobTemplate`,
      },
      { rule: `${textLength} <= ${maxTextLength}`, message: tooMuchText },
    ],
  })
export type StageSpec = z.infer<typeof stageSpec>

export const stage = z.object({ metadata: objectMeta, spec: stageSpec })
export type Stage = z.infer<typeof stage>
