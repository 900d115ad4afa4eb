// node bench/hand-off.ts [rounds]: how long from a pod's success to the Job that waited for it, and what a stage costs
// in calls, on a real control plane with KWOK as the node. Pods take a second, more or less, so that events are spread
// as they are in life; time is taken from the API server's audit log alone.

import { handOffs } from "./control-plane/hand-offs.ts"
import { sendIdleEvents } from "./control-plane/idle-events.ts"
import { type Plan, type Played, play, prepare } from "./control-plane/play.ts"
import { chain, diamond } from "./control-plane/shapes.ts"
import { byVerb, callsOf, isWrite } from "./control-plane/tally.ts"
import { inWorld } from "./control-plane/world.ts"
import { machineReport } from "./machine.ts"
import { publish, type Report } from "./report.ts"
import { median, percentile } from "./statistics.ts"

const pipelines = {
  chain: { stages: chain(10), executions: 3 },
  diamond: { stages: diamond(3), executions: 3 },
}

/** Nobody else about: what one execution needs by itself. */
const alone = { chain: { ...pipelines.chain, executions: 1 } }

export async function handOffReports(rounds = 7): Promise<readonly Report[]> {
  return inWorld({ millis: 750, jitterMillis: 500 }, 5 + rounds, async (world) => {
    const namespace = await world.plane.createNamespace("hand-off")
    const plan = { namespace, pipelines, minutes: 2 }
    await prepare(world, plan)
    const measure = async (pipelines: Plan["pipelines"]): Promise<Measured> => {
      const played = await play(world, { ...plan, pipelines })
      return { played, ...(await handOffs(world.plane, namespace, played.calls, stagesOf)) }
    }
    // Connections are kept, so that those which the check of the pipelines left behind would be counted, too.
    await world.renewServer()
    // What a server does for the first time takes longer: the first of each only warms up.
    await measure(alone)
    const single = await measure(alone)
    await measure(pipelines)
    const measured: Measured[] = []
    for (let round = 1; round <= rounds; round++) measured.push(await measure(pipelines))
    const idle = await sendIdleEvents(world, namespace, 50)
    return [timesReport(single, measured), callsReport(single, measured, idle)]
  })
}

/** The name of an execution begins with that of its pipeline. */
const stagesOf = (execution: string) => pipelines[execution.split("-")[0] as keyof typeof pipelines].stages

interface Measured extends Awaited<ReturnType<typeof handOffs>> {
  readonly played: Played
}

function timesReport(single: Measured, measured: readonly Measured[]): Report {
  const row = ({ millis, untilFirstCallMillis }: Measured) => [
    millis.length,
    percentile(millis, 0.5),
    percentile(millis, 0.99),
    Math.max(...millis),
    percentile(untilFirstCallMillis, 0.5),
  ]
  const rows = measured.map(row)
  const middle = rows[0]!.map((_, i) => median(rows.map((row) => row[i]!)))
  const [, p50, p99] = middle
  const all = measured.flatMap(({ millis }) => millis)
  const unclear = measured.reduce((total, { unclear }) => total + unclear, 0)
  return {
    title: "Hand-off: from a pod's success to the Job that waited for it",
    columns: ["Round", "Hand-offs", "p50 ms", "p99 ms", "max ms", "p50 ms until Peanut's first call"],
    rows: [
      ["a chain alone", ...row(single)],
      ...rows.map((row, i) => [String(i + 1), ...row]),
      ["median of rounds", ...middle],
    ],
    notes: [
      "A round is three chains of ten stages and three diamonds of five, begun at once; pods take 0.75 to 1.25 s.",
      "From the answer to KWOK's second and last patch of the pod's status to the answer to Peanut's creation of the Job.",
      `Of all ${all.length} hand-offs of the rounds together: p50 ${percentile(all, 0.5).toFixed(0)} ms, p95 ${percentile(all, 0.95).toFixed(0)} ms, p99 ${percentile(all, 0.99).toFixed(0)} ms.`,
      `${unclear} hand-offs were left out because the pod had more or fewer patches.`,
    ],
    targets: [
      { name: "Hand-off, p50, median of rounds", measured: p50!, atMost: 25, unit: "ms", kind: "time" },
      { name: "Hand-off, p99, median of rounds", measured: p99!, atMost: 100, unit: "ms", kind: "time" },
    ],
  }
}

function callsReport(
  single: Measured,
  measured: readonly Measured[],
  idle: { readonly sent: number; readonly calls: number; readonly cpuMillisPerEvent: number },
): Report {
  const rounds = measured.map(({ played }) => played)
  const perStage = (count: (played: Played) => number) => median(rounds.map((played) => count(played) / played.stages))
  const peanuts = ({ calls }: Played) => callsOf("peanut", calls)
  const names = [...new Set(rounds.flatMap((played) => byVerb(peanuts(played)).map(([name]) => name)))]
  const events = (outcome: string) => perStage(({ metrics }) => metrics.total("peanut_events_total", { outcome }))
  const cpu = median(rounds.map(({ cpuSeconds, stages }) => (cpuSeconds.Peanut! / stages) * 1000))
  const most = (value: (played: Played) => number) => Math.max(...rounds.map(value))
  return {
    title: "Hand-off: what a stage costs",
    columns: ["", "per stage"],
    rows: [
      ...names.map((name) => [
        name,
        perStage((played) => peanuts(played).filter((call) => `${call.verb} ${call.resource}` === name).length),
      ]),
      ["events that were looked at", events("done")],
      ["events that were dropped", events("dropped")],
    ],
    notes: [
      "All calls of whole executions, from the one that accepts it to the ones after its end, divided by its stages.",
      `Every event was delivered by Knative's adapter; ${perStage(({ metrics }) => metrics.total("peanut_events_total")).toFixed(1)} came for a stage.`,
      `CPU of the server: ${cpu.toFixed(1)} s for 1,000 stages; its peak of memory: ${most((played) => played.peakMegabytes).toFixed(0)} MB.`,
      `At most ${most(({ connections }) => connections.atOnce)} connections to the API server were open at once.`,
      `The adapter opened ${most(({ adapterConnections }) => adapterConnections.inAll)} connections to Peanut in a round at most: its client keeps two that are idle, and its watches send side by side.`,
    ],
    targets: [
      { name: "API calls", measured: perStage((p) => peanuts(p).length), atMost: 7, unit: "a stage", kind: "count" },
      {
        name: "Writes among them",
        measured: perStage((p) => peanuts(p).filter(isWrite).length),
        atMost: 2,
        unit: "a stage",
        kind: "count",
      },
      {
        name: `API calls for ${idle.sent} events that cannot matter`,
        measured: idle.calls,
        atMost: 0,
        unit: "",
        kind: "count",
      },
      { name: "CPU for such an event", measured: idle.cpuMillisPerEvent, atMost: 1, unit: "ms", kind: "time" },
      {
        name: "Connections to the API server, a chain alone",
        measured: single.played.connections.inAll,
        atMost: 1,
        unit: "",
        kind: "count",
      },
    ],
  }
}

if (import.meta.main) publish([...(await handOffReports(Number(process.argv[2] ?? 7))), machineReport()])
