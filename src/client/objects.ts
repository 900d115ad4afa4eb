// Objects as the API server returns them to a person: complete, and checked by it against their schema.

import type { ExecutionSpec, ExecutionStatus } from "../api/execution.ts"
import type { Condition } from "../api/meta.ts"
import type { PipelineSpec } from "../api/pipeline.ts"

interface Meta {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly resourceVersion: string
  readonly generation?: number
  readonly creationTimestamp: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly { readonly name: string; readonly controller?: boolean }[]
}

export interface KubernetesObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: Meta
}

export interface ExecutionObject extends KubernetesObject {
  readonly spec: ExecutionSpec
  readonly status?: ExecutionStatus
}

export interface PipelineObject extends KubernetesObject {
  readonly spec: PipelineSpec
  readonly status?: { readonly conditions?: readonly Condition[]; readonly observedGeneration?: number }
}

/** A condition by its type. */
export function conditionOf(
  { status }: { readonly status?: { readonly conditions?: readonly Condition[] | undefined } },
  type: string,
): Condition | undefined {
  return status?.conditions?.find((condition) => condition.type === type)
}
