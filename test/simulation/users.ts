// What people do to their objects.

import type { ExecutionSpec } from "../../src/api/execution.ts"
import { apiVersion } from "../../src/api/meta.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { namespace, type World } from "./world.ts"

/** kubectl apply: creates an object, or gives it this spec. */
export function put(
  world: World,
  resource: typeof resources.stages | typeof resources.pipelines,
  name: string,
  spec: object,
) {
  const given = Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== null))
  const object = { apiVersion, kind: resource.kind, metadata: { name }, spec: given }
  if (world.find(resource, name) === undefined) world.store.create(resource, namespace, object)
  else world.store.patch(resource, { namespace, name }, { spec })
}

export function createExecution(world: World, name: string, spec: ExecutionSpec): void {
  const { kind } = resources.executions
  const object = { apiVersion, kind, metadata: { name }, spec }
  world.store.create(resources.executions, namespace, object)
}

export function steer(world: World, name: string, spec: Partial<ExecutionSpec>): void {
  world.store.patch(resources.executions, { namespace, name }, { spec })
}

export function approve(world: World, name: string, stage: string): void {
  const { approved = [] } = (world.find(resources.executions, name)!.spec as ExecutionSpec) ?? {}
  steer(world, name, { approved: [...approved, stage] })
  world.say(`somebody approves stage ${stage} of execution ${name}`)
}
