// The status of a pipeline: whether executions of it can run, with every mistake named; and whether its schedules start
// some.

import type { Pipeline, PipelineStatus } from "../api/pipeline.ts"
import { joined } from "./joined.ts"
import { findProblems, type Surroundings } from "./problems.ts"
import { withCondition } from "./status.ts"

/** The status a pipeline should have, given the PeanutStages beside it. */
export function pipelineStatus(pipeline: Pipeline, around: Surroundings, now: string): PipelineStatus {
  const { stages } = pipeline.spec
  const problems = findProblems(pipeline.metadata.name, pipeline.spec, around)
  const verdict =
    problems.length === 0
      ? {
          status: "True" as const,
          reason: "Valid",
          message: `${stages.length} ${stages.length === 1 ? "stage" : "stages"}`,
        }
      : {
          status: "False" as const,
          reason: "Invalid",
          message: joined(problems.map((problem) => problem.message)),
        }
  return {
    ...pipeline.status,
    observedGeneration: pipeline.metadata.generation,
    stageCount: stages.length,
    conditions: withCondition(pipeline.status?.conditions, { type: "Valid", ...verdict }, now),
  }
}

/** Whether a pipeline has schedules, or had some of which something may be left. */
export function isScheduled({ spec, status }: Pipeline): boolean {
  const isShown = status?.conditions?.some(({ type }) => type === "Scheduled") ?? false
  return (spec.schedules ?? []).length > 0 || (status?.schedules ?? []).length > 0 || isShown
}

export interface Scheduled {
  /** The names of the schedules that have a PingSource, or may have one. */
  readonly schedules: readonly string[]
  /** How many should. */
  readonly active: number
  readonly problems: readonly string[]
}

/** The status with what became of the schedules; a pipeline none of whose schedules is active says nothing of them. */
export function scheduledStatus(
  { schedules: _, conditions = [], ...rest }: PipelineStatus,
  { schedules, active, problems }: Scheduled,
  now: string,
): PipelineStatus {
  const type = "Scheduled"
  const verdict =
    problems.length === 0
      ? {
          status: "True" as const,
          reason: "Scheduled",
          message: `${active} ${active === 1 ? "schedule" : "schedules"}`,
        }
      : { status: "False" as const, reason: "NotScheduled", message: joined(problems) }
  const isSilent = active === 0 && problems.length === 0
  return {
    ...rest,
    ...(schedules.length > 0 && { schedules: [...schedules] }),
    conditions: isSilent
      ? conditions.filter((condition) => condition.type !== type)
      : withCondition(conditions, { type, ...verdict }, now),
  }
}
