// The name of the Job of a stage of one execution, or of one combination of the stage's matrix. It is computed, never
// decided: any number of replicas arrive at the same name, and Kubernetes lets only one Job have it.

import { hash, slug } from "./labels.ts"

interface Identity {
  readonly name: string
  readonly uid: string
}

/** A readable part and 64 bits that tell apart every (execution UID, stage, combination); 63 characters at most. */
export function jobName({ name, uid }: Identity, stage: string, index = 0): string {
  const key = JSON.stringify([name, uid, stage, index])
  const known = computed.get(key)
  if (known !== undefined) return known
  if (computed.size === mostComputed) computed.clear()
  const made = compute({ name, uid }, stage, index)
  computed.set(key, made)
  return made
}

/** Each look at an execution asks for the names of all its stages, and each takes longer to compute than to look up. */
const computed = new Map<string, string>()
/** Some three megabytes. */
const mostComputed = 10_000

function compute(execution: Identity, stage: string, index: number): string {
  const readable = 63 - 13 - 1
  const stagePart = slug(stage, 24)
  const executionPart = slug(execution.name, readable - 1 - stagePart.length)
  return [executionPart, stagePart, hash(execution.uid, stage, index)].filter((part) => part !== "").join("-")
}
