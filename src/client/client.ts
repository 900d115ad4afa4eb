// The cluster as a person has it: by kubeconfig, in one namespace unless told otherwise.

import * as Effect from "effect/Effect"
import type { Ref } from "../api/meta.ts"
import type { Streams } from "../cluster/kubernetes/streams.ts"
import type { ObjectApi, Resource, Selection } from "../cluster/object-api.ts"

export interface Client {
  /** Where it looks for what is named without a namespace. */
  readonly namespace: string
  readonly server: string
  readonly get: <T>(resource: Resource, name: string) => Promise<T>
  /** In the client's namespace, unless told otherwise. */
  readonly list: <T>(resource: Resource, selection?: Selection) => Promise<readonly T[]>
  readonly create: <T>(resource: Resource, object: object) => Promise<T>
  /** A JSON merge patch. */
  readonly patch: <T>(resource: Resource, name: string, patch: object) => Promise<T>
  readonly streams: Streams
}

/** Which cluster, and where in it; what is not given, the kubeconfig says. */
export interface Where {
  readonly namespace?: string | undefined
  readonly context?: string | undefined
  readonly kubeconfig?: string | undefined
}

/** Rejects with {@link NoConnection}; what the client returns rejects with the errors of an {@link ObjectApi}. */
export async function openClient({ namespace, context, kubeconfig }: Where): Promise<Client> {
  // Loaded here, as no other command needs them.
  const [{ connectAsUser }, { httpClient, opener }, { kubernetesApi }, { kubernetesStreams }] = await Promise.all([
    import("../cluster/kubernetes/connection.ts"),
    import("../cluster/kubernetes/http-client.ts"),
    import("../cluster/kubernetes/api.ts"),
    import("../cluster/kubernetes/streams.ts"),
  ])
  const connection = await connectAsUser(process.env, { kubeconfig, context })
  const api: ObjectApi = kubernetesApi(httpClient(connection))
  const here = namespace ?? connection.namespace
  const ref = (name: string): Ref => ({ namespace: here, name })
  return {
    namespace: here,
    server: connection.server.href,
    streams: kubernetesStreams(opener(connection)),
    get: <T>(resource: Resource, name: string) => run<T>(api.get(resource, ref(name))),
    list: <T>(resource: Resource, selection: Selection = { namespace: here }) =>
      run<readonly T[]>(api.list(resource, selection, (object) => object)),
    create: <T>(resource: Resource, object: object) => run<T>(api.create(resource, here, object)),
    patch: <T>(resource: Resource, name: string, patch: object) => run<T>(api.patch(resource, ref(name), patch)),
  }
}

/** The API server has checked objects by their schema. */
function run<T>(effect: Effect.Effect<unknown, unknown>): Promise<T> {
  return Effect.runPromise(effect) as Promise<T>
}
