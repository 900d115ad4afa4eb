// A cluster on a laptop: objects in memory, stages as processes or containers of this machine.

import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Cluster, makeCluster } from "../cluster.ts"
import type { ContainerRuntime } from "./local/container.ts"
import { engineRuntime } from "./local/engine-runtime.ts"
import { type OnOutput, runJobs } from "./local/job-runner.ts"
import { processRuntime } from "./local/process-runtime.ts"
import { storeApi } from "./memory/api.ts"
import type { Store } from "./memory/store.ts"

export const runners = ["process", "docker", "podman"] as const
export type Runner = (typeof runners)[number]

/** The Jobs that run on this machine. */
export class LocalJobs extends Context.Service<LocalJobs, Effect.Success<ReturnType<typeof runJobs>>>()(
  "peanut/LocalJobs",
) {}

/** The cluster whose objects are in the store and whose Jobs run here; with the layer's scope, they all end. */
export const layerLocal = (store: Store, runner: Runner, onOutput: OnOutput) =>
  Layer.mergeAll(
    Layer.effect(LocalJobs, runJobs(store, runtimeOf(runner), onOutput)),
    Layer.succeed(Cluster, makeCluster(storeApi(store))),
  )

function runtimeOf(runner: Runner): ContainerRuntime {
  return runner === "process" ? processRuntime : engineRuntime(runner)
}
