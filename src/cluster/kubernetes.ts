// A real cluster, through its API server.

import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Cluster, makeCluster } from "../cluster.ts"
import { kubernetesApi } from "./kubernetes/api.ts"
import { connect } from "./kubernetes/connection.ts"
import { type HttpClient, httpClient } from "./kubernetes/http-client.ts"
import { tokenReviewer } from "./kubernetes/token-review.ts"
import { TokenReviewer } from "./token-reviewer.ts"

/** The cluster that the environment names: in a pod its own, else that of the kubeconfig; or one namespace of it. */
export const layerKubernetes = (env: NodeJS.ProcessEnv, namespace?: string) =>
  Layer.unwrap(
    Effect.map(
      Effect.promise(() => connect(env)),
      (connection) => {
        const client = httpClient(connection)
        openAhead(client)
        return Layer.mergeAll(
          Layer.succeed(Cluster, makeCluster(kubernetesApi(client), namespace)),
          Layer.succeed(TokenReviewer, tokenReviewer(client)),
        )
      },
    ),
  )

/**
 * Opens the first connection while the first event is still on its way. Nobody waits for it; if nothing answers, the first
 * call will say so.
 */
function openAhead(client: HttpClient): void {
  client({ method: "GET", path: "/version" }, AbortSignal.timeout(5000)).catch(() => {})
}
