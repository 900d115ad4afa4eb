// A chain of ten stages beside ever more Jobs of others in its namespace.

import { bytesOf } from "../control-plane/bytes.ts"
import { createForeignJobs } from "../control-plane/foreign-jobs.ts"
import { handOffs } from "../control-plane/hand-offs.ts"
import { type Played, play, prepare } from "../control-plane/play.ts"
import { chain } from "../control-plane/shapes.ts"
import { callsOf } from "../control-plane/tally.ts"
import type { World } from "../control-plane/world.ts"
import type { Report, Target } from "../report.ts"
import { percentile } from "../statistics.ts"
import { columns, row, shares } from "./figures.ts"
import type { ScaleOptions } from "./options.ts"

export async function foreignReport(world: World, { sizes, isFull }: ScaleOptions): Promise<Report> {
  const counts = sizes ?? (isFull ? [0, 10_000, 100_000] : [0, 10_000])
  const namespace = await world.plane.createNamespace("foreign")
  const stages = chain(10)
  const plan = { namespace, pipelines: { chain: { stages, executions: 1 } }, minutes: 5 }
  await world.renewServer()
  await prepare(world, plan)
  await play(world, plan) // Only warms up.
  const measured: Measured[] = []
  const notes: string[] = []
  let there = 0
  for (const count of counts) {
    const start = performance.now()
    await createForeignJobs(world.plane, namespace, there, count)
    if (count > there) notes.push(creation(count - there, performance.now() - start))
    there = count
    const played = await play(world, plan)
    const { millis } = await handOffs(world.plane, namespace, played.calls, () => stages)
    measured.push({ count, played, millis })
    console.error(`${count} Jobs of others: ${played.seconds.toFixed(1)} s`)
    notes.push(`${count}: ${shares(played)}`)
  }
  return {
    title: "Jobs of others in the namespace, and a chain of ten stages",
    columns: ["Jobs of others", "hand-off p50 ms", "hand-off max ms", ...columns],
    rows: measured.map(({ count, played, millis }) => [
      count,
      percentile(millis, 0.5),
      Math.max(...millis),
      ...row(played),
    ]),
    notes,
    targets: targets(measured),
  }
}

interface Measured {
  readonly count: number
  readonly played: Played
  /** Of the hand-offs. */
  readonly millis: readonly number[]
}

/** What others have must not be Peanut's work; the API server's is another matter, which the time shows. */
function targets(measured: readonly Measured[]): readonly Target[] {
  const [none, most] = [measured[0]!, measured.at(-1)!]
  const factor = (value: (of: Measured) => number) => value(most) / value(none)
  const target = (name: string, measured: number, atMost: number, kind: Target["kind"]): Target => ({
    name: `Growth of ${name}, ${none.count} to ${most.count}`,
    measured,
    atMost,
    unit: "times",
    kind,
  })
  const callsTimes = factor(({ played }) => callsOf("peanut", played.calls).length)
  return [
    target("calls", callsTimes, 1.1, "count"),
    target(
      "bytes read",
      factor(({ played }) => bytesOf(played).read),
      1.1,
      "count",
    ),
    target(
      "hand-off p50",
      factor(({ millis }) => percentile(millis, 0.5)),
      2,
      "time",
    ),
  ]
}

const creation = (count: number, millis: number) =>
  `${count} Jobs of others were created in ${(millis / 1000).toFixed(0)} s, ${((count * 1000) / millis).toFixed(0)} a second.`
