// The cases of every Cluster, on a real API server.

import * as Effect from "effect/Effect"
import { beforeAll } from "vitest"
import { kubernetesApi } from "../../src/cluster/kubernetes/api.ts"
import { connect } from "../../src/cluster/kubernetes/connection.ts"
import { httpClient } from "../../src/cluster/kubernetes/http-client.ts"
import type { Resource } from "../../src/cluster/object-api.ts"
import { makeCluster } from "../../src/cluster.ts"
import { describeWithControlPlane, useControlPlane } from "../control-plane/describe.ts"
import { repository, succeed } from "../integration/world.ts"
import { clusterCases } from "./cluster.cases.ts"

describeWithControlPlane("kubernetes", () => {
  const controlPlane = useControlPlane()
  beforeAll(async () => {
    await succeed(controlPlane().kubectl("apply", "-k", repository("crds")))
    await succeed(controlPlane().kubectl("wait", "--for=condition=Established", "crd", "--all"))
  }, 30_000)

  clusterCases("kubernetes", async () => {
    const plane = controlPlane()
    const api = kubernetesApi(httpClient(await connect({ KUBECONFIG: plane.kubeconfig })))
    const remove = ({ group, version, plural }: Resource, { namespace, name }: { namespace: string; name: string }) => {
      const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`
      const options = { propagationPolicy: "Background" }
      return Effect.tryPromise(() => plane.api.delete(`${root}/namespaces/${namespace}/${plural}/${name}`, options))
    }
    return {
      cluster: makeCluster(api),
      objects: { ...api, delete: (resource, ref) => Effect.asVoid(remove(resource, ref)) },
      namespace: await plane.createNamespace(),
    }
  })
})
