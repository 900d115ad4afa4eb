// How much of a run a step looks at. What a run did long ago is in its status, and a run of a thousand stages must not be
// read anew for each of them.

import type { Execution } from "../api/execution.ts"
import { laterVersion } from "../api/meta.ts"

/** How much of a run to look at, from the least to the most. */
export type Scope =
  /** These Jobs changed. Where their ends are recorded there is nothing to look at; else it is as RunningStages. */
  | { readonly _tag: "TheseJobs"; readonly jobNames: readonly string[]; readonly podVersion?: string | undefined }
  /** The stages that run. Pods may be as old as this version of one of them; without a version they are those of now. */
  | { readonly _tag: "RunningStages"; readonly podVersion?: string | undefined }
  /** Every Job of the run, whatever its status says, also where the run has ended. */
  | { readonly _tag: "AllJobs" }

export const runningStages: Scope = { _tag: "RunningStages" }
export const allJobs: Scope = { _tag: "AllJobs" }

/** The Job that a change was about, and the version of its pod where the change was the pod's. */
export function thisJob(jobName: string, podVersion?: string): Scope {
  return { _tag: "TheseJobs", jobNames: [jobName], ...(podVersion !== undefined && { podVersion }) }
}

/** The least scope that covers both: total, idempotent, commutative and associative, so looks may be joined in any order. */
export function join(a: Scope, b: Scope): Scope {
  if (a._tag === "AllJobs" || b._tag === "AllJobs") return allJobs
  const podVersion = a.podVersion && b.podVersion && laterVersion(a.podVersion, b.podVersion)
  const asOf = podVersion === undefined ? {} : { podVersion }
  if (a._tag === "RunningStages" || b._tag === "RunningStages") return { ...runningStages, ...asOf }
  return { _tag: "TheseJobs", jobNames: [...new Set([...a.jobNames, ...b.jobNames])].toSorted(), ...asOf }
}

/**
 * The stages whose Jobs a step looks at, by name; undefined for all of them. Once a run was ended early it is all: Jobs
 * that were stopped have yet to end, and a replica that read late may have started others.
 */
export function stagesIn({ _tag }: Scope, { spec, status }: Execution): readonly string[] | undefined {
  const stages = status?.stages ?? []
  const isEnding = stages.some(({ phase, reason }) => phase === "Cancelled" || endings.has(reason ?? ""))
  if (_tag === "AllJobs" || spec.cancel || isEnding) return undefined
  return stages.flatMap(({ name, phase, combinations }) => {
    // Of a matrix that failed, combinations may run on.
    return phase === "Running" || (phase === "Failed" && combinations !== undefined) ? [name] : []
  })
}

const endings: ReadonlySet<string> = new Set(["ExecutionTimeout", "FailFast"])
