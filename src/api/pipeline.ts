// PeanutPipeline: a graph of stages.

import * as z from "zod"
import { duration } from "./duration.ts"
import { condition, objectMeta } from "./meta.ts"
import { paramSpecs, params } from "./param.ts"
import { finallyStage, maxStages, pipelineStage } from "./stage-entry.ts"

export { type FinallyStage, maxStages, type PipelineStage, pipelineStage } from "./stage-entry.ts"

export const failurePolicies = ["ContinueBranches", "FailFast"] as const
export const concurrencyPolicies = ["Allow", "Forbid", "Replace", "Queue"] as const
export type ConcurrencyPolicy = (typeof concurrencyPolicies)[number]

/** The most stages that run at the end. */
const maxFinally = 20
const maxSchedules = 10
const maxEvents = 20

/**
 * CEL: the names of the stages as a map, built once, because looking through the list for every dependency would
 * cost more than the API server allows at a thousand stages. (Two-variable comprehensions: Kubernetes 1.33.)
 */
const namesOf = (stages: string) => `${stages}.transformMapEntry(i, s, {s.name: true})`

/**
 * How many executions of each class are kept of a pipeline that does not say: nobody shall fill etcd by accident. No default
 * of the CRD, so that it holds for the pipelines that are stored already.
 */
export const defaultHistoryLimit = 10

const historyLimit = (which: string) =>
  z
    .int()
    .min(0)
    .max(2147483647)
    .optional()
    .meta({
      description: `How many ${which} executions to keep; older ones are deleted by the resync. Default: ${defaultHistoryLimit}.`,
    })

export const schedule = z.object({
  name: z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .meta({ description: "Names the schedule, unique in this pipeline: lower case, digits and -." }),
  cron: z
    .string()
    .min(1)
    .max(128)
    .meta({ description: 'When to start an execution: five fields of cron, such as "0 3 * * *", or @daily.' }),
  timeZone: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .meta({ description: "The time zone of cron, such as Europe/Berlin. Default: UTC." }),
  params: params("Parameters of the executions that it starts."),
  suspend: z.boolean().optional().meta({ description: "While true, this schedule starts nothing." }),
})
export type PipelineSchedule = z.infer<typeof schedule>

/** A rule rather than a schema without fields: an API server drops what that does not name. */
export const mustBeEmpty = { rule: "self.size() == 0", message: "must be {}: it has no fields in this version" }

/**
 * An event that may start a run. Strict: a field that this version does not know may be a condition, and without it the
 * entry would let in any event.
 */
const startingEvent = z
  .record(z.string(), z.string())
  .refine((entry) => Object.keys(entry).length === 0, { error: mustBeEmpty.message })
  .meta({ description: "{}: any event.", "x-kubernetes-validations": [mustBeEmpty] })

export const pipelineSpec = z
  .object({
    suspend: z.boolean().optional().meta({
      description:
        "While true, neither events nor schedules start an execution of this pipeline; ones that people create do run.",
    }),
    params: paramSpecs("The parameters of a run, used as $(params.NAME)."),
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
            rule: `[${namesOf("self")}].all(names, self.all(s, !has(s.dependsOn) || s.dependsOn.all(d, d in names)))`,
            message: "a stage depends on a name that no stage of this pipeline has",
          },
        ],
      }),
    finally: z
      .array(finallyStage)
      .min(1)
      .max(maxFinally)
      .optional()
      .meta({
        description:
          "Stages that run side by side at the end, whatever happened; they may read $(execution.phase) and the outputs of all others.",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
      }),
    timeout: duration.optional().meta({
      description: "How long a run may take before its finally stages, such as 2h; an execution's own timeout wins.",
    }),
    failurePolicy: z.enum(failurePolicies).optional().meta({
      description:
        "ContinueBranches (default): other branches run on to their end. FailFast: after a failure nothing new starts, and running Jobs are stopped.",
    }),
    maxParallel: z
      .int()
      .min(1)
      .max(2147483647)
      .optional()
      .meta({ description: "At most so many Jobs of one execution run at once." }),
    concurrencyPolicy: z.enum(concurrencyPolicies).optional().meta({
      description:
        "What a second execution does while one runs: Allow (default), Forbid (it fails), Replace (it cancels the other and runs), Queue (it waits, the oldest first).",
    }),
    successfulExecutionsHistoryLimit: historyLimit("Succeeded"),
    failedExecutionsHistoryLimit: historyLimit("Failed and Cancelled"),
    events: z.array(startingEvent).max(maxEvents).optional().meta({
      description:
        "Which CloudEvents may start an execution: {} is any. Without it no event does; schedules need no entry.",
      "x-kubernetes-list-type": "atomic",
    }),
    schedules: z
      .array(schedule)
      .max(maxSchedules)
      .optional()
      .meta({
        description: "When to start executions by the clock: a PingSource each, owned by the pipeline.",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
      }),
  })
  .meta({
    "x-kubernetes-validations": [
      {
        rule: `!has(self.finally) || [${namesOf("self.stages")}].all(names, self.finally.all(f, !(f.name in names)))`,
        message: "a stage of finally has the name of another stage of this pipeline",
      },
    ],
  })
export type PipelineSpec = z.infer<typeof pipelineSpec>

export const pipelineStatus = z.object({
  observedGeneration: z.int().optional().meta({ description: "The generation of the spec that conditions speak of." }),
  stageCount: z.int().optional().meta({ description: "How many stages the pipeline has." }),
  activeExecution: z
    .object({
      name: z.string().meta({ description: "Its name." }),
      uid: z.string().meta({ description: "Its UID: another one of that name is not it." }),
    })
    .optional()
    .meta({ description: "The execution that may run, where concurrencyPolicy lets one run at a time." }),
  schedules: z.array(z.string()).optional().meta({
    description: "The schedules that have a PingSource, or may have one.",
    "x-kubernetes-list-type": "atomic",
  }),
  conditions: z
    .array(condition)
    .optional()
    .meta({
      description:
        "Valid: whether executions of this pipeline can run; its message names every mistake. Scheduled, where there are schedules: whether each has its PingSource.",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
    }),
})
export type PipelineStatus = z.infer<typeof pipelineStatus>

export const pipeline = z.object({ metadata: objectMeta, spec: pipelineSpec, status: pipelineStatus.optional() })
export type Pipeline = z.infer<typeof pipeline>

/** Of a pipeline, which of its executions are to be kept. */
export interface PipelineOutline {
  readonly metadata: Pick<Pipeline["metadata"], "namespace" | "name">
  readonly spec: Pick<Pipeline["spec"], "successfulExecutionsHistoryLimit" | "failedExecutionsHistoryLimit">
}
