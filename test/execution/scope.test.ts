// How much of a run a step looks at, and how two looks become one.

import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { StageStatus } from "../../src/api/execution.ts"
import { allJobs, join, runningStages, type Scope, stagesIn, thisJob } from "../../src/execution/scope.ts"
import { states } from "../builders/graph.ts"
import { accepted, type Recorded } from "../builders/objects.ts"

const looked = (stages: string | Recorded["stages"], more: Partial<Recorded> = {}, scope: Scope = runningStages) =>
  stagesIn(
    scope,
    accepted({ graph: "a → b → c, d", stages: typeof stages === "string" ? states(stages) : stages!, ...more }),
  )
const stage = (name: string, status: Partial<StageStatus>) => new Map([[name, status]])

describe("a step looks at", () => {
  it.each<{ state: string; stages: string; at: readonly string[] | undefined }>([
    { state: "nothing, when nothing runs yet", stages: "", at: [] },
    { state: "the stages that run", stages: "a Succeeded, b Running, d Running", at: ["b", "d"] },
    { state: "no stage that ended, however it did", stages: "a Failed, b Skipped, c Skipped, d Running", at: ["d"] },
    { state: "everything, once a stage was stopped", stages: "a Cancelled, d Running", at: undefined },
  ])("$state", ({ stages, at }) => {
    expect(looked(stages)).toEqual(at)
    expect(looked(stages, {}, thisJob("web-d-1"))).toEqual(at)
  })

  it("everything, where it is asked to", () => {
    expect(looked("a Succeeded, b Running", {}, allJobs)).toBeUndefined()
  })

  it("everything, once somebody cancels, as replicas that read late may start what nobody recorded", () => {
    expect(looked("a Running", { spec: { pipelineName: "web", cancel: true } })).toBeUndefined()
    expect(looked("a Running", { spec: { pipelineName: "web", cancel: false } })).toEqual(["a"])
  })

  it.each(["FailFast", "ExecutionTimeout"])("everything, once a stage ended because of %s", (reason) => {
    expect(looked(stage("a", { phase: "Skipped", reason }))).toBeUndefined()
    expect(looked(stage("a", { phase: "Failed", reason }))).toBeUndefined()
  })

  it("only what runs, where stages have other reasons", () => {
    expect(looked(stage("a", { phase: "Skipped", reason: "WhenFalse" }))).toEqual([])
    expect(looked(stage("a", { phase: "Running", reason: "Whatever" }))).toEqual(["a"])
  })

  it("a matrix that failed, as combinations of it may run on", () => {
    expect(looked(stage("a", { phase: "Failed", combinations: "FC" }))).toEqual(["a"])
    expect(looked(stage("a", { phase: "Succeeded", combinations: "SS" }))).toEqual([])
  })
})

const jobNames = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { minLength: 1 }).map((names) => names.toSorted())
const podVersion = fc.option(fc.integer({ min: 1, max: 1000 }).map(String), { nil: undefined })
const asOf = (version: string | undefined) => (version === undefined ? {} : { podVersion: version })
const scope: fc.Arbitrary<Scope> = fc.oneof(
  fc.tuple(jobNames, podVersion).map(([jobNames, v]): Scope => ({ _tag: "TheseJobs", jobNames, ...asOf(v) })),
  podVersion.map((v): Scope => ({ _tag: "RunningStages", ...asOf(v) })),
  fc.constant(allJobs),
)

const rank = { TheseJobs: 0, RunningStages: 1, AllJobs: 2 }
const versionOf = (of: Scope) => (of._tag === "AllJobs" ? undefined : of.podVersion)
const jobsOf = (of: Scope) => (of._tag === "TheseJobs" ? of.jobNames : undefined)

/** Whether whoever asked for `less` sees all of it in a look of this scope. */
function covers(more: Scope, less: Scope): boolean {
  if (rank[more._tag] < rank[less._tag]) return false
  const jobs = jobsOf(more)
  if (jobs !== undefined && !jobsOf(less)!.every((name) => jobs.includes(name))) return false
  const version = versionOf(more)
  if (version === undefined) return true
  return versionOf(less) !== undefined && Number(version) >= Number(versionOf(less))
}

describe("the join of two scopes", () => {
  it("is the same in either order", () => {
    fc.assert(fc.property(scope, scope, (a, b) => void expect(join(a, b)).toEqual(join(b, a))))
  })

  it("is the same however three are grouped", () => {
    fc.assert(
      fc.property(scope, scope, scope, (a, b, c) => void expect(join(join(a, b), c)).toEqual(join(a, join(b, c)))),
    )
  })

  it("of a scope with itself is that scope", () => {
    fc.assert(fc.property(scope, (a) => void expect(join(a, a)).toEqual(a)))
  })

  it("covers both", () => {
    fc.assert(fc.property(scope, scope, (a, b) => covers(join(a, b), a) && covers(join(a, b), b)))
  })

  it("covers no more than it must: whatever covers both covers their join", () => {
    fc.assert(
      fc.property(scope, scope, scope, (a, b, c) => {
        fc.pre(covers(c, a) && covers(c, b))
        return covers(c, join(a, b))
      }),
    )
  })
})
