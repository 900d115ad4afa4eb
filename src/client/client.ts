// The cluster as a person has it: by kubeconfig, in one namespace unless told otherwise.

import * as Effect from "effect/Effect"
import type { Ref } from "../api/meta.ts"
import { NoConnection } from "../cluster/kubernetes/connection.ts"
import type { Streams } from "../cluster/kubernetes/streams.ts"
import type {
  AlreadyExists,
  Conflict,
  NotFound,
  ObjectApi,
  Refused,
  Resource,
  Selection,
  Unavailable,
} from "../cluster/object-api.ts"
import type { Patch } from "../cluster/status-patch.ts"
import type { KubernetesObject } from "./objects.ts"

type Asked<T, E = never> = Effect.Effect<T, E | Refused | Unavailable>

/** The API server has checked objects by their schema, so they are taken as what was asked for. */
export interface Client {
  /** Where it looks for what is named without a namespace. */
  readonly namespace: string
  /** The address of the API server. */
  readonly server: string
  readonly get: <T extends KubernetesObject>(resource: Resource, name: string) => Asked<T, NotFound>
  /** In the client's namespace, unless told otherwise. */
  readonly list: <T extends KubernetesObject>(resource: Resource, selection?: Selection) => Asked<readonly T[]>
  readonly create: <T extends KubernetesObject>(
    resource: Resource,
    object: object,
  ) => Asked<T, AlreadyExists | NotFound>
  /** A JSON merge patch; with `metadata.resourceVersion` in it, only if that is still current. */
  readonly patch: <T extends KubernetesObject>(
    resource: Resource,
    name: string,
    patch: Patch,
  ) => Asked<T, Conflict | NotFound>
  readonly streams: Streams
}

/** Which cluster, and where in it; what is not given, the kubeconfig says. */
export interface Where {
  readonly namespace?: string | undefined
  readonly context?: string | undefined
  readonly kubeconfig?: string | undefined
}

/** A client of the cluster that this environment names. */
export const openClient = ({ namespace, context, kubeconfig }: Where): Effect.Effect<Client, NoConnection> =>
  Effect.tryPromise({
    try: async () => {
      // Loaded here, as no other command needs them.
      const [{ connectAsUser }, { httpClient, opener }, { kubernetesApi }, { kubernetesStreams }] = await Promise.all([
        import("../cluster/kubernetes/connection.ts"),
        import("../cluster/kubernetes/http-client.ts"),
        import("../cluster/kubernetes/api.ts"),
        import("../cluster/kubernetes/streams.ts"),
      ])
      const connection = await connectAsUser(process.env, { kubeconfig, context })
      return clientOf(kubernetesApi(httpClient(connection)), kubernetesStreams(opener(connection)), {
        namespace: namespace ?? connection.namespace,
        server: connection.server.href,
      })
    },
    // Signing in has many ways to go wrong, such as a program of the kubeconfig that is missing.
    catch: (error) =>
      error instanceof NoConnection
        ? error
        : new NoConnection({ message: error instanceof Error ? error.message : String(error) }),
  })

/** A client over this API. */
export function clientOf(
  api: ObjectApi,
  streams: Streams,
  { namespace, server }: { readonly namespace: string; readonly server: string },
): Client {
  const ref = (name: string): Ref => ({ namespace, name })
  return {
    namespace,
    server,
    streams,
    get: <T>(resource: Resource, name: string) => api.get(resource, ref(name)) as Asked<T, NotFound>,
    list: <T>(resource: Resource, selection: Selection = { namespace }) =>
      api.list(resource, selection, (object) => object as T),
    create: <T>(resource: Resource, object: object) =>
      api.create(resource, namespace, object) as Asked<T, AlreadyExists | NotFound>,
    patch: <T>(resource: Resource, name: string, patch: Patch) =>
      api.patch(resource, ref(name), patch) as Asked<T, Conflict | NotFound>,
  }
}
