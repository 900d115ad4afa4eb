// Observed runs, and what a step makes of them, in the words of the graph.

import type { ExecutionStatus } from "../../src/api/execution.ts"
import type { Job, Pod } from "../../src/api/job.ts"
import { type AcceptedExecution, isAccepted } from "../../src/execution/accept.ts"
import { type Advance, advance, type Observed } from "../../src/execution/advance.ts"
import type { Expressions } from "../../src/execution/rules/when.ts"
import type { Refusal } from "../../src/execution/tasks.ts"
import { jobName } from "../../src/resources/job-name.ts"
import { stageKey } from "../../src/resources/labels.ts"
import { states } from "./graph.ts"
import { accepted, type JobState, job, now, type PodOptions, pod, type Recorded } from "./objects.ts"

export interface Situation extends Omit<Recorded, "stages"> {
  /** What the status says: `a Succeeded, b Running`. A stage that is not named waits. */
  readonly recorded?: string | Recorded["stages"]
  /**
   * The Jobs there are: `a Complete, b Running`; of a matrix, `a#1 Running`. `a Stopped` was told to stop and did,
   * `a Stopping` was only told to; `a DeadlineExceeded:60` had a deadline of so many seconds.
   */
  readonly jobs?: string
  /** The pods of Jobs there are, by stage; with `jobs` not naming the stage, its Job runs. */
  readonly pods?: Readonly<Record<string, PodOptions>>
  readonly refusals?: Readonly<Record<string, Refusal>>
  readonly expressions?: Expressions | undefined
}

export function observed({ recorded, jobs = "", pods = {}, refusals = {}, expressions, ...rest }: Situation): Observed {
  const execution = accepted({
    ...rest,
    ...(recorded !== undefined && { stages: typeof recorded === "string" ? states(recorded) : recorded }),
  })
  const jobStates = new Map([...Object.keys(pods).map((stage) => [stage, "Running"] as const), ...states(jobs)])
  const owned = new Map<string, Job>()
  const owning = new Map<string, Pod[]>()
  for (const [stage, state] of jobStates) {
    const made = jobIn(execution, stage, state)
    owned.set(made.metadata.name, made)
    if (pods[stage] !== undefined) owning.set(made.metadata.uid, [pod(made, pods[stage])])
  }
  return {
    execution,
    ...(expressions && { expressions }),
    jobs: owned,
    pods: owning,
    refusals: new Map(
      Object.entries(refusals).map(([of, refusal]) => {
        const [stage = "", index = "0"] = of.split("#")
        return [jobName(execution.metadata, stage, Number(index)), refusal]
      }),
    ),
  }
}

function jobIn(execution: AcceptedExecution, of: string, said: string): Job {
  const [stage = "", index = "0"] = of.split("#")
  const [state = "", seconds] = said
    .replace("Stopped", "DeadlineExceeded:1")
    .replace("Stopping", "Running:1")
    .split(":")
  const spec = seconds === undefined ? {} : { activeDeadlineSeconds: Number(seconds) }
  return job(execution, stage, state as JobState, { index: Number(index), spec })
}

/** What a step says, in one line each: `a Succeeded, b Waiting`; `b`; ``. */
export interface Step extends Advance {
  readonly stages: string
  readonly creates: string
  readonly stops: string
}

export function step(seen: Observed, time = now): Step {
  const next = advance(seen, time)
  return {
    ...next,
    stages: (next.status.stages ?? []).map(({ name, phase }) => `${name} ${phase}`).join(", "),
    creates: next.create.map(stageOf).join(", "),
    stops: next.stop.map(stageOf).join(", "),
  }
}

/** The stage a Job is for. */
export function stageOf({
  metadata,
}: {
  readonly metadata: { readonly annotations?: Record<string, string> | undefined }
}) {
  return metadata.annotations?.[stageKey] ?? ""
}

/** The status of one stage. */
export function stageIn({ status }: { readonly status: ExecutionStatus }, name: string) {
  return status.stages?.find((stage) => stage.name === name)
}

/** The same execution once a status is written. */
export function written(execution: AcceptedExecution, status: ExecutionStatus): AcceptedExecution {
  const next = { ...execution, status }
  if (!isAccepted(next)) throw new Error("the status lost its snapshot")
  return next
}
