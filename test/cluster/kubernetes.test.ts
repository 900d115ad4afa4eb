// The cases of every Cluster, on a real API server.

import { beforeAll } from "vitest"
import { kubernetesApi } from "../../src/cluster/kubernetes/api.ts"
import { connect } from "../../src/cluster/kubernetes/connection.ts"
import { httpClient } from "../../src/cluster/kubernetes/http-client.ts"
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
    return {
      cluster: makeCluster(api),
      objects: api,
      namespace: await plane.createNamespace(),
    }
  })
})
