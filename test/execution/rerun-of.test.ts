import { describe, expect, it } from "vitest"
import type { Execution } from "../../src/api/execution.ts"
import { accept, isAccepted } from "../../src/execution/accept.ts"
import { findRerunProblem, takeOver } from "../../src/execution/rerun-of.ts"
import { graph, states } from "../builders/graph.ts"
import { accepted, execution, meta, now, type Recorded, stages } from "../builders/objects.ts"
import { observed, step } from "../builders/observed.ts"

/** An execution `first` that ended like this. */
function ended(recorded: string, more: Partial<Recorded> = {}): Execution {
  const run = accepted({ graph: "a → b → c", stages: states(recorded), ...more })
  return { ...run, metadata: meta("first") }
}

const again = (spec = {}) => execution({ rerunOf: "first", ...spec })
const begin = (original: Execution | undefined, spec = {}) =>
  accept(again(spec), { pipeline: undefined, stages: stages(), original }, now)
const inWords = (
  list: readonly { name: string; phase: string; reason?: string | undefined; combinations?: string | undefined }[],
) => list.map(({ name, phase, combinations }) => `${name} ${phase}${combinations ? `:${combinations}` : ""}`).join(", ")

describe("findRerunProblem", () => {
  it.each<{ state: string; original: Execution | undefined; spec?: object; problem: string | undefined }>([
    { state: "it failed", original: ended("a Failed, b Skipped, c Skipped"), problem: undefined },
    { state: "it was cancelled", original: ended("a Cancelled, b Cancelled, c Cancelled"), problem: undefined },
    {
      state: "it is not there",
      original: undefined,
      problem: 'there is no execution "first" in namespace "team" to run again',
    },
    {
      state: "it is of another pipeline",
      original: { ...ended("a Failed, b Skipped, c Skipped"), spec: { pipelineName: "other" } },
      problem: 'execution "first" is of pipeline "other", not "web"',
    },
    {
      state: "it runs",
      original: ended("a Succeeded, b Running"),
      problem: 'execution "first" has not ended; wait for it, or cancel it',
    },
    {
      state: "nobody looked at it yet",
      original: execution(),
      problem: 'execution "first" has not ended; wait for it, or cancel it',
    },
    {
      state: "it succeeded",
      original: ended("a Succeeded, b Succeeded, c Succeeded"),
      problem: 'execution "first" succeeded, so there is nothing to run again',
    },
    {
      state: "it never started",
      original: { ...execution(), status: { phase: "Failed" } },
      problem: 'execution "first" never started, so there is nothing to take over; start a new execution',
    },
    {
      state: "its snapshot is lost",
      original: { ...execution(), status: { phase: "Failed", stages: [{ name: "a", phase: "Failed" }] } },
      problem: 'execution "first" never started, so there is nothing to take over; start a new execution',
    },
    {
      state: "its stages are lost",
      original: { ...execution(), status: { phase: "Failed", snapshot: accepted({ graph: "a" }).status.snapshot } },
      problem: 'execution "first" never started, so there is nothing to take over; start a new execution',
    },
  ])("$state", ({ original, problem }) => {
    expect(findRerunProblem(again(), original)).toBe(problem)
    const status = begin(original)
    if (problem === undefined) expect(status.snapshot).toEqual(original?.status?.snapshot)
    else expect(status).toMatchObject({ phase: "Failed", conditions: [{ reason: "RerunInvalid", message: problem }] })
  })
})

describe("takeOver", () => {
  it.each<{ state: string; recorded: string; taken: string; more?: Partial<Recorded> }>([
    {
      state: "what succeeded is kept",
      recorded: "a Succeeded, b Failed, c Skipped",
      taken: "a Succeeded, b Waiting, c Waiting",
    },
    {
      state: "what did not run runs",
      recorded: "a Cancelled, b Cancelled, c Cancelled",
      taken: "a Waiting, b Waiting, c Waiting",
    },
    {
      state: "a condition is asked again",
      recorded: "a Succeeded, b Skipped/WhenFalse, c Failed",
      taken: "a Succeeded, b Waiting, c Waiting",
    },
    {
      state: "an ignored failure runs again, what came below it does not",
      recorded: "a Failed, b Succeeded, c Failed",
      taken: "a Waiting, b Succeeded, c Waiting",
    },
    {
      state: "of a matrix, what succeeded is kept",
      recorded: "a Failed:SFSC, b Skipped",
      taken: "a Waiting:SWSW, b Waiting, c Waiting",
    },
    {
      state: "of a matrix of which nothing succeeded, nothing is",
      recorded: "a Failed:FC, b Skipped",
      taken: "a Waiting, b Waiting, c Waiting",
    },
    {
      state: "finally runs again, done or not",
      recorded: "a Succeeded, b Failed, c Skipped, y Succeeded, z Failed:SF",
      taken: "a Succeeded, b Waiting, c Waiting, y Waiting, z Waiting",
      more: { snapshot: { finally: "y, z" } },
    },
  ])("$state", ({ recorded, taken, more }) => {
    expect(inWords(takeOver(ended(recorded, more)).stages)).toBe(taken)
  })

  it("says from where, and through a chain who really ran it", () => {
    const first = takeOver(ended("a Succeeded, b Failed, c Skipped")).stages
    expect(first[0]).toMatchObject({ phase: "Succeeded", reason: "TakenOver", message: 'from execution "first"' })
    expect(first[1]).toEqual({ name: "b", phase: "Waiting" })
    const run = accepted({ graph: "a → b → c", stages: new Map(first.map((one) => [one.name, one])) })
    const second = takeOver({ ...run, metadata: meta("second") }).stages
    expect(second[0]).toEqual(first[0])
  })

  it("leaves the original as it was", () => {
    const original = ended("a Succeeded, b Failed, c Skipped")
    const before = JSON.stringify(original)
    takeOver(original)
    expect(JSON.stringify(original)).toBe(before)
  })
})

describe("accept, of a rerun", () => {
  const original = ended("a Succeeded, b Failed, c Skipped", {
    snapshot: { params: { env: "prod" }, timeout: "1h" },
    stages: new Map<string, never>([
      ["a", { phase: "Succeeded", jobName: "old", outputs: { k: "v" } } as never],
      ["b", "Failed" as never],
      ["c", "Skipped" as never],
    ]),
  })

  it("takes over snapshot, parameters, stages and outputs, and starts the clock anew", () => {
    const status = begin(original)
    expect(status).toMatchObject({
      startTime: now,
      snapshot: original.status!.snapshot!,
      summary: "1/3 succeeded",
      stages: [{ name: "a", phase: "Succeeded", jobName: "old", outputs: { k: "v" } }, { name: "b" }, { name: "c" }],
    })
    expect(status).not.toHaveProperty("completionTime")
  })

  it("runs exactly what did not succeed", () => {
    const run = { ...again(), status: begin(original) }
    if (!isAccepted(run)) throw new Error("not accepted")
    const next = step({ execution: run, jobs: new Map(), pods: new Map(), refusals: new Map() })
    expect(next.creates).toBe("b")
  })

  it("may have a longer timeout than the run that it repeats", () => {
    expect(begin(original).snapshot?.timeout).toBe("1h")
    expect(begin(original, { timeout: "3h" }).snapshot?.timeout).toBe("3h")
    expect(begin(ended("a Failed, b Skipped, c Skipped")).snapshot).not.toHaveProperty("timeout")
  })

  it("refuses approvals of stages that the run does not have", () => {
    const message =
      'approved names "bb", which is no stage of pipeline "web"; did you mean "b"?; approved names "zzzz", which is no stage of pipeline "web"'
    expect(begin(original, { approved: ["a", "bb", "zzzz"] })).toMatchObject({
      phase: "Failed",
      conditions: [{ reason: "ExecutionInvalid", message }],
    })
    expect(begin(original, { approved: ["b"] }).snapshot).toBeDefined()
  })

  it("asks for approvals again", () => {
    const list = graph("a").map((stage) => ({ ...stage, approval: true }))
    const first = { ...ended("a Failed", { graph: list }), spec: { pipelineName: "web", approved: ["a"] } }
    const run = { ...again(), status: begin(first) }
    if (!isAccepted(run)) throw new Error("not accepted")
    expect(step({ ...observed({ graph: list }), execution: run }).status.stages?.[0]?.reason).toBe("AwaitingApproval")
  })
})
