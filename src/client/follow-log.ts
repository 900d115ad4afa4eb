// The log of one container to its end, each line once, also when the connection breaks off in between.

import { setTimeout as sleep } from "node:timers/promises"
import * as Effect from "effect/Effect"
import { resources } from "../cluster/object-api.ts"
import type { Client } from "./client.ts"
import { isAway } from "./errors.ts"
import type { LogSource, PodObject } from "./log-sources.ts"

const pauseMillis = 1000
/** So often in a row may the API server fail to give a log, which it has from the pod's node. */
const maxFailures = 30

/** Its lines as they come. Throws what {@link Client} fails with. */
export async function* followLog(client: Client, { pod, container }: LogSource): AsyncGenerator<string> {
  // The time of the last line; as text, because its nanoseconds are more than a number holds.
  let last = ""
  let failures = 0
  while (true) {
    // What was seen before a break comes again: the server starts with the second of sinceTime.
    const seen = last
    const options = { container, follow: true, previous: false, timestamps: true, sinceTime: last || undefined }
    try {
      for await (const text of client.streams.log(pod, options)) {
        const [, time, line] = /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[-+]\d\d:\d\d)) ?(.*)$/s.exec(text) ?? []
        if (time === undefined || line === undefined) yield text
        else if (time > seen) {
          failures = 0
          last = time
          yield line
        }
      }
      // The API server ends streams now and then, also of containers that go on.
      if (await hasEnded()) return
    } catch (error) {
      if (!isAway(error) || ++failures > maxFailures) throw error
    }
    await sleep(pauseMillis)
  }

  async function hasEnded(): Promise<boolean> {
    const { status } = await Effect.runPromise(client.get<PodObject>(resources.pods, pod.name))
    const state = status?.containerStatuses?.find(({ name }) => name === container)?.state
    return state?.running == null
  }
}
