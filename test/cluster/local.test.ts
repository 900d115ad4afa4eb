import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { layerLocal } from "../../src/cluster/local.ts"
import { storeApi } from "../../src/cluster/memory/api.ts"
import { makeStore } from "../../src/cluster/memory.ts"
import { Cluster } from "../../src/cluster.ts"
import { clusterCases } from "./cluster.cases.ts"

clusterCases(
  "local",
  async () => {
    const store = makeStore()
    const runtime = ManagedRuntime.make(layerLocal(store, "process", () => {}))
    const cluster = await runtime.runPromise(
      Effect.gen(function* () {
        return yield* Cluster
      }),
    )
    const objects = storeApi(store)
    return { cluster, objects, namespace: "team", close: () => runtime.dispose() }
  },
  {
    "is refused an invalid Job, with the reason": "the store takes any object; what is valid, Kubernetes knows",
    "does not find the namespace of a Job that has none": "the store has no namespaces, only objects in them",
    "does not list an execution that is going away": "the store deletes at once; it knows no finalizers",
  },
)
