// What a tenant can write must not take long to look at: each of these is an object that the CRDs take, as heavy as it
// can be made in one direction, and took seconds once.

import { describe, expect, it } from "vitest"
import type { PipelineSpec, PipelineStage } from "../../src/api/pipeline.ts"
import type { StageSpec } from "../../src/api/stage.ts"
import { findProblems } from "../../src/execution/problems.ts"

const many = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
const env = (values: readonly string[]) => values.map((value, i) => ({ name: `V${i}`, value }))
const inPod = (spec: object): StageSpec => ({
  image: "x",
  jobTemplate: { spec: { template: { spec: spec as never } } },
})

/** Looks at a pipeline; what it took, in milliseconds of CPU, and what was found. */
function look(spec: Partial<PipelineSpec> & Pick<PipelineSpec, "stages">, types: Readonly<Record<string, StageSpec>>) {
  const start = process.cpuUsage()
  const problems = findProblems("web", spec, { stages: new Map(Object.entries(types)) })
  const { user, system } = process.cpuUsage(start)
  return { millis: (user + system) / 1000, problems }
}

const one: PipelineStage[] = [{ name: "a", type: "t" }]
const wide = (count: number, more: Partial<PipelineStage> = {}) =>
  many(count, (i) => ({ name: `s${i}`, type: "t", ...more }))
/** Each depends on all before it, and every reference is to a stage that it may not read. */
const dense = (count: number) => many(count, (i) => ({ name: `s${i}`, type: "t", dependsOn: many(i, (j) => `s${j}`) }))

const heavy: readonly { what: string; spec: PipelineSpec; types: Record<string, StageSpec> }[] = [
  {
    what: "openings of references without an end, in env",
    spec: { stages: one },
    types: { t: { image: "x", env: env(many(2, () => "$(".repeat(65_536))) } },
  },
  {
    what: "openings of variables without an end, in args",
    spec: { stages: one },
    types: { t: { image: "x", args: many(2, () => "$(A".repeat(43_690)), env: env(["$(params.x)"]) } },
  },
  {
    what: "variables that multiply",
    spec: { stages: one },
    types: {
      t: {
        image: "x",
        command: ["sh", "-c", "$(V1)".repeat(20_000)],
        env: env(["$(params.x)".repeat(450), "$(V0)".repeat(26_000)]),
      },
    },
  },
  {
    what: "a chain of variables, each twice the one before",
    spec: { stages: one },
    types: {
      t: { image: "x", command: ["sh", "-c", "$(V999)"], env: env(many(1000, (i) => `$(V${i - 1})$(V${i - 1})`)) },
    },
  },
  {
    what: "a large type that a thousand entries use",
    spec: { stages: wide(1000) },
    types: {
      t: {
        image: "x",
        args: many(1000, (i) => `--a${i}=${"y".repeat(200)}`),
        env: env(many(400, () => "$(params.x)")),
        params: [{ name: "x", default: "" }],
      },
    },
  },
  {
    what: "a thousand entries that each give what nobody declared",
    spec: { stages: wide(1000, { params: many(50, (i) => ({ name: `parameter_of_some_length_${i}`, value: "" })) }) },
    types: { t: { image: "x", params: many(100, (i) => ({ name: `parametre_de_longueur_${i}`, default: "" })) } },
  },
  {
    what: "a thousand stages of types that there are not",
    spec: { stages: many(1000, (i) => ({ name: `s${i}`, type: `stage-typ-number-${i}` })) },
    types: Object.fromEntries(many(2000, (i) => [`stage-type-number-${i}x`, { image: "x" }])),
  },
  {
    what: "dependencies that there are not, of long names",
    spec: {
      stages: many(300, (i) => ({
        name: `${i}${"n".repeat(240)}`,
        type: "t",
        dependsOn: many(10, (j) => `${i}-${j}${"m".repeat(240)}`),
      })),
    },
    types: { t: { image: "x" } },
  },
  {
    what: "four hundred stages that each wait for all before",
    spec: { stages: dense(400) },
    types: { t: { image: "x", env: env(many(300, (i) => `$(stages['s${i}'].outputs.k)`)) } },
  },
  {
    what: "a jobTemplate of sixty thousand keys",
    spec: { stages: one },
    types: { t: inPod({ affinity: Object.fromEntries(many(60_000, (i) => [`k${i}`, "$(params.x)"])) }) },
  },
  {
    what: "a jobTemplate of a long text",
    spec: { stages: one },
    types: { t: inPod({ note: "$(params.x) ".repeat(110_000) }) },
  },
  {
    what: "expressions that name many stages",
    spec: { stages: wide(1000, { when: "stages['a'].phase == '' && ".repeat(35).concat("true") }) },
    types: { t: { image: "x" } },
  },
]

describe("a look at a pipeline takes less than a tenth of a second of CPU, whatever it says", () => {
  it.each(heavy)("$what", ({ spec, types }) => {
    look(spec, types) // compiled once
    const { millis, problems } = look(spec, structuredClone(types))
    // Twice the time on a machine that others slow down; before it was bounded, each took seconds.
    expect(millis).toBeLessThan(200)
    expect(problems.length).toBeLessThanOrEqual(101)
    expect(problems.reduce((sum, { message }) => sum + message.length, 0)).toBeLessThan(300_000)
  })

  it("tells of a stage that is too large that it is, and how large it may be", () => {
    const told = (of: StageSpec) => look({ stages: one }, { t: of }).problems.map(({ message }) => message)
    expect(told(inPod({ affinity: Object.fromEntries(many(20_000, (i) => [`k${i}`, ""])) }))).toEqual([
      'stage "a": it has more than 10000 keys and items, more than a stage may have (in its PeanutStage)',
    ])
    expect(told(inPod({ note: "x".repeat(800_000) }))[0]).toContain("more than 700000 characters")
    expect(told({ image: "x", args: many(3, () => "x".repeat(100_000)) })[0]).toContain("at most 262144 characters")
    expect(told({ image: "x", env: env(many(501, () => "$(execution.name)")) })[0]).toContain(
      "it has 501 references, more than the 500",
    )
    expect(told({ image: "x", env: env(many(500, () => "$(execution.name)")) })).toEqual([])
  })

  it("tells a hundred mistakes, and that there are more", () => {
    const stages = many(500, (i) => ({ name: `s${i}`, type: "t", dependsOn: [`x${i}`] }))
    const { problems } = look({ stages }, { t: { image: "x" } })
    expect(problems).toHaveLength(101)
    expect(problems.at(-1)?.message).toBe("and more; correct these first")
  })
})
