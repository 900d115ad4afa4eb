// A stub of the scheduler and the kubelet: binds every pod of the control plane and plays it by writing its status,
// as its command says (container-script.ts) but in hundredths of the time, and remembers what ran when.
import { setTimeout as sleep } from "node:timers/promises"
import type { V1Pod } from "@kubernetes/client-node"
import type { ApiClient } from "./api-client.ts"
import { type Context, newPlay, type Play, playPod, type Run } from "./pod-play.ts"
import { followPods } from "./pod-watch.ts"

export interface KubeletOptions {
  /** How long a container's second lasts, in seconds; 0.01 plays `sleep 10` in 100 ms. */
  readonly secondScale?: number
}

export interface Kubelet {
  /** Each start of a main container, in order; an entry is there once the API says that the pod runs. */
  readonly history: readonly Run[]
  /** What the API server refused, which is a bug of the stub; a suite asserts that it stays empty. */
  readonly errors: readonly string[]
  /** Resolves with the latest run of a pod, Job or stage of that name once it runs. */
  readonly running: (name: string) => Promise<Run>
  /** Waits until the run of that name (see `running`) is held by the command `hold`, and ends it. */
  readonly release: (name: string, exitCode?: number) => Promise<void>
  /** From here on writes nothing, as a node that lost its network. */
  readonly pause: () => void
  readonly resume: () => void
  readonly stop: () => Promise<void>
}

/** Needs the API alone: `startKubelet(controlPlane)`. */
export async function startKubelet(
  { api }: { readonly api: ApiClient },
  { secondScale = 0.01 }: KubeletOptions = {},
): Promise<Kubelet> {
  const plays = new Map<string, Play>()
  const history: Run[] = []
  const errors: string[] = []
  const stopped = new AbortController()
  let gate: PromiseWithResolvers<void> | undefined
  const context: Context = { api, secondScale, history, gate: () => gate?.promise, stopped: stopped.signal }

  const see = (pod: V1Pod) => {
    const uid = pod.metadata?.uid ?? ""
    const known = plays.get(uid)
    if (known) return known.update(pod)
    const play = newPlay(pod)
    plays.set(uid, play)
    playPod(play, context).catch((error: unknown) => {
      if (!play.isGone && !stopped.signal.aborted) errors.push(String(error))
    })
  }
  const forget = (uid: string) => {
    plays.get(uid)?.end()
    plays.delete(uid)
  }

  const listed = Promise.withResolvers<void>()
  const following = followPods(
    api,
    stopped.signal,
    (pods) => {
      const uids = new Set(pods.map((pod) => pod.metadata?.uid))
      for (const uid of plays.keys()) if (!uids.has(uid)) forget(uid)
      pods.forEach(see)
      listed.resolve()
    },
    ({ type, object }) => {
      const pod = object as V1Pod
      if (type === "DELETED") forget(pod.metadata?.uid ?? "")
      else if (type !== "BOOKMARK") see(pod)
    },
  )
  await listed.promise

  const find = (name: string) => {
    const run = history.findLast(({ pod, job, stage }) => [pod, job, stage].includes(name))
    return run && run.outcome === undefined ? run : undefined
  }
  return {
    history,
    errors,
    running: (name) => eventually(`running ${name}`, () => find(name), stopped.signal),
    release: async (name, exitCode = 0) => {
      const isHeld = ({ run, held }: Play) => held !== undefined && run !== undefined && run === find(name)
      const play = await eventually(`holding ${name}`, () => [...plays.values()].find(isHeld), stopped.signal)
      play.held?.resolve(exitCode)
      await eventually(`ending ${name}`, () => play.run?.outcome, stopped.signal)
    },
    pause: () => {
      gate ??= Promise.withResolvers()
    },
    resume: () => {
      gate?.resolve()
      gate = undefined
    },
    stop: async () => {
      stopped.abort()
      gate?.resolve()
      for (const uid of [...plays.keys()]) forget(uid)
      await following
    },
  }
}

async function eventually<T>(what: string, look: () => T | undefined, stopped: AbortSignal): Promise<T> {
  const timeoutSeconds = 15
  const deadline = Date.now() + timeoutSeconds * 1000
  for (;;) {
    const found = look()
    if (found !== undefined) return found
    if (Date.now() > deadline || stopped.aborted)
      throw new Error(`the kubelet is not ${what} after ${timeoutSeconds} s`)
    await sleep(10)
  }
}
