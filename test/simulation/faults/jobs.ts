// Faults around Jobs and their pods.

import { timestamp } from "../../../src/api/meta.ts"
import type { StoredObject } from "../../../src/cluster/memory/store.ts"
import { resources } from "../../../src/cluster/object-api.ts"
import type { Choices } from "../choices.ts"
import type { Fault } from "../faults.ts"
import { announceFailure, createPod, podOf, release, setPod, unfinishedJobs } from "../job-controller.ts"
import { hasCondition, isOver, isTracked, phaseOf, tracked } from "../objects.ts"
import type { World } from "../world.ts"

const removal = "Job deleted by hand"
const disagreement = "pod and Job disagree"

const ours = (world: World) =>
  world.store
    .list(resources.jobs, { namespace: world.namespace })
    .filter(({ metadata }) => world.ledger.jobs.has(metadata.uid))

const removed = (name: string, which: (world: World) => readonly StoredObject[], words: string): Fault => ({
  name,
  row: removal,
  happen: (world, choices) => {
    const job = choices.of(which(world))
    if (job === undefined) return undefined
    world.store.delete(resources.jobs, job.metadata)
    return `${words} Job ${job.metadata.name}`
  },
})

/** A Job that is not on its way to an end, with its pod running. */
function runningJob(world: World, choices: Choices) {
  const jobs = unfinishedJobs(world).filter((job) => {
    const pod = podOf(world, job)
    const isEnding = hasCondition(job, "FailureTarget") || hasCondition(job, "SuccessCriteriaMet")
    return !isEnding && (pod === undefined || (phaseOf(pod) === "Running" && isTracked(pod)))
  })
  const job = choices.of(jobs)
  if (job === undefined) return undefined
  if (podOf(world, job) === undefined) createPod(world, job)
  return { job, pod: podOf(world, job)! }
}

export const jobFaults: readonly Fault[] = [
  removed("running Job deleted by hand", unfinishedJobs, "somebody deletes the running"),
  removed("ended Job deleted by hand", (world) => ours(world).filter(isOver), "somebody deletes the ended"),
  removed("Job removed by TTL", (world) => ours(world).filter(isOver), "the TTL controller removes"),
  {
    name: "pod Succeeded, then the Job Failed by its deadline",
    row: disagreement,
    happen: (world, choices) => {
      const found = runningJob(world, choices)
      if (found === undefined) return undefined
      const { job, pod } = found
      setPod(world, pod, "Succeeded")
      announceFailure(world, job, "DeadlineExceeded", pod)
      return `Job ${job.metadata.name} reaches its deadline in the second in which its pod succeeds`
    },
  },
  {
    name: "pod Succeeded without finalizer, and the Job fails",
    row: disagreement,
    happen: (world, choices) => {
      const found = runningJob(world, choices)
      if (found === undefined) return undefined
      const { job, pod } = found
      release(world, pod)
      setPod(world, podOf(world, job)!, "Succeeded")
      if (choices.oneIn(2)) announceFailure(world, job, "BackoffLimitExceeded", pod)
      return `the pod of Job ${job.metadata.name} loses its finalizer and then succeeds, and does not count`
    },
  },
  {
    name: "pod gone before its outputs were read",
    row: removal,
    happen: (world, choices) => {
      // The finalizer keeps a pod for as long as the Job controller has not counted it.
      const pods = ours(world).flatMap((job) => {
        const pod = podOf(world, job)
        return pod !== undefined && phaseOf(pod) === "Succeeded" && !isTracked(pod) ? [{ job, pod }] : []
      })
      const found = choices.of(pods)
      if (found === undefined) return undefined
      world.store.delete(resources.pods, found.pod.metadata)
      return `the pod of Job ${found.job.metadata.name} that has succeeded is deleted`
    },
  },
  {
    name: "pod of another Job under our labels",
    row: disagreement,
    happen: (world, choices) => {
      const job = choices.of(unfinishedJobs(world))
      if (job === undefined) return undefined
      const { labels, annotations } = job.metadata
      world.store.create(resources.pods, world.namespace, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          name: `stranger-${world.ledger.time}`,
          labels,
          annotations,
          ownerReferences: [{ ...foreignJob, name: job.metadata.name }],
          finalizers: tracked,
        },
        status: { phase: "Succeeded" },
      })
      return `a pod under the labels of Job ${job.metadata.name}, but of another Job, succeeds`
    },
  },
  {
    name: "another Job under our labels",
    row: "stale",
    happen: (world, choices) => {
      const job = choices.of(ours(world))
      if (job === undefined) return undefined
      const { labels, annotations } = job.metadata
      const lastTransitionTime = timestamp(world.millis())
      world.store.create(resources.jobs, world.namespace, {
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: { name: `stranger-${world.ledger.time}`, labels, annotations, ownerReferences: [foreignJob] },
        spec: choices.oneIn(2) ? {} : job.spec,
        status: { conditions: [{ type: "Complete", status: "True", lastTransitionTime }] },
      })
      return `a stranger's Job bears the labels of Job ${job.metadata.name}`
    },
  },
  {
    name: "labels of a Job removed by hand",
    row: "poison object",
    happen: (world, choices) => {
      const job = choices.of(ours(world))
      if (job === undefined) return undefined
      const labels = Object.fromEntries(Object.keys(job.metadata.labels ?? {}).map((key) => [key, null]))
      world.store.patch(resources.jobs, job.metadata, { metadata: { labels } })
      return `somebody takes the labels off Job ${job.metadata.name}`
    },
  },
  {
    name: "a pod cannot start",
    row: disagreement,
    happen: (world, choices) => {
      const job = choices.of(unfinishedJobs(world).filter((job) => podOf(world, job) === undefined))
      if (job === undefined) return undefined
      createPod(world, job, "Pending")
      const state = { waiting: { reason: "ImagePullBackOff", message: "no such image" } }
      const status = { containerStatuses: [{ name: "stage", state }] }
      world.store.patch(resources.pods, podOf(world, job)!.metadata, { status }, "status")
      return `the pod of Job ${job.metadata.name} cannot start yet`
    },
  },
]

const foreignJob = { apiVersion: "batch/v1", kind: "Job", name: "another", uid: "uid-of-another", controller: true }
