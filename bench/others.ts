// node bench/others.ts [rounds]: the same graphs by Peanut, by plain Jobs, by Argo Workflows and by Tekton, in turns, on the
// cluster that KUBECONFIG names, with Peanut installed. The others are built here by Go, pushed to the registry that
// BENCH_REGISTRY names, installed for the time of the bench, and taken out again. Who cannot be had is not measured, and
// the notes say why.

import { startProxy } from "./api.ts"
import { argo } from "./others/argo.ts"
import { Cluster } from "./others/cluster.ts"
import type { Place } from "./others/contender.ts"
import { graphs } from "./others/graph.ts"
import { measure } from "./others/measure.ts"
import { peanutFromZero, peanutWarm } from "./others/peanut.ts"
import { plainJobs } from "./others/plain-jobs.ts"
import { type Entry, tableOf } from "./others/table.ts"
import { tekton } from "./others/tekton.ts"
import { publish, type Report } from "./report.ts"

export interface Options {
  /** How many, after one that only warms up. */
  readonly rounds?: number
  readonly tell?: (progress: string) => void
}

type Candidate = Entry & { readonly place: Place }

export async function othersBench({ rounds = 3, tell = console.error }: Options = {}): Promise<Report> {
  const api = await startProxy()
  const cluster = new Cluster()
  const interruption = new AbortController()
  const { signal } = interruption
  const interrupt = () => interruption.abort(new Error("interrupted"))
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt)

  const giveUp = (candidate: Candidate, error: unknown) => {
    if (signal.aborted) return
    const { message } = error as Error
    tell(`${candidate.contender.name}: ${message}`)
    candidate.trouble = message.split("\n")[0]!
  }

  try {
    const candidates: Candidate[] = []
    const versions = new Set<string>()
    for (const contender of [peanutFromZero, peanutWarm, plainJobs, ...argo(), ...tekton()]) {
      if (signal.aborted) break
      tell(`preparing ${contender.name}`)
      const place = { api, cluster, namespace: await cluster.namespace(contender.slug) }
      const candidate: Candidate = { contender, place, runs: new Map(graphs.map((graph) => [graph, []])) }
      candidates.push(candidate)
      try {
        versions.add(await contender.prepare(place))
      } catch (error) {
        giveUp(candidate, error)
      }
    }
    for (let round = 0; round <= rounds; round++) {
      for (const graph of graphs) {
        for (const candidate of candidates.filter(({ trouble }) => !trouble)) {
          if (signal.aborted) break
          const { contender, place, runs } = candidate
          const name = `${graph.name}-${round}`
          try {
            const run = await measure(contender, place, graph, name, signal)
            tell(`${name}, ${contender.name}: ${run.seconds.toFixed(2)} s`)
            if (round > 0) runs.get(graph)!.push(run)
          } catch (error) {
            giveUp(candidate, error)
          }
        }
      }
    }
    const table = tableOf(candidates, [...versions], rounds)
    return signal.aborted ? { ...table, notes: ["Interrupted: not all rounds were played.", ...table.notes] } : table
  } finally {
    tell("taking out what was put in")
    await cluster.remove().catch((error: Error) => tell(`something is left in the cluster: ${error.message}`))
    api.stop()
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt)
  }
}

if (import.meta.main) publish([await othersBench({ rounds: Number(process.argv[2] ?? 3) })])
