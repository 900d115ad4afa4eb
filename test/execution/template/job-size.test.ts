// Values multiply in a template: 29 kB of objects once made Jobs of 6.5 GB each. They are reckoned, never built.

import { describe, expect, it } from "vitest"
import type { PipelineStage } from "../../../src/api/pipeline.ts"
import type { StageSpec } from "../../../src/api/stage.ts"
import { jobCharacters, maxValueCharacters } from "../../../src/execution/template/job-size.ts"
import { observed, type Situation, step } from "../../builders/observed.ts"

const large = "z".repeat(16_384)
const env = (count: number, value: string) => Array.from({ length: count }, (_, i) => ({ name: `V${i}`, value }))
const matrix = (count: number) => [{ name: "p", values: Array.from({ length: count }, (_, i) => `${i}`) }]

interface Case {
  readonly entry?: Partial<PipelineStage>
  readonly spec?: Partial<StageSpec>
  readonly params?: Record<string, string>
}

const situation = ({ entry, spec, params }: Case): Situation => ({
  graph: [
    { name: "a", type: "task", ...entry },
    { name: "b", type: "plain", dependsOn: ["a"] },
  ],
  snapshot: {
    stageSpecs: { task: { image: "busybox", ...spec }, plain: { image: "busybox" } },
    ...(params && { params }),
  },
})

/** Where the reckoning is compared with what is really made. */
function made(of: Case) {
  const seen = observed(situation(of))
  const { create } = step(seen)
  const [a] = seen.execution.status.snapshot.stages
  const view = { execution: seen.execution, statuses: new Map(), ignoring: new Set<string>() }
  return { reckoned: jobCharacters(a!, view), texts: create.map((job) => JSON.stringify(job.spec.template.spec)) }
}

const multiplying: readonly (Case & { readonly what: string })[] = [
  {
    what: "a param that is used many times",
    spec: { params: [{ name: "q", default: large }], env: env(100, "$(params.q)") },
  },
  {
    what: "a param that is made of params, used many times",
    entry: { params: [{ name: "q", value: "$(params.big)".repeat(1000) }] },
    spec: { params: [{ name: "q" }], env: env(400, "$(params.q)") },
    params: { big: large },
  },
  {
    what: "a value of a matrix that is made of params, in one of its combinations",
    entry: { matrix: [{ name: "p", values: ["short", "$(params.big)".repeat(1000)] }] },
    spec: { params: [{ name: "p" }] },
    params: { big: large },
  },
  {
    what: "given values that the template does not use",
    entry: { params: [{ name: "q", value: "$(params.big)".repeat(1000) }] },
    spec: { params: [{ name: "q" }] },
    params: { big: large },
  },
  {
    what: "dollars, which are written twice",
    spec: { params: [{ name: "q", default: "$".repeat(16_384) }], env: env(40, "$(params.q)") },
  },
  {
    what: "a helper's env",
    spec: {
      params: [{ name: "q", default: large }],
      jobTemplate: {
        spec: {
          template: { spec: { initContainers: [{ name: "i", image: "x", env: env(100, "$(params.q)") }] } as never },
        },
      },
    },
  },
  {
    what: "args of the stage's container that the short form hides",
    spec: {
      params: [{ name: "q", default: large }],
      args: [],
      jobTemplate: {
        spec: {
          template: { spec: { containers: [{ name: "stage", args: env(100, "$(params.q)").map((it) => it.value) }] } },
        },
      },
    },
  },
]

describe("values that would make a Job too large", () => {
  it.each(multiplying)("fail the stage at once and at little cost: $what", (of) => {
    const seen = observed(situation(of))
    step(seen) // compiled once
    const start = process.cpuUsage()
    const next = step(seen)
    const { user, system } = process.cpuUsage(start)
    expect(next.stages).toBe("a Failed, b Skipped")
    expect(next.creates).toBe("")
    expect(next.status.stages![0]).toMatchObject({ reason: "JobTooLarge" })
    expect(next.status.stages![0]!.message).toMatch(
      /^its params and outputs would put \d{7,} characters into one Job, more than the 1000000 that it can take/,
    )
    // Twice the budget of a look, for a slow machine; before it was reckoned, seconds.
    expect((user + system) / 1000).toBeLessThan(200)
  })

  it("are counted as what is put in place of an output, too", () => {
    const outputs = { k: "z".repeat(4000) }
    const graph: PipelineStage[] = [
      { name: "a", type: "plain" },
      { name: "b", type: "task", dependsOn: ["a"] },
    ]
    const uses = (count: number) =>
      step(
        observed({
          graph,
          recorded: new Map([["a", { phase: "Succeeded", outputs }]]),
          snapshot: {
            stageSpecs: {
              plain: { image: "x" },
              task: { image: "x", env: env(count, "$(stages['a'].outputs.k)") },
            },
          },
        }),
      ).stages
    expect(uses(249)).toBe("a Succeeded, b Waiting")
    expect(uses(251)).toBe("a Succeeded, b Failed")
  })

  it("are refused from the first character above the limit", () => {
    const of = (more: number): Case => ({
      spec: {
        params: [
          { name: "q", default: "z".repeat(10_000) },
          { name: "r", default: "z".repeat(more) },
        ],
        env: [...env(99, "$(params.q)"), { name: "R", value: "$(params.r)" }],
      },
    })
    const rest = maxValueCharacters - 990_000
    expect(step(observed(situation(of(rest)))).creates).toBe("a")
    expect(step(observed(situation(of(rest + 1)))).stages).toBe("a Failed, b Skipped")
  })
})

describe("what is reckoned", () => {
  it.each<Case & { readonly what: string }>([
    { what: "nothing to replace" },
    { what: "defaults", spec: { params: [{ name: "q", default: "a$b$" }], args: ["$(params.q)", "x/$(params.q)"] } },
    {
      what: "given values",
      entry: { params: [{ name: "q", value: "$(params.big)-$(execution.name)$$" }] },
      spec: { params: [{ name: "q", default: "unused" }], env: env(3, "$(params.q)$(params.q)") },
      params: { big: "1$(2)3" },
    },
    {
      what: "a matrix",
      entry: {
        matrix: [
          { name: "p", values: ["1", "22$", "333"] },
          { name: "r", values: ["", "$(params.big)"] },
        ],
      },
      spec: { params: [{ name: "p" }, { name: "r" }], env: env(9, "$(params.p)/$(params.r)") },
      params: { big: "12345" },
    },
  ])("is no less than what is made, and not much more: $what", (of) => {
    const { reckoned, texts } = made(of)
    const longest = Math.max(...texts.map((text) => text.length))
    expect(reckoned).toBeGreaterThan(longest - 200) // the names that every pod has
    expect(reckoned).toBeLessThan(longest + 200)
  })
})

describe("a step that makes large Jobs", () => {
  const of: Case = {
    entry: { matrix: matrix(100) },
    spec: { params: [{ name: "p" }], args: ["y".repeat(120_000), "y".repeat(110_000), "$(params.p)"] },
  }

  it("makes as many as it may hold, and the next steps make the others, each once", () => {
    const counts: number[] = []
    const jobs: string[] = []
    for (let steps = 0; steps < 20; steps++) {
      const { create } = step(observed({ ...situation(of), jobs: jobs.join(", ") }))
      if (create.length === 0) break
      expect(JSON.stringify(create).length).toBeLessThan(9_000_000)
      for (const job of create) jobs.push(`a#${job.spec.template.spec.containers[0]!.args!.at(-1)} Running`)
      counts.push(create.length)
    }
    expect(counts).toEqual([34, 34, 32])
    expect(new Set(jobs).size).toBe(100)
  })

  it("makes all of those that are small at once", () => {
    expect(
      step(observed(situation({ entry: { matrix: matrix(256) }, spec: { params: [{ name: "p" }] } }))).create,
    ).toHaveLength(256)
  })

  it("reckons once for each type, not for each of a thousand stages", () => {
    const spec: StageSpec = {
      image: "x",
      params: [{ name: "q", default: "$".repeat(16_384) }],
      args: ["y".repeat(120_000)],
      env: env(500, "$(params.q)"),
    }
    const graph = Array.from({ length: 1000 }, (_, i): PipelineStage => ({ name: `s${i}`, type: "task" }))
    const { execution } = observed({ graph, snapshot: { stageSpecs: { task: spec } } })
    const view = { execution, statuses: new Map(), ignoring: new Set<string>() }
    const start = process.cpuUsage()
    for (const stage of graph) expect(jobCharacters(stage, view)).toBeGreaterThan(16_000_000)
    const { user, system } = process.cpuUsage(start)
    expect((user + system) / 1000).toBeLessThan(200)
  })
})
