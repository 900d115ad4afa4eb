// What happens to the system meanwhile: servers die or are told to end, the adapter is moved, pipelines and stages are
// edited. And every few seconds the resync, as a PingSource sends it every few minutes.

import { setTimeout as sleep } from "node:timers/promises"
import type { Adapter } from "../control-plane/adapter.ts"
import type { SeededRandom } from "./seeded-random.ts"
import type { Servers } from "./servers.ts"
import type { Shapes } from "./shapes.ts"

const mischiefs = ["SIGKILL", "SIGKILL", "SIGTERM", "adapter", "edit", "edit", "edit", "edit"] as const
type Mischief = (typeof mischiefs)[number]

export interface Chaos {
  readonly done: ReadonlyMap<Mischief | "resync", number>
  readonly problems: readonly string[]
  /** Stops the mischief; resyncs go on until `stop`. */
  readonly end: () => Promise<void>
  readonly stop: () => Promise<void>
}

export interface Targets {
  readonly random: SeededRandom
  readonly shapes: Shapes
  readonly servers: Servers
  readonly adapter: Adapter
  /** Where the PingSource sends. */
  readonly sink: string
}

export function startChaos({ random, shapes, servers, adapter, sink }: Targets): Chaos {
  const done = new Map<Mischief | "resync", number>()
  const problems: string[] = []
  const over = new AbortController()
  const stopped = new AbortController()

  const mischief = async () => {
    while (await pause(500 + random.number() * 2_000, over.signal)) {
      const what = random.pick(mischiefs)
      try {
        if (what === "edit") await shapes.edit(random)
        else if (what === "adapter") await adapter.restart()
        else await servers.replace(what)
        count(what)
      } catch (error) {
        problems.push(`${what}: ${error}`)
      }
    }
  }
  const resyncs = async () => {
    while (await pause(10_000, stopped.signal)) if (await resync(sink)) count("resync")
  }
  const count = (what: Mischief | "resync") => done.set(what, (done.get(what) ?? 0) + 1)
  const [playing, repairing] = [mischief(), resyncs()]

  return {
    done,
    problems,
    end: () => {
      over.abort()
      return playing
    },
    stop: () => {
      stopped.abort()
      return repairing
    },
  }
}

/** Sends one, and again where nobody could take it, as a PingSource does; whether it was taken. */
export async function resync(sink: string): Promise<boolean> {
  for (let attempt = 0; attempt < 6; attempt++) {
    const headers = {
      "ce-specversion": "1.0",
      "ce-id": crypto.randomUUID(),
      "ce-source": "/apis/v1/namespaces/peanut-system/pingsources/peanut-resync",
      "ce-type": "dev.knative.sources.ping",
    }
    const answer = await fetch(sink, { method: "POST", headers }).catch(() => undefined)
    if (answer?.status === 202) return true
    await sleep(50 * 2 ** attempt)
  }
  return false
}

async function pause(millis: number, signal: AbortSignal): Promise<boolean> {
  await sleep(millis, undefined, { signal }).catch(() => {})
  return !signal.aborted
}
