// Objects as the API server returns them, in a given state.

import {
  type Execution,
  type ExecutionSpec,
  type Snapshot,
  type StagePhase,
  type StageStatus,
  stagePhases,
} from "../../src/api/execution.ts"
import type { Job, JobManifest, JobSpec, Pod } from "../../src/api/job.ts"
import { apiVersion, type ObjectMeta, type OwnerReference } from "../../src/api/meta.ts"
import type { Pipeline, PipelineStage } from "../../src/api/pipeline.ts"
import type { Stage, StageSpec } from "../../src/api/stage.ts"
import type { AcceptedExecution } from "../../src/execution/accept.ts"
import { runStatus } from "../../src/execution/status.ts"
import { stageJob } from "../../src/resources/job.ts"
import { jobName } from "../../src/resources/job-name.ts"
import { graph } from "./graph.ts"

/** When what is recorded happened; when Jobs were created; and the time of the step under test. */
export const earlier = "2026-01-01T00:00:00Z"
export const created = "2026-01-01T00:00:01Z"
export const now = "2026-01-01T00:01:00Z"

export const namespace = "team"
export const taskSpec: StageSpec = { image: "busybox" }

export function meta(name: string, more: Partial<ObjectMeta> = {}): ObjectMeta {
  return {
    name,
    namespace,
    uid: `uid-of-${name}`,
    resourceVersion: "1",
    generation: 1,
    creationTimestamp: earlier,
    labels: {},
    annotations: {},
    ownerReferences: [],
    finalizers: [],
    ...more,
  }
}

export function pipeline(stages: string | PipelineStage[], more: Partial<Pipeline> = {}): Pipeline {
  return {
    metadata: meta("web"),
    spec: { stages: typeof stages === "string" ? graph(stages) : stages },
    ...more,
  }
}

export function stage(name: string, spec: StageSpec = taskSpec): Stage {
  return { metadata: meta(name), spec }
}

/** The PeanutStages of a namespace, by name. */
export function stages(...names: string[]): ReadonlyMap<string, Stage> {
  return new Map(names.map((name) => [name, stage(name)]))
}

/** A new execution of pipeline `web`, which nobody has looked at. */
export function execution(spec: Partial<ExecutionSpec> = {}, more: Partial<ObjectMeta> = {}): Execution {
  return { metadata: meta("run", more), spec: { pipelineName: "web", ...spec } }
}

export interface Recorded {
  readonly graph: string | PipelineStage[]
  /** What the status says of stages, where they do not wait. */
  readonly stages?: ReadonlyMap<string, string | Partial<StageStatus>>
  readonly stageSpecs?: Snapshot["stageSpecs"]
  /** What else the snapshot says, such as `failurePolicy`; a text for `finally` names its stages. */
  readonly snapshot?: Partial<Omit<Snapshot, "finally">> & { readonly finally?: string | Snapshot["finally"] }
  readonly spec?: Partial<ExecutionSpec>
}

/** An execution whose snapshot is taken, with its stages in the phases given. */
export function accepted({
  graph: text,
  stages = new Map(),
  stageSpecs,
  spec,
  snapshot: more = {},
}: Recorded): AcceptedExecution {
  const run = execution(spec)
  const list = typeof text === "string" ? graph(text) : text
  const { finally: given, ...others } = more
  const atEnd = typeof given === "string" ? graph(given) : given
  const snapshot: Snapshot = {
    pipelineGeneration: 1,
    stages: list,
    ...(atEnd !== undefined && { finally: atEnd }),
    stageSpecs: stageSpecs ?? { task: taskSpec },
    ...others,
  }
  const recorded = [...list, ...(atEnd ?? [])].map(({ name }) => stageStatus(run, name, stages.get(name) ?? "Waiting"))
  const status = runStatus(run, { startTime: earlier, snapshot }, recorded, earlier)
  return { ...run, status: { ...status, snapshot, stages: recorded } }
}

/**
 * A stage as it was recorded: with the Job and the times that a stage in this phase has. `Skipped/WhenFalse` says the
 * reason too; `Running:SRW` the letters of its matrix.
 */
function stageStatus(run: Execution, name: string, text: string | Partial<StageStatus>): StageStatus {
  if (typeof text !== "string") return { name, phase: "Waiting", ...text }
  const [, said = text, reason, combinations] = /^([A-Za-z]+)(?:\/(\w+))?(?::([A-Z]+))?$/.exec(text) ?? []
  const status = inPhase(run, name, said)
  if (combinations === undefined) return { ...status, ...(reason !== undefined && { reason }) }
  const { jobName: _, ...rest } = status
  // The first failure of a matrix is on record before the stage has ended.
  const failed = combinations.includes("F") &&
    said === "Running" && { reason: "BackoffLimitExceeded", message: "it broke" }
  return { ...rest, ...failed, ...(reason !== undefined && { reason }), combinations }
}

function inPhase(run: Execution, name: string, said: string): StageStatus {
  if (!isStagePhase(said)) throw new Error(`${said} is not a phase of a stage`)
  const job = { jobName: jobName(run.metadata, name), startTime: created }
  switch (said) {
    case "Waiting":
      return { name, phase: said }
    case "Running":
      return { name, phase: said, ...job }
    case "Succeeded":
      return { name, phase: said, ...job, completionTime: earlier }
    case "Failed":
      return { name, phase: said, ...job, completionTime: earlier, reason: "BackoffLimitExceeded", message: "it broke" }
    case "Skipped":
      return { name, phase: said, completionTime: earlier, reason: "ParentFailed", message: "a stage failed" }
    case "Cancelled":
      return { name, phase: said, completionTime: earlier, reason: "Cancelled", message: "the execution was cancelled" }
  }
}

const isStagePhase = (text: string): text is StagePhase => (stagePhases as readonly string[]).includes(text)

export type JobState =
  | "Running"
  | "Complete"
  | "Failed"
  /** Its deadline has passed, and the Job controller ended it. */
  | "DeadlineExceeded"
  | "FailureTarget"
  | "SuccessCriteriaMet"
  | "Suspended"

/** The Job of a stage, owned by the execution, in this state. */
export function job(
  run: Pick<Execution, "metadata">,
  stage: string,
  state: JobState = "Running",
  more: {
    readonly spec?: Partial<Job["spec"]>
    readonly metadata?: Partial<ObjectMeta>
    readonly stage?: StageSpec
    /** Which combination of the stage's matrix it is for. */
    readonly index?: number
  } = {},
): Job {
  const { index = 0 } = more
  return jobFrom(stageJob(run, stage, more.stage ?? taskSpec, { index }), state, more)
}

/** A manifest as the API server returns it once created, and once the Job controller has brought it into this state. */
export function jobFrom(
  manifest: JobManifest,
  state: JobState = "Running",
  more: { readonly spec?: Partial<Job["spec"]>; readonly metadata?: Partial<ObjectMeta> } = {},
): Job {
  const { name, labels = {}, annotations = {}, ownerReferences = [] } = manifest.metadata
  return {
    metadata: meta(name, { creationTimestamp: created, labels, annotations, ownerReferences, ...more.metadata }),
    spec: { ...deadline(manifest.spec), ...more.spec },
    status: jobStatus(state),
  }
}

const deadline = ({ activeDeadlineSeconds }: JobSpec) =>
  activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds }

/** The status the Job controller writes. */
export function jobStatus(state: JobState): NonNullable<Job["status"]> {
  const condition = (type: string, reason: string, message: string) => ({
    type,
    status: "True",
    reason,
    message,
    lastTransitionTime: now,
  })
  switch (state) {
    case "Running":
      return {}
    case "Complete":
      return {
        conditions: [
          condition("SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods"),
          condition("Complete", "CompletionsReached", "Reached expected number of succeeded pods"),
        ],
        completionTime: now,
      }
    case "Failed": {
      const said = ["BackoffLimitExceeded", "Job has reached the specified backoff limit"] as const
      return { conditions: [condition("FailureTarget", ...said), condition("Failed", ...said)] }
    }
    case "DeadlineExceeded": {
      const said = ["DeadlineExceeded", "Job was active longer than specified deadline"] as const
      return { conditions: [condition("FailureTarget", ...said), condition("Failed", ...said)] }
    }
    case "FailureTarget":
      return { conditions: [condition(state, "BackoffLimitExceeded", "Job has reached the specified backoff limit")] }
    case "SuccessCriteriaMet":
      return { conditions: [condition(state, "CompletionsReached", "Reached expected number of succeeded pods")] }
    case "Suspended":
      return { conditions: [condition(state, "JobSuspended", "Job suspended")] }
  }
}

export const trackingFinalizer = "batch.kubernetes.io/job-tracking"

export interface PodOptions {
  readonly phase?: string
  readonly metadata?: Partial<ObjectMeta>
  readonly status?: Partial<NonNullable<Pod["status"]>>
}

/** A pod of a Job, tracked by the Job controller. */
export function pod(owner: Pick<Job, "metadata">, { phase = "Running", metadata, status }: PodOptions = {}): Pod {
  const { name, labels, annotations } = owner.metadata
  return {
    metadata: meta(`${name}-pod`, {
      creationTimestamp: created,
      labels,
      annotations,
      ownerReferences: [ownerOf("batch/v1", "Job", owner.metadata)],
      finalizers: [trackingFinalizer],
      ...metadata,
    }),
    status: { phase, ...status },
  }
}

/** The reference by which an object says who controls it. */
export function ownerOf(
  apiVersion: string,
  kind: string,
  { name, uid }: Pick<ObjectMeta, "name" | "uid">,
): OwnerReference & { readonly controller: true } {
  return { apiVersion, kind, name, uid, controller: true }
}

export const executionOwner = (metadata: Pick<ObjectMeta, "name" | "uid">) =>
  ownerOf(apiVersion, "PeanutPipelineExecution", metadata)

/** The status of the stage's container after it ended. */
export function ended(exitCode: number, more: { readonly reason?: string; readonly finishedAt?: string } = {}) {
  return { containerStatuses: [{ name: "stage", state: { terminated: { exitCode, ...more } } }] }
}

/** The status of the stage's container while it cannot start. */
export function waitingFor(reason: string, message?: string) {
  return { containerStatuses: [{ name: "stage", state: { waiting: { reason, ...(message && { message }) } } }] }
}
