import * as Effect from "effect/Effect"
import { storeApi } from "../../src/cluster/memory/api.ts"
import { layerMemory, makeStore } from "../../src/cluster/memory.ts"
import { Cluster } from "../../src/cluster.ts"
import { clusterCases } from "./cluster.cases.ts"

clusterCases(
  "memory",
  async () => {
    const store = makeStore()
    const cluster = await Effect.runPromise(
      Effect.provide(
        Effect.gen(function* () {
          return yield* Cluster
        }),
        layerMemory(store),
      ),
    )
    const objects = storeApi(store)
    return { cluster, objects, namespace: "team" }
  },
  {
    "is refused an invalid Job, with the reason": "the store takes any object; what is valid, Kubernetes knows",
    "does not find the namespace of a Job that has none": "the store has no namespaces, only objects in them",
    "does not list an execution that is going away": "the store deletes at once; it knows no finalizers",
  },
)
