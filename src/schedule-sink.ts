// Where the PingSources of schedules send their events: to Peanut itself, which has to know under which name it runs.

import { readFile } from "node:fs/promises"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Service } from "./resources/ping-source.ts"
import type { Settings } from "./settings.ts"

export type ScheduleSinkService =
  | { readonly _tag: "Known"; readonly service: Service }
  /** Schedules can start nothing here, and whoever writes one is told why. */
  | { readonly _tag: "Unknown"; readonly why: string }
  /** Nobody asked for schedules: a run on a laptop. */
  | { readonly _tag: "None" }

/** Schedules are left alone, unless a layer says where their events go. */
export const ScheduleSink: Context.Reference<ScheduleSinkService> = Context.Reference("peanut/ScheduleSink", {
  defaultValue: (): ScheduleSinkService => ({ _tag: "None" }),
})

const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

/** Peanut's own Knative Service, as the environment tells it and the service account its namespace. */
export const layerScheduleSink = (
  { service: name, namespace: served, callers }: Pick<Settings, "service" | "namespace" | "callers">,
  file: string = namespaceFile,
) =>
  Layer.effect(
    ScheduleSink,
    Effect.promise(async (): Promise<ScheduleSinkService> => {
      if (name === undefined) return { _tag: "Unknown", why: "Peanut does not run as a Knative Service here" }
      // A pod has this file. A process outside of one is taken to be in the namespace that it serves.
      const namespace = (await readFile(file, "utf8").catch(() => "")).trim() || served
      if (namespace === undefined) return { _tag: "Unknown", why: "Peanut does not know the namespace it runs in" }
      return { _tag: "Known", service: { name, namespace, audience: callers?.audience } }
    }),
  )
