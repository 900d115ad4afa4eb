// etcd takes 1.5 MiB an object, and every write of a status carries all stages: what a stage costs is a budget.

import { describe, expect, it } from "vitest"
import type { StageStatus } from "../../src/api/execution.ts"
import { jobName } from "../../src/resources/job-name.ts"
import { earlier, execution, now } from "../builders/objects.ts"
import { observed, step } from "../builders/observed.ts"

const count = 1000
const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value))
const stageName = (index: number) => `Build and test service ${index}`

const graph = Array.from({ length: count }, (_, index) => ({
  name: stageName(index),
  type: "task",
  ...(index > 0 && { dependsOn: [stageName(Math.floor(index / 2))] }),
}))

describe("the size of a run of 1,000 stages", () => {
  // With the longest names of Jobs there are.
  const run = execution({}, { name: "nightly".padEnd(253, "-run") })
  const recorded = new Map<string, Partial<StageStatus>>(
    graph.map(({ name }) => [
      name,
      { phase: "Succeeded", jobName: jobName(run.metadata, name), startTime: earlier, completionTime: now },
    ]),
  )

  it("is at most 210 bytes a stage that succeeded", () => {
    const { stages } = step(observed({ graph, recorded })).status
    expect(bytes(stages) / count).toBeLessThanOrEqual(210)
  })

  it("is at most 80 bytes a stage that waits", () => {
    const { status } = step(observed({ graph }))
    expect(bytes(status.stages) / count).toBeLessThanOrEqual(80)
  })

  it("is at most 1 KiB for all that is not stages or snapshot, even when every stage failed", () => {
    const failed = graph.map(({ name }) => [name, "Failed"] as const)
    const { stages: _, snapshot: __, ...rest } = step(observed({ graph, recorded: new Map(failed) })).status
    expect(bytes(rest)).toBeLessThanOrEqual(1024)
  })

  it("takes a step in less than a quarter of a second", () => {
    const seen = observed({ graph, recorded })
    const start = performance.now()
    step(seen)
    expect(performance.now() - start).toBeLessThan(250)
  })
})

describe("the size of a run of 200 stages with outputs, and a matrix of 256", () => {
  const matrix = ["a", "b"].map((name) => ({ name, values: Array.from({ length: 16 }, String) }))
  const wide = [
    ...Array.from({ length: 200 }, (_, index) => ({ name: stageName(index), type: "task" })),
    { name: "Everywhere", type: "task", dependsOn: [stageName(0)], matrix, maxParallel: 8 },
  ]
  const run = execution({}, { name: "nightly".padEnd(253, "-run") })
  /** 900 bytes as they stand in the status. */
  const outputs = { digest: "x".repeat(900 - bytes({ digest: "" })) }
  const recorded = new Map<string, Partial<StageStatus>>([
    ...wide
      .slice(0, 200)
      .map(({ name }): [string, Partial<StageStatus>] => [
        name,
        { phase: "Succeeded", jobName: jobName(run.metadata, name), startTime: earlier, completionTime: now, outputs },
      ]),
    ["Everywhere", { phase: "Running", startTime: earlier, combinations: "R".repeat(8).padEnd(256, "W") }],
  ])
  const stageSpecs = { task: { image: "registry.example.com/team/tool:v1", command: ["tool", "--verbose"] } }

  // All of the status: stages with outputs and letters, snapshot, conditions.
  it("is below 300 KiB of JSON, snapshot and all", () => {
    const seen = observed({ graph: wide, recorded, stageSpecs })
    expect(bytes(seen.execution.status)).toBeLessThan(300 * 1024)
    expect(bytes(seen.execution.status.stages)).toBeGreaterThan(200 * 900)
  })

  it("spends one letter on each combination", () => {
    const [all, one] = [256, 1].map((count) => bytes({ combinations: "S".repeat(count) }))
    expect(all! - one!).toBe(255)
  })
})
