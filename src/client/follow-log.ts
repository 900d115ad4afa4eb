// The log of one container to its end, each line once, also when the connection breaks off in between.

import { setTimeout as sleep } from "node:timers/promises"
import type { Pod } from "../api/job.ts"
import { resources } from "../cluster/object-api.ts"
import type { Client } from "./client.ts"
import type { LogSource } from "./log-sources.ts"

const pauseMillis = 1000
/** So often in a row may the API server fail to give a log, which it has from the pod's node. */
const maxFailures = 30

export async function followLog(client: Client, source: LogSource, onLine: (line: string) => void): Promise<void> {
  const { pod, container } = source
  // The time of the last line; as text, because its nanoseconds are more than a number holds.
  let last = ""
  // What was seen before a break comes again: the server starts with the second of sinceTime.
  let seen = ""
  let failures = 0
  while (true) {
    seen = last
    const options = { container, follow: true, previous: false, timestamps: true, sinceTime: last || undefined }
    try {
      await client.streams.log(pod, options, see)
      // The API server ends streams now and then, also of containers that go on.
      if (await hasEnded()) return
    } catch (error) {
      if ((error as { _tag?: string })._tag !== "Unavailable" || ++failures > maxFailures) throw error
    }
    await sleep(pauseMillis)
  }

  function see(text: string): void {
    const [, time, line] = /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[-+]\d\d:\d\d)) ?(.*)$/s.exec(text) ?? []
    if (time === undefined || line === undefined) onLine(text)
    else if (time > seen) {
      failures = 0
      last = time
      onLine(line)
    }
  }

  async function hasEnded(): Promise<boolean> {
    const { status } = await client.get<Pick<Pod, "status">>(resources.pods, pod.name)
    const state = status?.containerStatuses?.find(({ name }) => name === container)?.state
    return state?.running == null
  }
}
