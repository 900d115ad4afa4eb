// One run of one contender, by one clock: from just before the request that starts it to the event of a watch that shows
// its end. On the way it notes when each pod was created and ended, and how often the API server was written to.

import { setTimeout as sleep } from "node:timers/promises"
import type { Api, ApiObject } from "../api.ts"
import type { Contender, Outcome, Place } from "./contender.ts"
import type { Graph } from "./graph.ts"
import { type Phases, type PodTimes, phases } from "./phases.ts"

export interface Run {
  readonly seconds: number
  /** Undefined when the pods were not one for each stage. */
  readonly phases: Phases | undefined
  /** Requests to the API server that write, of everybody, without leases and reviews. */
  readonly writes: number
}

const limitSeconds = 300
/** What still goes on after the end, like the Job controller's last words, belongs to the run and not to the next one. */
const settleMillis = 3000

export async function measure(
  contender: Contender,
  place: Place,
  graph: Graph,
  run: string,
  signal: AbortSignal,
): Promise<Run> {
  const { api, namespace } = place
  await contender.before?.(place)
  const pods = await watchPods(api, namespace)
  const { path, name } = contender.ending(place, run, graph)
  const ended = Promise.withResolvers<{ readonly outcome: Outcome; readonly at: number }>()
  const stop = await api.watch(`${path}?fieldSelector=metadata.name%3D${name}`, ({ object, at }) => {
    const outcome = contender.outcome(object)
    if (outcome) ended.resolve({ outcome, at })
  })
  try {
    const writesBefore = await countWrites(api)
    const start = performance.now()
    await contender.begin(place, run, graph)
    const limit = sleep(limitSeconds * 1000, undefined, { ref: false, signal })
    const end = await Promise.race([ended.promise, limit])
    if (!end) throw new Error(`${graph.name}: ${name} did not end in ${limitSeconds} s`)
    if (end.outcome === "Failed") throw new Error(`${graph.name}: ${name} failed`)
    await sleep(settleMillis)
    const seconds = (end.at - start) / 1000
    return {
      seconds,
      phases: phases(pods.times(), graph, start, end.at),
      writes: (await countWrites(api)) - writesBefore,
    }
  } finally {
    stop()
    pods.stop()
  }
}

/** When the pods that are created from now on were created, and ended. */
async function watchPods(api: Api, namespace: string) {
  const path = `/api/v1/namespaces/${namespace}/pods`
  const times = new Map<string, PodTimes>()
  const { metadata } = await api.get<ApiObject>(`${path}?limit=1`)
  const stop = await api.watch(`${path}?resourceVersion=${metadata.resourceVersion}`, ({ type, object, at }) => {
    const { name } = object.metadata
    if (type === "ADDED") times.set(name, { created: at })
    const pod = times.get(name)
    if (pod && pod.ended === undefined && object.status?.phase === "Succeeded") pod.ended = at
  })
  return { stop, times: () => [...times.values()] }
}

/** From the API server's own metrics: of a cluster with several of them, one answers. */
async function countWrites(api: Api): Promise<number> {
  const lines = (await api.text("/metrics")).split("\n")
  const writes = lines.filter(
    (line) =>
      line.startsWith("apiserver_request_total{") &&
      /verb="(POST|PUT|PATCH|APPLY|DELETE|DELETECOLLECTION)"/.test(line) &&
      !/resource="(leases|tokenreviews|subjectaccessreviews)"/.test(line),
  )
  return writes.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0)
}
