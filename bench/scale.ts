// node bench/scale.ts [--sizes 250,500,1000] [--only wide,deep,many,foreign] [--foreign 0,10000,100000] [--runs 1]
// [--profile DIR]: how time, calls, bytes, CPU and memory grow with the stages of a pipeline, with the number of executions, and with
// the Jobs of others. On a real control plane with KWOK as the node; pods succeed at once.

import { parseArgs } from "node:util"
import { bytesOf } from "./control-plane/bytes.ts"
import { createForeignJobs } from "./control-plane/foreign-jobs.ts"
import { handOffs } from "./control-plane/hand-offs.ts"
import { type Played, play, prepare } from "./control-plane/play.ts"
import { chain, type StageEntry, wide } from "./control-plane/shapes.ts"
import { byVerb, callsOf, isWrite } from "./control-plane/tally.ts"
import { inWorld, type World } from "./control-plane/world.ts"
import { judge, markdown, type Report, type Target } from "./report.ts"
import { median, percentile } from "./statistics.ts"

export interface ScaleOptions {
  /** In ascending order, each twice the one before. */
  readonly sizes: readonly number[]
  readonly only: readonly string[]
  readonly foreignJobs: readonly number[]
  /** Of each size; the one of median time is told. Counts are the same in all. */
  readonly runs: number
  readonly profileFolder?: string | undefined
}

export const usualScale: ScaleOptions = {
  sizes: [250, 500, 1000],
  only: ["wide", "deep", "many", "foreign"],
  foreignJobs: [0, 10_000, 100_000],
  runs: 1,
}

interface Growth {
  readonly title: string
  readonly unit: string
  readonly pipeline: (size: number) => { readonly stages: readonly StageEntry[]; readonly executions: number }
  /** Of the sizes asked for. */
  readonly share: number
}

const growths: Readonly<Record<string, Growth>> = {
  wide: {
    title: "Wide: stages at once",
    unit: "stages",
    pipeline: (size) => ({ stages: wide(size), executions: 1 }),
    share: 1,
  },
  deep: {
    title: "Deep: stages one after the other",
    unit: "stages",
    pipeline: (size) => ({ stages: chain(size), executions: 1 }),
    share: 1,
  },
  many: {
    title: "Many: executions of ten stages at once",
    unit: "executions",
    pipeline: (size) => ({ stages: chain(10), executions: size }),
    share: 0.5,
  },
}

/** Twice the work may cost twice as much, and a little for what does not divide evenly. */
const growthLimit = 2.5
const minutesPerRun = 15

/** `onReport` is told each as soon as it stands: the whole takes minutes, and may break off. */
export async function scaleReports(
  options: ScaleOptions = usualScale,
  onReport: (report: Report) => void = () => {},
): Promise<readonly Report[]> {
  return inWorld({ millis: 0, jitterMillis: 0 }, 90, async (world) => {
    const reports: Report[] = []
    const add = (report: Report) => {
      reports.push(report)
      onReport(report)
    }
    for (const [name, growth] of Object.entries(growths)) {
      if (options.only.includes(name)) add(await growthReport(world, name, growth, options))
    }
    if (options.only.includes("foreign")) add(await foreignReport(world, options.foreignJobs))
    return reports
  })
}

async function growthReport(world: World, name: string, growth: Growth, options: ScaleOptions): Promise<Report> {
  const measured: { size: number; played: Played }[] = []
  let largestBytes = 0
  for (const size of options.sizes.map((size) => size * growth.share)) {
    const runs: Played[] = []
    for (let run = 1; run <= options.runs; run++) {
      await world.renewServer(options.profileFolder)
      const namespace = await world.plane.createNamespace(`${name}-${size}-${run}`)
      const plan = { namespace, pipelines: { [name]: growth.pipeline(size) }, minutes: minutesPerRun }
      await prepare(world, plan)
      runs.push(await play(world, plan))
      largestBytes = Math.max(largestBytes, await executionBytes(world, namespace))
      console.error(`${name} ${size}: ${runs.at(-1)!.seconds.toFixed(1)} s`)
    }
    const middle = median(runs.map(({ seconds }) => seconds))
    measured.push({ size, played: runs.find(({ seconds }) => seconds === middle)! })
  }
  return {
    title: growth.title,
    columns: [growth.unit, ...columns],
    rows: measured.map(({ size, played }) => [size, ...row(played)]),
    notes: [
      ...measured.map(({ size, played }) => `${size}: ${shares(played)}`),
      ...measured.slice(-1).map(({ size, played }) => `${size}: ${verbs(played)}`),
      `The largest object of an execution: ${(largestBytes / 1000).toFixed(0)} kB.`,
    ],
    targets: measured.slice(1).flatMap(({ size, played }, i) => {
      const before = measured[i]!
      return growthTargets(`${before.size} to ${size}`, before.played, played)
    }),
  }
}

async function executionBytes({ plane }: World, namespace: string): Promise<number> {
  const path = `/apis/pipeline.peanut.dev/v1alpha1/namespaces/${namespace}/peanutpipelineexecutions?limit=1`
  const { items } = await plane.api.get<{ items: readonly object[] }>(path)
  return Buffer.byteLength(JSON.stringify(items[0]))
}

const columns = [
  "s",
  "ms/stage",
  "calls/stage",
  "writes/stage",
  "status MB",
  "read MB",
  "CPU s/1,000 stages",
  "peak MB",
]

function row(played: Played): readonly number[] {
  const { stages, seconds, calls, cpuSeconds, peakMegabytes } = played
  const own = callsOf("peanut", calls)
  const bytes = bytesOf(played)
  return [
    seconds,
    (seconds * 1000) / stages,
    own.length / stages,
    own.filter(isWrite).length / stages,
    bytes.statusWritten / 1e6,
    bytes.read / 1e6,
    (cpuSeconds.Peanut! * 1000) / stages,
    peakMegabytes,
  ]
}

/** Who was busy for how much of the time: the one near a whole core is what the others wait for. */
function shares({ cpuSeconds, seconds }: Played): string {
  const each = Object.entries(cpuSeconds).toSorted(([, a], [, b]) => b - a)
  return `${each.map(([name, cpu]) => `${name} ${cpu.toFixed(1)} s`).join(", ")} of CPU in ${seconds.toFixed(1)} s.`
}

function verbs({ calls, stages }: Played): string {
  const each = byVerb(callsOf("peanut", calls)).map(([name, count]) => `${(count / stages).toFixed(2)} ${name}`)
  return `for each stage ${each.join(", ")}.`
}

function growthTargets(step: string, before: Played, after: Played): readonly Target[] {
  const factor = (value: (played: Played) => number) => value(after) / value(before)
  const counts = {
    calls: (played: Played) => callsOf("peanut", played.calls).length,
    "bytes of status": (played: Played) => bytesOf(played).statusWritten,
    "bytes read": (played: Played) => bytesOf(played).read,
  }
  const target = (name: string, measured: number, kind: Target["kind"]): Target => ({
    name: `Growth of ${name}, ${step}`,
    measured,
    atMost: growthLimit,
    unit: "times",
    kind,
  })
  return [
    ...Object.entries(counts).map(([name, value]) => target(name, factor(value), "count")),
    target(
      "time",
      factor(({ seconds }) => seconds),
      "time",
    ),
    target(
      "memory",
      factor(({ peakMegabytes }) => peakMegabytes),
      "time",
    ),
  ]
}

async function foreignReport(world: World, counts: readonly number[]): Promise<Report> {
  const namespace = await world.plane.createNamespace("foreign")
  const stages = chain(10)
  const plan = { namespace, pipelines: { chain: { stages, executions: 1 } }, minutes: 5 }
  await world.renewServer()
  await prepare(world, plan)
  await play(world, plan) // Only warms up.
  const rows: (readonly number[])[] = []
  const notes: string[] = []
  let there = 0
  for (const count of counts) {
    const start = performance.now()
    await createForeignJobs(world.plane, namespace, there, count)
    if (count > there) notes.push(creation(count - there, performance.now() - start))
    there = count
    const played = await play(world, plan)
    const { millis } = await handOffs(world.plane, namespace, played.calls, () => stages)
    rows.push([count, percentile(millis, 0.5), Math.max(...millis), ...row(played)])
    notes.push(`${count}: ${shares(played)}`)
  }
  return {
    title: "Jobs of others in the namespace, and a chain of ten stages",
    columns: ["Jobs of others", "hand-off p50 ms", "hand-off max ms", ...columns],
    rows,
    notes,
    targets: [],
  }
}

const creation = (count: number, millis: number) =>
  `${count} Jobs of others were created in ${(millis / 1000).toFixed(0)} s, ${((count * 1000) / millis).toFixed(0)} a second.`

if (import.meta.main) {
  const list = { type: "string" } as const
  const { values } = parseArgs({ options: { sizes: list, only: list, foreign: list, runs: list, profile: list } })
  const numbers = (text: string | undefined) => text?.split(",").map(Number)
  const options: ScaleOptions = {
    sizes: numbers(values.sizes) ?? usualScale.sizes,
    only: values.only?.split(",") ?? usualScale.only,
    foreignJobs: numbers(values.foreign) ?? usualScale.foreignJobs,
    runs: Number(values.runs ?? usualScale.runs),
    profileFolder: values.profile,
  }
  judge(await scaleReports(options, (report) => console.log(markdown(report))))
}
