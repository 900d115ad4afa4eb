// What users do, compressed: executions created, suspended and resumed, cancelled, deleted, a bounded number of them at
// once, so that a slow machine gets less to do and not more.

import { setTimeout as sleep } from "node:timers/promises"
import type { ApiClient } from "../control-plane/api-client.ts"
import type { ExecutionWatch } from "./execution-watch.ts"
import type { JobLedger } from "./job-ledger.ts"
import { type ExecutionObject, isTerminal, mistakes, type Times } from "./oracle.ts"
import type { SeededRandom } from "./seeded-random.ts"
import { group, type Shapes, shapes as shapeNames } from "./shapes.ts"

const fates = [
  ...Array<Fate>(8).fill("left alone"),
  ...Array<Fate>(2).fill("held back, then resumed"),
  ...Array<Fate>(2).fill("suspended, then resumed"),
  ...Array<Fate>(3).fill("cancelled"),
  ...Array<Fate>(2).fill("deleted"),
  "invalid",
] as const
type Fate = "left alone" | "held back, then resumed" | "suspended, then resumed" | "cancelled" | "deleted" | "invalid"

export interface Load {
  /** Of each fate, how many executions had it. */
  readonly fates: ReadonlyMap<Fate, number>
  readonly problems: readonly string[]
  /** Checks an execution that has ended, now. */
  readonly check: (execution: ExecutionObject) => readonly string[]
  readonly stages: () => number
  /** Those that have not ended, in words. */
  readonly pending: () => readonly string[]
  /** Resolves when those that were begun have ended, or at the deadline. */
  readonly end: (deadline: number) => Promise<void>
}

export interface Scene {
  readonly api: ApiClient
  readonly namespace: string
  readonly random: SeededRandom
  readonly shapes: Shapes
  readonly watch: ExecutionWatch
  readonly ledger: JobLedger
  readonly times: Times
}

interface Begun {
  readonly uid: string
  readonly name: string
  readonly fate: Fate
  readonly since: number
}

export function startLoad(scene: Scene, atOnce: number): Load {
  const { api, namespace, random, shapes, watch, ledger, times } = scene
  const problems: string[] = []
  const counts = new Map<Fate, number>()
  const begun = new Map<string, Begun>()
  const live = new Set<Begun>()
  const path = `${group}/namespaces/${namespace}/peanutpipelineexecutions`
  let isOver = false
  let deadline = Number.POSITIVE_INFINITY
  let stages = 0

  const user = async () => {
    while (!isOver) await one()
  }

  async function one(): Promise<void> {
    const fate = random.pick(fates)
    const run = await begin(fate)
    live.add(run)
    const state = () => watch.executions.get(run.uid)
    const hasEnded = () => isTerminal(state()?.status?.phase)
    const patch = (spec: object) => api.patch(`${path}/${run.name}`, { spec }, "merge")
    try {
      await steer(run, patch, hasEnded, () => state()?.status?.phase === "Running")
      if (fate === "deleted") {
        await api.delete(`${path}/${run.name}`)
        await until(() => state() === undefined)
      } else if (await until(hasEnded)) {
        const { status } = state()!
        stages += status?.stages?.length ?? 0
        // The ledger has a watch of its own, which may be a moment behind.
        if (check(state()!).length > 0) await sleep(1_000)
        problems.push(...check(state()!))
        // Most are cleaned up, or a slow API server would list them again and again; the others must stay as they are.
        if (random.chance(0.7)) await api.delete(`${path}/${run.name}`)
      } else return // It stays among the pending.
    } catch (error) {
      problems.push(`${run.name} (${fate}): ${error}`)
    }
    live.delete(run)
  }

  async function begin(fate: Fate): Promise<Begun> {
    const since = shapes.now()
    const spec = { pipelineName: pipelineFor(fate), ...(fate === "held back, then resumed" && { suspend: true }) }
    const body = {
      apiVersion: "pipeline.peanut.dev/v1alpha1",
      kind: "PeanutPipelineExecution",
      metadata: { generateName: `${spec.pipelineName}-` },
      spec,
    }
    const { metadata } = await api.create<ExecutionObject>(path, body)
    const run = { uid: metadata.uid, name: metadata.name, fate, since }
    begun.set(run.uid, run)
    counts.set(fate, (counts.get(fate) ?? 0) + 1)
    return run
  }

  function pipelineFor(fate: Fate): string {
    if (fate === "invalid") return random.pick(["cycle", "missing"])
    const mayHold = fate === "cancelled" || fate === "deleted"
    return mayHold && random.chance(0.5) ? "held" : random.pick(shapeNames)
  }

  async function steer(
    { uid, name, fate }: Begun,
    patch: (spec: object) => Promise<unknown>,
    hasEnded: () => boolean,
    isRunning: () => boolean,
  ): Promise<void> {
    const moment = random.number() * 1_500
    switch (fate) {
      case "left alone":
      case "invalid":
        return
      case "held back, then resumed": {
        await sleep(500 + moment)
        const early = ledger.created().filter(({ owner }) => owner === uid)
        if (early.length > 0) problems.push(`${name} was suspended from its start, and got Jobs`)
        await patch({ suspend: false })
        return
      }
      case "suspended, then resumed":
        await until(() => isRunning() || hasEnded())
        await patch({ suspend: true })
        await sleep(moment)
        await patch({ suspend: false })
        return
      case "cancelled":
        if (random.chance(0.7)) await until(() => isRunning() || hasEnded())
        await sleep(moment)
        await patch({ cancel: true })
        return
      case "deleted":
        await sleep(moment)
    }
  }

  /** Whether it came to be before the time was up. */
  async function until(isSo: () => boolean): Promise<boolean> {
    while (!isSo()) {
      if (Date.now() > deadline) return false
      await sleep(50)
    }
    return true
  }

  function check(execution: ExecutionObject): readonly string[] {
    const { uid, name } = execution.metadata
    const { since, fate } = begun.get(uid)!
    const jobs = ledger.created().filter(({ owner }) => owner === uid)
    const found = mistakes(execution, { since, isCancelled: fate === "cancelled" }, jobs, shapes, times)
    return found.map((mistake) => `${name} (${fate}): ${mistake}`)
  }

  const users = Array.from({ length: atOnce }, user)
  return {
    fates: counts,
    problems,
    check,
    stages: () => stages,
    pending: () => [...live].map(({ uid, name, fate }) => `${name} (${fate}): ${story(watch.executions.get(uid))}`),
    end: async (until) => {
      isOver = true
      deadline = until
      await Promise.all(users)
    },
  }
}

function story(execution: ExecutionObject | undefined): string {
  if (execution === undefined) return "not there"
  const { phase, stages = [] } = execution.status ?? {}
  return `${phase ?? "not seen"}, ${stages.map(({ name, phase }) => `${name} ${phase}`).join(", ")}`
}
