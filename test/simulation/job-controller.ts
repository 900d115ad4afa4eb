// The Job controller, the kubelet and the garbage collector, one small move at a time and in the order in which a cluster
// makes them. What comes next is read off the objects alone, so that anybody may change them in between.

import { timestamp } from "../../src/api/meta.ts"
import type { StoredObject } from "../../src/cluster/memory/store.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { combinationsOf } from "./combinations.ts"
import { conditionsOf, hasCondition, isOver, isTracked, ownerUid, phaseOf, tracked } from "./objects.ts"
import { entryOf } from "./truth.ts"
import { namespace, type World } from "./world.ts"

/** The Jobs that something will still happen to, oldest first. */
export function unfinishedJobs(world: World): StoredObject[] {
  return world.store
    .list(resources.jobs, { namespace })
    .filter((job) => world.ledger.jobs.has(job.metadata.uid) && (isOrphan(world, job) || !isOver(job)))
}

/** A Job whose owner is gone, as one that was created late. */
function isOrphan(world: World, job: StoredObject): boolean {
  return world.ledger.executions.get(ownerUid(job)!)!.isGone
}

/** The next thing that happens to a Job. */
export function moveJob(world: World, job: StoredObject): void {
  const pod = podOf(world, job)
  if (isOrphan(world, job)) world.store.delete(resources.jobs, job.metadata)
  else if (hasCondition(job, "FailureTarget")) endAs(world, job, "Failed", pod)
  else if (hasCondition(job, "SuccessCriteriaMet")) endAs(world, job, "Complete", pod)
  else if (isStopped(job)) announceFailure(world, job, "DeadlineExceeded", pod)
  else if (pod === undefined) createPod(world, job)
  else movePod(world, job, pod)
}

function movePod(world: World, job: StoredObject, pod: StoredObject): void {
  switch (phaseOf(pod)) {
    case "Pending":
      setPod(world, pod, "Running")
      break
    case "Running":
      setPod(world, pod, willFail(world, job) ? "Failed" : "Succeeded")
      break
    case "Succeeded":
      addCondition(world, job, "SuccessCriteriaMet", "CompletionsReached")
      release(world, pod)
      break
    default:
      announceFailure(world, job, "BackoffLimitExceeded", pod)
  }
}

/** Brings every Job to its end. */
export function endJobs(world: World): void {
  for (let jobs = unfinishedJobs(world); jobs.length > 0; jobs = unfinishedJobs(world)) {
    for (const job of jobs) moveJob(world, job)
  }
}

export function podOf(world: World, job: StoredObject): StoredObject | undefined {
  return world.store.list(resources.pods, { namespace }).find((pod) => ownerUid(pod) === job.metadata.uid)
}

/** The Job is over its deadline; its pods are ended first. */
export function announceFailure(world: World, job: StoredObject, reason: string, pod: StoredObject | undefined): void {
  addCondition(world, job, "FailureTarget", reason)
  if (pod !== undefined && phaseOf(pod) !== "Succeeded" && phaseOf(pod) !== "Failed") setPod(world, pod, "Failed")
}

export function createPod(world: World, job: StoredObject, phase = "Running"): void {
  const { name, uid } = job.metadata
  const { template } = job.spec as { template?: { metadata?: object; spec?: object } }
  world.store.create(resources.pods, namespace, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...template?.metadata,
      name: `${name}-${uid}`,
      ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name, uid, controller: true }],
      finalizers: tracked,
    },
    spec: template?.spec ?? {},
    status: { phase },
  })
}

export function setPod(world: World, pod: StoredObject, phase: string): void {
  const exitCode = phase === "Succeeded" ? 0 : 1
  const finishedAt = timestamp(world.millis())
  const message = exitCode === 0 ? outputOf(world, pod) : undefined
  const terminated = { exitCode, finishedAt, ...(message !== undefined && { message }) }
  const containerStatuses = [{ name: "stage", state: { terminated } }]
  const status = phase === "Running" ? { phase } : { phase, containerStatuses }
  world.store.patch(resources.pods, pod.metadata, { status }, "status")
}

/** What its program wrote to $PEANUT_OUTPUT. */
function outputOf(world: World, pod: StoredObject): string | undefined {
  const value = world.ledger.outputs.get(world.ledger.jobs.get(ownerUid(pod)!)?.stage ?? "")
  return value === undefined ? undefined : `this line is for people\nk=not yet\nk=${value}\n`
}

/** The Job controller has counted the pod. */
export function release(world: World, pod: StoredObject | undefined): void {
  if (pod !== undefined && isTracked(pod)) {
    world.store.patch(resources.pods, pod.metadata, { metadata: { finalizers: [] } })
  }
}

function endAs(world: World, job: StoredObject, type: "Complete" | "Failed", pod: StoredObject | undefined): void {
  const { reason } = conditionsOf(job)[0] as unknown as { reason: string }
  release(world, pod)
  addCondition(world, job, type, reason)
}

function addCondition(world: World, job: StoredObject, type: string, reason: string): void {
  const lastTransitionTime = timestamp(world.millis())
  const conditions = [...conditionsOf(job), { type, status: "True", reason, message: reason, lastTransitionTime }]
  const completionTime = type === "Complete" ? { completionTime: lastTransitionTime } : {}
  world.store.patch(resources.jobs, job.metadata, { status: { conditions, ...completionTime } }, "status")
}

function isStopped(job: StoredObject): boolean {
  return (job.spec as { activeDeadlineSeconds?: number }).activeDeadlineSeconds === 1
}

function willFail(world: World, job: StoredObject): boolean {
  const { execution, stage, combination } = world.ledger.jobs.get(job.metadata.uid)!
  const last = combinationsOf(entryOf(execution, stage)!).at(-1)
  return combination === last && world.plan.failing.has(`${execution.name}/${stage}`)
}
