// The name of the Job of a stage of one execution, or of one combination of the stage's matrix. It is computed, never remembered: any number of
// replicas arrive at the same name, and Kubernetes lets only one Job have it.

import { hash, slug } from "./labels.ts"

/** A readable part and 64 bits that tell apart every (execution UID, stage, combination); 63 characters at most. */
export function jobName(execution: { readonly name: string; readonly uid: string }, stage: string, index = 0): string {
  const readable = 63 - 13 - 1
  const stagePart = slug(stage, 24)
  const executionPart = slug(execution.name, readable - 1 - stagePart.length)
  return [executionPart, stagePart, hash(execution.uid, stage, index)].filter((part) => part !== "").join("-")
}
