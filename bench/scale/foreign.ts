// A chain of ten stages beside ever more Jobs of others in its namespace.

import { createForeignJobs } from "../control-plane/foreign-jobs.ts"
import { handOffs } from "../control-plane/hand-offs.ts"
import { play, prepare } from "../control-plane/play.ts"
import { chain } from "../control-plane/shapes.ts"
import type { World } from "../control-plane/world.ts"
import type { Report } from "../report.ts"
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
