// The figures of all runs as one table: medians, and the range of the whole.

import type { Report } from "../report.ts"
import { median } from "../statistics.ts"
import type { Contender } from "./contender.ts"
import { type Graph, graphs } from "./graph.ts"
import type { Run } from "./measure.ts"
import type { Phases } from "./phases.ts"

export interface Entry {
  readonly contender: Contender
  readonly runs: ReadonlyMap<Graph, Run[]>
  /** Why it is not measured, or not any more. */
  trouble?: string
}

const columns = ["graph", "by", "median", "min", "max", "first pod", "a pod", "hand-off", "end", "writes"]

export function tableOf(entries: readonly Entry[], versions: readonly string[], rounds: number): Report {
  const rows = graphs.flatMap((graph) => entries.map((entry) => row(graph, entry)))
  const troubles = Map.groupBy(
    entries.filter(({ trouble }) => trouble),
    ({ trouble }) => trouble,
  )
  const notes = [
    `In turns, ${rounds} rounds after one to warm up; seconds, medians. ${versions.join("; ")}.`,
    ...[...troubles].map(
      ([trouble, of]) => `Not measured: ${of.map(({ contender }) => contender.name).join("; ")}: ${trouble}`,
    ),
    "chain: five stages of `true`, one after another. fan: one, then eight beside each other, then one.",
    "first pod: from the request to it. a pod: from its creation to Succeeded. hand-off: from the end of a wave of pods to a pod of the next. end: from the last pod's end to the end of the run.",
    "writes: requests that write, of everybody to the API server while the run lasted and 3 s more, without leases.",
  ]
  return { title: "The same graphs by others", columns, rows, notes, targets: [] }
}

function row(graph: Graph, { contender, runs, trouble }: Entry): readonly string[] {
  const measured = runs.get(graph) ?? []
  if (measured.length === 0) return [graph.name, contender.name, trouble ? "not measured" : "–", ...Array(7).fill("")]
  const times = measured.map(({ seconds }) => seconds)
  const phases = measured.flatMap((run) => run.phases ?? [])
  const phase = (name: keyof Phases) => (phases.length > 0 ? two(median(phases.map((p) => p[name]))) : "–")
  const whole = [median(times), Math.min(...times), Math.max(...times)].map(two)
  const writes = String(median(measured.map((run) => run.writes)))
  return [graph.name, contender.name, ...whole, phase("first"), phase("pod"), phase("handOff"), phase("last"), writes]
}

const two = (seconds: number) => seconds.toFixed(2)
