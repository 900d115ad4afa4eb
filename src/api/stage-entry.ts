// An entry of a pipeline's graph: which PeanutStage runs, with what, when, and what its end means for the others.

import * as z from "zod"
import { duration } from "./duration.ts"
import { objectName } from "./meta.ts"
import { params } from "./param.ts"

export const triggerRules = ["AllSucceeded", "AnyFailed", "AllDone"] as const
export type TriggerRule = (typeof triggerRules)[number]

export const failureEffects = ["Fail", "Ignore"] as const

/** The most stages a pipeline may have; keeps an execution far below the size etcd takes. */
export const maxStages = 1000
/** The most Jobs that the matrix of one stage may ask for. */
export const maxCombinations = 256
/** The most parameters of a matrix. */
const maxDimensions = 5

/**
 * What a terminal obeys, or what turns the direction of text: control characters (C0, DEL, C1), line separators, marks,
 * overrides and isolates of direction. No name has a use for them, and one that has them reads as another.
 */
const unseen = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u

/** Whether a name of a stage shows as what it is. The CRD refuses others; one stored before it did is told as a mistake. */
export const isShown = (name: string): boolean => !unseen.test(name)

const stageName = z.string().min(1).max(253)
/** The same characters as the API server's regular expressions (RE2) write them. */
export const shownName = stageName.meta({
  pattern: "^[^\\x00-\\x1f\\x7f-\\x{9f}\\x{61c}\\x{200e}\\x{200f}\\x{2028}-\\x{202e}\\x{2066}-\\x{2069}]*$",
})

const dimension = z.object({
  name: z.string().min(1).max(63).meta({ description: "A parameter of the stage." }),
  values: z
    .array(z.string().max(4096))
    .min(1)
    .max(maxCombinations)
    .meta({ description: "The values it takes, one Job each.", "x-kubernetes-list-type": "atomic" }),
})

/** CEL: how many combinations a matrix has; CEL cannot multiply along a list. */
const combinations = Array.from(
  { length: maxDimensions },
  (_, i) => `(self.size() > ${i} ? self[${i}].values.size() : 1)`,
).join(" * ")

/** What a stage of the graph and a stage of `finally` have in common. */
const common = {
  name: shownName.meta({
    ...shownName.meta(),
    description: "Any text, unique in this pipeline, without control characters and marks of direction.",
  }),
  type: objectName.meta({ description: "Name of the PeanutStage, in the same namespace, that says what to run." }),
  params: params(
    "Values for the parameters that the PeanutStage declares; may contain $(params.NAME) of the pipeline, $(stages['NAME'].outputs.KEY) and $(execution.name).",
  ),
  when: z.string().min(1).max(1024).optional().meta({
    description:
      "A CEL expression over params, stages and execution. Where it is false the stage is Skipped, and the stages below treat it as satisfied.",
  }),
  onFailure: z.enum(failureEffects).optional().meta({
    description: "Ignore: a failure of this stage neither fails the execution nor stops its branch. Default Fail.",
  }),
  retries: z
    .int()
    .min(0)
    .max(1000)
    .optional()
    .meta({ description: "How often a failed pod is tried again; instead of what the PeanutStage says." }),
  timeout: duration.optional().meta({
    description:
      "How long the stage may take with all its retries, such as 90s or 10m; instead of what the PeanutStage says.",
  }),
  matrix: z
    .array(dimension)
    .min(1)
    .max(maxDimensions)
    .optional()
    .meta({
      description: `One Job for each combination of these values, which are parameters of the stage; at most ${maxCombinations} Jobs.`,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      "x-kubernetes-validations": [
        {
          rule: `${combinations} <= ${maxCombinations}`,
          message: `a matrix has at most ${maxCombinations} combinations`,
        },
      ],
    }),
  maxParallel: z
    .int()
    .min(1)
    .max(2147483647)
    .optional()
    .meta({ description: "At most so many Jobs of the matrix run at once." }),
}

const onlyWithMatrix = {
  rule: "!has(self.maxParallel) || has(self.matrix)",
  message: "maxParallel of a stage needs a matrix; without one, set maxParallel of the pipeline",
}

export const pipelineStage = z
  .object({
    ...common,
    dependsOn: z.array(stageName).max(maxStages).optional().meta({
      description:
        "Names of the stages that must have Succeeded, or ended as triggerRule says, before this one starts.",
      "x-kubernetes-list-type": "set",
    }),
    triggerRule: z.enum(triggerRules).optional().meta({
      description:
        "On which outcome of the stages it depends on this one runs: AllSucceeded (default), AnyFailed, or AllDone, whatever it was.",
    }),
    approval: z
      .boolean()
      .optional()
      .meta({ description: "Wait until the execution's approved names this stage before it starts." }),
  })
  .meta({
    "x-kubernetes-validations": [
      {
        rule: "!has(self.dependsOn) || !(self.name in self.dependsOn)",
        messageExpression: "'stage \"' + self.name + '\" depends on itself'",
        message: "a stage depends on itself",
      },
      {
        rule: "!has(self.triggerRule) || self.triggerRule == 'AllSucceeded' || has(self.dependsOn)",
        message: "triggerRule needs dependsOn: there is no stage whose outcome it could wait for",
      },
      onlyWithMatrix,
    ],
  })
export type PipelineStage = z.infer<typeof pipelineStage>

export const finallyStage = z.object(common).meta({ "x-kubernetes-validations": [onlyWithMatrix] })
export type FinallyStage = z.infer<typeof finallyStage>
