// A real cluster, through its API server.

import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Cluster, makeCluster } from "../cluster.ts"
import { kubernetesApi } from "./kubernetes/api.ts"
import { connect } from "./kubernetes/connection.ts"
import { httpClient } from "./kubernetes/http-client.ts"

/** The cluster that the environment names: in a pod its own, else that of the kubeconfig; or one namespace of it. */
export const layerKubernetes = (env: NodeJS.ProcessEnv, namespace?: string) =>
  Layer.effect(
    Cluster,
    Effect.map(
      Effect.promise(() => connect(env)),
      (connection) => makeCluster(kubernetesApi(httpClient(connection)), namespace),
    ),
  )
