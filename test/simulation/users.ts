// What people do to their objects.

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
  const object = { apiVersion, kind: resource.kind, metadata: { name }, spec }
  if (world.find(resource, name) === undefined) world.store.create(resource, namespace, object)
  else world.store.patch(resource, { namespace, name }, { spec })
}

export function createExecution(world: World, name: string, pipelineName: string): void {
  const { kind } = resources.executions
  const object = { apiVersion, kind, metadata: { name }, spec: { pipelineName } }
  world.store.create(resources.executions, namespace, object)
}
