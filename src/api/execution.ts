// PeanutPipelineExecution: one run of a pipeline, and in its status all that Peanut knows about the run.

import * as z from "zod"
import { duration } from "./duration.ts"
import { condition, type ObjectMeta, objectMeta, objectName } from "./meta.ts"
import { params } from "./param.ts"
import { maxStages, pipelineSpec } from "./pipeline.ts"
import { stageSpec } from "./stage.ts"

export const executionPhases = ["Pending", "Running", "Succeeded", "Failed", "Cancelled"] as const
export type ExecutionPhase = (typeof executionPhases)[number]
export const finalPhases = ["Succeeded", "Failed", "Cancelled"] as const satisfies readonly ExecutionPhase[]

export const stagePhases = ["Waiting", "Running", "Succeeded", "Failed", "Skipped", "Cancelled"] as const
export type StagePhase = (typeof stagePhases)[number]

export const executionSpec = z
  .object({
    pipelineName: objectName.meta({ description: "The PeanutPipeline, in the same namespace, to run." }),
    params: params("Values for the parameters that the pipeline declares."),
    timeout: duration.optional().meta({
      description:
        "How long the run may take before its finally stages, such as 2h; instead of what the pipeline says.",
    }),
    rerunOf: objectName.optional().meta({
      description:
        "An execution of the same pipeline that ended and did not succeed: this one takes over its snapshot, parameters, and the stages that Succeeded with their outputs, and runs the rest.",
    }),
    approved: z.array(z.string().min(1).max(253)).max(maxStages).optional().meta({
      description: "Names of the stages with approval: true that may start. May be added to at any time.",
      "x-kubernetes-list-type": "set",
    }),
    ttlSecondsAfterFinished: z.int().min(0).max(2147483647).optional().meta({
      description: "How long after its end the execution is kept, in seconds; it is deleted by the resync after that.",
    }),
    suspend: z
      .boolean()
      .optional()
      .meta({ description: "Hold the run: no further stage starts; what runs goes on. May be changed at any time." }),
    cancel: z
      .boolean()
      .optional()
      .meta({ description: "End the run: running Jobs are stopped, nothing new starts. Cannot be taken back." }),
  })
  .meta({
    "x-kubernetes-validations": [
      {
        rule: "self.pipelineName == oldSelf.pipelineName",
        message: "pipelineName is immutable: create another PeanutPipelineExecution to run another pipeline",
      },
      ...(["params", "timeout", "rerunOf"] as const).map((field) => ({
        rule: `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
        message: `${field} is immutable: create another PeanutPipelineExecution to run with another`,
      })),
      {
        rule: "!has(self.rerunOf) || !has(self.params)",
        message: "a rerun takes the parameters of the run that it repeats: give rerunOf or params, not both",
      },
      {
        rule: "!has(oldSelf.approved) || (has(self.approved) && oldSelf.approved.all(name, name in self.approved))",
        message: "an approval cannot be taken back: cancel the execution instead",
      },
      {
        rule: "!(has(oldSelf.cancel) && oldSelf.cancel) || (has(self.cancel) && self.cancel)",
        message: "cancel cannot be taken back: create another PeanutPipelineExecution to run the pipeline again",
      },
    ],
  })
export type ExecutionSpec = z.infer<typeof executionSpec>

const time = z.string().meta({ format: "date-time" })

export const stageStatus = z.object({
  name: z.string().meta({ description: "The stage's name in the pipeline." }),
  phase: z.enum(stagePhases).meta({ description: "Where the stage stands. All but Waiting and Running are final." }),
  jobName: z.string().optional().meta({ description: "The Job that runs the stage." }),
  startTime: time.optional().meta({ description: "When its Job was created." }),
  completionTime: time.optional().meta({ description: "When it ended." }),
  reason: z
    .string()
    .optional()
    .meta({ description: "CamelCase word: why it has this phase, where that is a question." }),
  message: z.string().optional().meta({ description: "The same for people." }),
  outputs: z
    .record(z.string(), z.string())
    .optional()
    .meta({ description: "The key=value lines that it wrote to the file $PEANUT_OUTPUT." }),
  combinations: z.string().optional().meta({
    description:
      "Of a stage with a matrix, a letter for each combination in order: Waiting, Running, Succeeded, Failed, Cancelled.",
  }),
})
export type StageStatus = z.infer<typeof stageStatus>

/** The pipeline and its stages as they were when the run started; edits after that never change the run. */
export const snapshot = z
  .object({
    pipelineGeneration: z.int(),
    stages: pipelineSpec.shape.stages,
    finally: pipelineSpec.shape.finally,
    stageSpecs: z.record(z.string(), stageSpec),
    /** The parameters of the run: given, else default. */
    params: z.record(z.string(), z.string()).optional(),
    timeout: duration.optional(),
    failurePolicy: pipelineSpec.shape.failurePolicy,
    maxParallel: pipelineSpec.shape.maxParallel,
    concurrencyPolicy: pipelineSpec.shape.concurrencyPolicy,
  })
  // Who may write a status can write any snapshot; one of a stage that it does not have would be no run.
  .refine(
    ({ stages, finally: atEnd = [], stageSpecs }) =>
      [...stages, ...atEnd].every(({ type }) => Object.hasOwn(stageSpecs, type)),
    { message: "a stage is of a type that the snapshot does not have", path: ["stageSpecs"] },
  )
export type Snapshot = z.infer<typeof snapshot>

export const executionStatus = z.object({
  observedGeneration: z.int().optional().meta({ description: "The generation of the spec that was acted on." }),
  phase: z
    .enum(executionPhases)
    .optional()
    .meta({ description: "Where the run stands. Succeeded, Failed and Cancelled are final." }),
  summary: z.string().optional().meta({ description: "The stages in one line, such as: 3/5 succeeded, 1 running." }),
  startTime: time.optional().meta({ description: "When the run was accepted." }),
  completionTime: time.optional().meta({ description: "When the last stage ended." }),
  conditions: z
    .array(condition)
    .optional()
    .meta({
      description: "Succeeded: Unknown while the run goes on, then True or False with the reason.",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
    }),
  stages: z.array(stageStatus).optional().meta({
    description: "Every stage of the run, in the order of the pipeline.",
    "x-kubernetes-list-type": "atomic",
  }),
  snapshot: snapshot.optional().meta({
    description: "The pipeline and its stages as they were when the run started.",
    opaque: true,
  }),
})
export type ExecutionStatus = z.infer<typeof executionStatus>

export const execution = z.object({ metadata: objectMeta, spec: executionSpec, status: executionStatus.optional() })
export type Execution = z.infer<typeof execution>

/** Of an execution, what tells whether it goes on or is to be kept; whatever else it has may be a megabyte. */
export const executionOutline = z.object({
  metadata: objectMeta.pick({ name: true, namespace: true, uid: true, deletionTimestamp: true }),
  spec: executionSpec.pick({ pipelineName: true, ttlSecondsAfterFinished: true }),
  status: executionStatus.pick({ phase: true, completionTime: true }).optional(),
})
export type ExecutionOutline = z.infer<typeof executionOutline>

/** Of an execution, what its turn is decided by. */
export interface Contender {
  readonly metadata: Pick<ObjectMeta, "name" | "namespace" | "uid" | "creationTimestamp" | "deletionTimestamp">
  readonly spec: Pick<ExecutionSpec, "suspend" | "cancel">
  readonly status?:
    | (Pick<ExecutionStatus, "phase"> & {
        readonly snapshot?: object | undefined
        readonly stages?: object | undefined
      })
    | undefined
}

/** The part of it that its turn is decided by, so that many can be held. */
export function contenderOf({ metadata, spec, status }: Execution): Contender {
  const { name, namespace, uid, creationTimestamp, deletionTimestamp } = metadata
  return {
    metadata: {
      name,
      namespace,
      uid,
      creationTimestamp,
      ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    },
    spec: {
      ...(spec.suspend !== undefined && { suspend: spec.suspend }),
      ...(spec.cancel !== undefined && { cancel: spec.cancel }),
    },
    status: status && {
      ...(status.phase !== undefined && { phase: status.phase }),
      ...(status.snapshot !== undefined && { snapshot: {} }),
      ...(status.stages !== undefined && { stages: [] }),
    },
  }
}

/** Terminal is final: such a stage never changes phase again. */
export function isStageFinished(phase: StagePhase): boolean {
  return phase !== "Waiting" && phase !== "Running"
}

/** Terminal is final: such an execution never changes phase again. */
export function isFinished(execution: { readonly status?: Pick<ExecutionStatus, "phase"> | undefined }): boolean {
  const phases: readonly (ExecutionPhase | undefined)[] = finalPhases
  return phases.includes(execution.status?.phase)
}

/** Whether there may be something left to do: it has not ended, and nobody deletes it. */
export function isUnfinished(execution: {
  readonly metadata: Pick<ObjectMeta, "deletionTimestamp">
  readonly status?: Pick<ExecutionStatus, "phase"> | undefined
}): boolean {
  return !isFinished(execution) && execution.metadata.deletionTimestamp === undefined
}
