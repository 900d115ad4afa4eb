// One kind of load at ascending sizes, and whether what it takes grows faster than the size.

import { bytesOf } from "../control-plane/bytes.ts"
import { type Played, play, prepare } from "../control-plane/play.ts"
import { chain, type StageEntry, wide } from "../control-plane/shapes.ts"
import { callsOf } from "../control-plane/tally.ts"
import type { World } from "../control-plane/world.ts"
import type { Report, Target } from "../report.ts"
import { median } from "../statistics.ts"
import { columns, row, shares, verbs } from "./figures.ts"
import type { ScaleOptions } from "./options.ts"

export interface Growth {
  readonly title: string
  readonly unit: string
  readonly pipeline: (size: number) => { readonly stages: readonly StageEntry[]; readonly executions: number }
  /** The largest that Peanut is held to. */
  readonly full: number
}

export const growths: Readonly<Record<string, Growth>> = {
  wide: {
    title: "Wide: stages at once",
    unit: "stages",
    pipeline: (size) => ({ stages: wide(size), executions: 1 }),
    full: 1000,
  },
  deep: {
    title: "Deep: stages one after the other",
    unit: "stages",
    pipeline: (size) => ({ stages: chain(size), executions: 1 }),
    full: 1000,
  },
  many: {
    title: "Many: executions of ten stages at once",
    unit: "executions",
    pipeline: (size) => ({ stages: chain(10), executions: size }),
    full: 500,
  },
}

/** So much faster than the size, for what does not divide evenly: 2.5 times for a load of twice the size. */
const margin = 1.25
const minutesPerRun = 15

export async function growthReport(world: World, name: string, growth: Growth, options: ScaleOptions): Promise<Report> {
  const measured: Sized[] = []
  let largestBytes = 0
  for (const size of sizesOf(growth, options)) {
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
      return growthTargets(before, { size, played })
    }),
  }
}

const sizesOf = ({ full }: Growth, { sizes, isFull }: ScaleOptions) =>
  sizes ?? (isFull ? [full / 4, full / 2, full] : [Math.round(full / 8), full / 4])

interface Sized {
  readonly size: number
  readonly played: Played
}

/**
 * Bytes read have no target: each look reads its execution, which is as large as its pipeline, so that a pipeline of
 * twice as many stages in a row is read twice as often at twice the size.
 */
function growthTargets(before: Sized, after: Sized): readonly Target[] {
  const factor = (value: (played: Played) => number) => value(after.played) / value(before.played)
  const counts = {
    calls: (played: Played) => callsOf("peanut", played.calls).length,
    "bytes of status": (played: Played) => bytesOf(played).statusWritten,
  }
  const target = (name: string, measured: number, kind: Target["kind"]): Target => ({
    name: `Growth of ${name}, ${before.size} to ${after.size}`,
    measured,
    atMost: margin * (after.size / before.size),
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

async function executionBytes({ plane }: World, namespace: string): Promise<number> {
  const path = `/apis/pipeline.peanut.dev/v1alpha1/namespaces/${namespace}/peanutpipelineexecutions?limit=1`
  const { items } = await plane.api.get<{ items: readonly object[] }>(path)
  return Buffer.byteLength(JSON.stringify(items[0]))
}
