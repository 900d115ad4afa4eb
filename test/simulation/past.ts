// An API server that was told how old an answer may be answers from what it has seen of etcd so far. Here it has seen, by the
// number of the handling, as little as it may, all, or half of what is between.

import * as Effect from "effect/Effect"
import { type Change, isSelected, type Store, type StoredObject } from "../../src/cluster/memory/store.ts"
import { type ObjectApi, resources, type Selection } from "../../src/cluster/object-api.ts"

export class Past {
  readonly #pods: { readonly version: number; readonly change: Change }[] = []
  #version = 0

  constructor(store: Store) {
    store.onChange((change) => {
      this.#version = Math.max(this.#version, Number(change.object.metadata.resourceVersion))
      if (change.resource !== resources.pods) return
      // The store gives deletions no version: they come after whatever was last.
      this.#pods.push({ version: this.#version + (change.type === "delete" ? 0.5 : 0), change })
    })
  }

  /** The API, whose answers may be old where they are allowed to be. */
  seenBy(number: number, api: ObjectApi): ObjectApi {
    return {
      ...api,
      list: (resource, selection, read) => {
        const { notOlderThan } = selection
        if (notOlderThan === undefined) return api.list(resource, selection, read)
        if (resource !== resources.pods) throw new Error(`old ${resource.plural} are not kept`)
        return Effect.sync(() => {
          const oldest = Number(notOlderThan)
          const share = (number % 3) / 2
          return this.#podsAt(oldest + Math.max(0, this.#version + 0.5 - oldest) * share, selection).map(read)
        })
      },
    }
  }

  #podsAt(version: number, selection: Selection): readonly StoredObject[] {
    const pods = new Map<string, StoredObject>()
    for (const { version: own, change } of this.#pods) {
      if (own > version) break
      if (change.type === "delete") pods.delete(change.object.metadata.name)
      else pods.set(change.object.metadata.name, change.object)
    }
    return [...pods.values()].filter((pod) => isSelected(resources.pods, selection, pod))
  }
}
