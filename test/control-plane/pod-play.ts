// How the stub kubelet plays one pod: from its binding to its end, by writing the statuses that a kubelet would write.
import { setTimeout as sleep } from "node:timers/promises"
import type { V1Pod } from "@kubernetes/client-node"
import { type ApiClient, ApiError } from "./api-client.ts"
import { readScript } from "./container-script.ts"
import { expandAsKubelet } from "./expansion.ts"
import { crashed, ended, imageMissing, mainContainer, running, unschedulable } from "./pod-status.ts"

export interface Run {
  readonly namespace: string
  readonly pod: string
  readonly job: string
  /** The annotation `pipeline.peanut.dev/stage`; empty without. */
  readonly stage: string
  /** Milliseconds, as Date.now(). Taken before the status is written, so that what follows from it is later. */
  readonly startedAt: number
  finishedAt?: number
  /** Deleted: its pod was deleted while it ran. */
  outcome?: "Succeeded" | "Failed" | "Deleted"
}

export interface Context {
  readonly api: ApiClient
  readonly secondScale: number
  readonly history: Run[]
  readonly gate: () => Promise<void> | undefined
  readonly stopped: AbortSignal
}

/** One pod's part: what the watch tells it, and what tests do to it. */
export interface Play {
  pod: V1Pod
  run?: Run
  held?: PromiseWithResolvers<number>
  isGone: boolean
  /** Resolves at the next change of the pod. */
  changed: PromiseWithResolvers<void>
  readonly update: (pod: V1Pod) => void
  readonly end: () => void
}

/** The life of a pod: bound, its image pulled, run (again, when it restarts), ended, and deleted when asked. */
export async function playPod(play: Play, context: Context): Promise<void> {
  const { namespace, name, uid } = play.pod.metadata!
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`
  const write = (status: object) =>
    persist(play, context, () => context.api.patch(`${path}/status`, { metadata: { uid }, status }))
  const isDeleted = () => play.isGone || play.pod.metadata?.deletionTimestamp !== undefined
  const isEnded = () => /Succeeded|Failed/.test(play.pod.status?.phase ?? "")
  const until = async (isSo: () => boolean) => {
    while (!isSo() && !isDeleted()) await play.changed.promise
  }

  let ending = { exitCode: 143, message: "", startedAt: new Date(), restarts: 0 }
  if (!isEnded() && !isDeleted()) {
    if (Object.keys(play.pod.spec?.nodeSelector ?? {}).length > 0) {
      await write(unschedulable())
      await until(() => false)
    }
    if (!play.pod.spec?.nodeName && !isDeleted()) {
      const binding = { metadata: { name, uid }, target: { kind: "Node", name: "stub" } }
      // 409: it was bound before, by the stub that ran then.
      await persist(play, context, () => context.api.create(`${path}/binding`, binding), [404, 409])
    }
    const image = () => mainContainer(play.pod).image ?? ""
    while (image().includes("missing") && !isDeleted()) {
      const missing = image()
      await write(imageMissing(play.pod, missing))
      await until(() => image() !== missing)
    }
    for (let restarts = 0; !isDeleted(); restarts++) {
      await context.gate()
      const startedAt = new Date()
      const run = { ...identity(play.pod), startedAt: startedAt.getTime() }
      await write(running(play.pod, startedAt, restarts))
      if (play.isGone) break
      play.run = run
      context.history.push(run)
      ending = { ...(await perform(play, context, isDeleted)), startedAt, restarts }
      finish(run, isDeleted() ? "Deleted" : ending.exitCode === 0 ? "Succeeded" : "Failed")
      if (ending.exitCode === 0 || play.pod.spec?.restartPolicy === "Never" || isDeleted()) break
      await write(crashed(play.pod, ending))
      await Promise.race([sleep(10_000 * context.secondScale), until(() => false)])
    }
    if (!play.isGone) await write(ended(play.pod, ending))
  }
  while (!isDeleted()) await play.changed.promise
  // The grace period ends when the kubelet says so, by deleting once more with none.
  const now = { gracePeriodSeconds: 0, preconditions: { uid } }
  await persist(play, context, () => context.api.delete(path, now))
}

export function newPlay(pod: V1Pod): Play {
  const wake = () => {
    play.changed.resolve()
    play.changed = Promise.withResolvers()
  }
  const play: Play = {
    pod,
    isGone: false,
    changed: Promise.withResolvers(),
    update: (newer) => {
      play.pod = newer
      wake()
    },
    end: () => {
      play.isGone = true
      wake()
    },
  }
  return play
}

/** Lets the container do its work; 143 (SIGTERM) when its pod is deleted meanwhile. */
async function perform(play: Play, context: Context, isDeleted: () => boolean) {
  const { seconds, exitCode, message, isHeld } = readScript(mainContainer(play.pod), environment(play.pod))
  const deleted = async () => {
    while (!isDeleted()) await play.changed.promise
    return 143
  }
  const work = async () => {
    await sleep(seconds * context.secondScale * 1000)
    if (!isHeld) return exitCode
    play.held = Promise.withResolvers()
    return play.held.promise
  }
  const code = await Promise.race([work(), deleted()])
  delete play.held
  return { exitCode: code, message }
}

/** Sets both at once: who sees an outcome sees its time. */
function finish(run: Run, outcome: NonNullable<Run["outcome"]>): void {
  Object.assign(run, { outcome, finishedAt: Date.now() })
}

/**
 * Tries until the API server takes it, or answers with a code that settles it: it may be restarting, or the object may
 * have changed under the patch. A pod that is gone needs nothing any more.
 */
async function persist(play: Play, context: Context, write: () => Promise<unknown>, settled = [404]): Promise<void> {
  while (!play.isGone && !context.stopped.aborted) {
    await context.gate()
    try {
      await write()
      return
    } catch (error) {
      const code = error instanceof ApiError ? error.code : 0
      if (settled.includes(code)) return
      if (code >= 400 && code < 500 && code !== 409 && code !== 429) throw error
      await sleep(100)
    }
  }
}

function identity(pod: V1Pod) {
  const { namespace = "", name = "", annotations, ownerReferences } = pod.metadata ?? {}
  const job = ownerReferences?.find(({ kind, controller }) => kind === "Job" && controller)?.name ?? ""
  return { namespace, pod: name, job, stage: annotations?.["pipeline.peanut.dev/stage"] ?? "" }
}

/** Values in which those before them are put in, and those taken from the pod itself (an Indexed Job's index is one). */
export function environment(pod: V1Pod): ReadonlyMap<string, string> {
  const env = new Map<string, string>()
  for (const { name, value, valueFrom } of mainContainer(pod).env ?? []) {
    env.set(name, value ? expandAsKubelet(value, env) : podField(pod, valueFrom?.fieldRef?.fieldPath ?? ""))
  }
  return env
}

function podField(pod: V1Pod, path: string): string {
  const { metadata } = pod
  const [, map, key = ""] = /^metadata\.(annotations|labels)\['(.+)'\]$/.exec(path) ?? []
  if (map) return (map === "labels" ? metadata?.labels : metadata?.annotations)?.[key] ?? ""
  const fields: Record<string, string | undefined> = {
    "metadata.name": metadata?.name,
    "metadata.namespace": metadata?.namespace,
    "metadata.uid": metadata?.uid,
  }
  return fields[path] ?? ""
}
