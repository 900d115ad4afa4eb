// Follows every pod of the cluster: a list, then a watch from there, and both again whenever the watch ends.

import { setTimeout as sleep } from "node:timers/promises"
import type { V1Pod } from "@kubernetes/client-node"
import type { ApiClient, Change } from "./api-client.ts"

/** Ends when the signal does; what happens between two rounds shows in the next list. */
export async function followPods(
  api: ApiClient,
  stopped: AbortSignal,
  onList: (pods: readonly V1Pod[]) => void,
  onChange: (change: Change) => void,
): Promise<void> {
  while (!stopped.aborted) {
    const watching = new AbortController()
    try {
      const list = await api.get<{ metadata: { resourceVersion: string }; items: V1Pod[] }>("/api/v1/pods")
      onList(list.items)
      const from = `watch=1&allowWatchBookmarks=true&resourceVersion=${list.metadata.resourceVersion}`
      const onLine = (change: Change) => (change.type === "ERROR" ? watching.abort() : onChange(change))
      await api.watch(`/api/v1/pods?${from}`, onLine, AbortSignal.any([stopped, watching.signal]))
    } catch {
      // The list of the next round brings what this one missed.
    }
    if (!stopped.aborted) await sleep(100)
  }
}
