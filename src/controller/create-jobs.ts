// Creates the Jobs that a step asks for, each once, and tells what the API server said of each.

import * as Effect from "effect/Effect"
import type { Job, JobManifest } from "../api/job.ts"
import { controllerUid } from "../api/meta.ts"
import { Cluster, Conflict, isDenial, type Refused } from "../cluster.ts"
import type { Observed } from "../execution/advance.ts"
import type { Refusal } from "../execution/tasks.ts"

export interface Created {
  /** By name. */
  readonly jobs: ReadonlyMap<string, Job>
  readonly refusals: ReadonlyMap<string, Refusal>
  /** Whether one of ours was there already: a replica that created it died or lags. */
  readonly isFound: boolean
}

export const createJobs = Effect.fn("createJobs")(function* (manifests: readonly JobManifest[]) {
  const results = yield* Effect.forEach(manifests, createJob, { concurrency: 8 })
  return {
    jobs: new Map(results.flatMap((result) => ("job" in result ? [[result.name, result.job]] : []))),
    refusals: new Map(results.flatMap((result) => ("refusal" in result ? [[result.name, result.refusal]] : []))),
    isFound: results.some((result) => "isFound" in result),
  } satisfies Created
})

/** An observation with what became of the Jobs that it asked for. */
export function withCreated(observed: Observed, { jobs, refusals }: Created): Observed {
  return {
    ...observed,
    jobs: new Map([...observed.jobs, ...jobs]),
    refusals: new Map([...observed.refusals, ...refusals]),
  }
}

type Result =
  | { readonly name: string; readonly job: Job; readonly isFound?: true }
  | { readonly name: string; readonly refusal: Refusal }

const createJob = Effect.fn("createJob")(function* (manifest: JobManifest) {
  const cluster = yield* Cluster
  const { name, namespace } = manifest.metadata
  return yield* cluster.createJob(manifest).pipe(
    Effect.map((job): Result => ({ name, job })),
    Effect.catchTags({
      AlreadyExists: () => Effect.map(cluster.job({ name, namespace }), (job) => existing(manifest, job)),
      Refused: (error) => Effect.succeed<Result>({ name, refusal: refusal(error) }),
    }),
    // Deleted between the two calls, or its namespace is: look again.
    Effect.catchTag("NotFound", ({ message }) => Effect.fail(new Conflict({ message }))),
  )
})

/** A Job of that name is ours only if this very execution controls it. */
function existing(manifest: JobManifest, job: Job): Result {
  const { name } = job.metadata
  if (controllerUid(job.metadata) === controllerUid(manifest.metadata)) return { name, job, isFound: true }
  const message = `a Job named ${name} exists that does not belong to this execution; delete it and run the pipeline again`
  return { name, refusal: { isFinal: true, reason: "JobNameTaken", message } }
}

/**
 * What is forbidden by quota, for want of rights or because the namespace is going away can change, so the stage waits and
 * says why. What is invalid or was denied by an admission webhook or policy stays so, and the stage has failed.
 */
function refusal({ status, causes, said, message }: Refused): Refusal {
  const mayChange = status === 403 && (causes.includes("NamespaceTerminating") || !isDenial(said))
  return { isFinal: !mayChange, reason: mayChange ? "JobForbidden" : "JobRejected", message }
}
