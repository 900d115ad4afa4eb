// A cluster in memory, for tests and simulation.

import { randomUUID } from "node:crypto"
import * as Layer from "effect/Layer"
import { timestamp } from "../api/meta.ts"
import { Cluster, makeCluster } from "../cluster.ts"
import { storeApi } from "./memory/api.ts"
import { Store } from "./memory/store.ts"

/** A store on this machine's clock, with random UIDs. */
export function makeStore(): Store {
  return new Store({ now: () => timestamp(Date.now()), newUid: randomUUID })
}

/** The cluster whose objects are in the store. */
export const layerMemory = (store: Store) => Layer.succeed(Cluster, makeCluster(storeApi(store)))
