import { describe, expect, it } from "vitest"
import { expressions } from "../../src/execution/expressions.ts"
import { graph } from "../builders/graph.ts"
import { observed, type Situation, stageIn, step } from "../builders/observed.ts"

interface Row extends Omit<Situation, "graph"> {
  readonly state: string
  readonly stages: string
  readonly creates?: string
  readonly stops?: string
  readonly phase: string
}

// a → b; finally y, z
describe("finally", () => {
  it.each<Row>([
    {
      state: "a runs: they wait",
      recorded: "a Running",
      jobs: "a Running",
      stages: "a Running, b Waiting, y Waiting, z Waiting",
      phase: "Running",
    },
    {
      state: "only b is left: they wait",
      recorded: "a Succeeded",
      stages: "a Succeeded, b Waiting, y Waiting, z Waiting",
      creates: "b",
      phase: "Running",
    },
    {
      state: "all succeeded: they start side by side",
      recorded: "a Succeeded, b Running",
      jobs: "b Complete",
      stages: "a Succeeded, b Succeeded, y Waiting, z Waiting",
      creates: "y, z",
      phase: "Running",
    },
    {
      state: "a failed: they start",
      recorded: "a Running",
      jobs: "a Failed",
      stages: "a Failed, b Skipped, y Waiting, z Waiting",
      creates: "y, z",
      phase: "Running",
    },
    {
      state: "they run",
      recorded: "a Succeeded, b Succeeded, y Running",
      jobs: "y Running",
      stages: "a Succeeded, b Succeeded, y Running, z Waiting",
      creates: "z",
      phase: "Running",
    },
    {
      state: "they succeeded after a success",
      recorded: "a Succeeded, b Succeeded, y Running, z Running",
      jobs: "y Complete, z Complete",
      stages: "a Succeeded, b Succeeded, y Succeeded, z Succeeded",
      phase: "Succeeded",
    },
    {
      state: "one failed after a success: the run failed, the other runs on",
      recorded: "a Succeeded, b Succeeded, y Running, z Running",
      jobs: "y Failed, z Running",
      stages: "a Succeeded, b Succeeded, y Failed, z Running",
      phase: "Running",
    },
    {
      state: "one failed after a success, the other ended: the run failed",
      recorded: "a Succeeded, b Succeeded, y Failed, z Running",
      jobs: "z Complete",
      stages: "a Succeeded, b Succeeded, y Failed, z Succeeded",
      phase: "Failed",
    },
    {
      state: "they succeeded after a failure: the run failed",
      recorded: "a Failed, b Skipped, y Running, z Running",
      jobs: "y Complete, z Complete",
      stages: "a Failed, b Skipped, y Succeeded, z Succeeded",
      phase: "Failed",
    },
    {
      state: "one failed after a cancellation: the run is Cancelled",
      spec: { cancel: true },
      recorded: "a Cancelled, b Cancelled, y Running, z Succeeded",
      jobs: "y Failed",
      stages: "a Cancelled, b Cancelled, y Failed, z Succeeded",
      phase: "Cancelled",
    },
    {
      state: "one was stopped by somebody else's hand after a cancellation: it failed",
      spec: { cancel: true },
      recorded: "a Cancelled, b Cancelled, y Running, z Succeeded",
      jobs: "y Stopped",
      stages: "a Cancelled, b Cancelled, y Failed, z Succeeded",
      phase: "Cancelled",
    },
    {
      state: "cancelled and stopped, which nobody wrote down: they start",
      spec: { cancel: true },
      recorded: "a Running",
      jobs: "a Stopped",
      stages: "a Cancelled, b Cancelled, y Waiting, z Waiting",
      creates: "y, z",
      phase: "Running",
    },
    {
      state: "cancelled while a runs: they wait for the end of its Job",
      spec: { cancel: true },
      recorded: "a Running",
      jobs: "a Running",
      stages: "a Cancelled, b Cancelled, y Waiting, z Waiting",
      stops: "a",
      phase: "Running",
    },
    {
      state: "the Job of a is told to stop: they wait on",
      spec: { cancel: true },
      recorded: "a Cancelled, b Cancelled",
      jobs: "a Stopping",
      stages: "a Cancelled, b Cancelled, y Waiting, z Waiting",
      phase: "Running",
    },
    {
      state: "the Job of a has stopped: they start",
      spec: { cancel: true },
      recorded: "a Cancelled, b Cancelled",
      jobs: "a Stopped",
      stages: "a Cancelled, b Cancelled, y Waiting, z Waiting",
      creates: "y, z",
      phase: "Running",
    },
    {
      state: "the Job of a is gone: they start",
      spec: { cancel: true },
      recorded: "a Cancelled, b Cancelled",
      stages: "a Cancelled, b Cancelled, y Waiting, z Waiting",
      creates: "y, z",
      phase: "Running",
    },
    {
      state: "b was skipped, then got a Job from a replica that read late: they wait until it has stopped",
      recorded: "a Failed, b Skipped",
      jobs: "b Running",
      stages: "a Failed, b Skipped, y Waiting, z Waiting",
      stops: "b",
      phase: "Running",
    },
    {
      state: "cancelled while they run: they run on",
      spec: { cancel: true },
      recorded: "a Succeeded, b Succeeded, y Running, z Running",
      jobs: "y Running, z Running",
      stages: "a Succeeded, b Succeeded, y Running, z Running",
      phase: "Running",
    },
    {
      state: "suspended: they are held",
      spec: { suspend: true },
      recorded: "a Succeeded, b Succeeded",
      stages: "a Succeeded, b Succeeded, y Waiting, z Waiting",
      phase: "Running",
    },
    {
      state: "suspended after one of them had ended: it stays so",
      spec: { suspend: true },
      recorded: "a Succeeded, b Succeeded, y Succeeded, z Running",
      jobs: "z Complete",
      stages: "a Succeeded, b Succeeded, y Succeeded, z Succeeded",
      phase: "Succeeded",
    },
    {
      state: "a failed by what it wrote, and only its Job has yet to end: they start",
      recorded: "a Failed/OutputsTooLarge, b Skipped",
      jobs: "a Running",
      stages: "a Failed, b Skipped, y Waiting, z Waiting",
      creates: "y, z",
      stops: "a",
      phase: "Running",
    },
    {
      state: "suspended and cancelled: the others are stopped, they are held",
      spec: { suspend: true, cancel: true },
      stages: "a Cancelled, b Cancelled, y Waiting, z Waiting",
      phase: "Running",
    },
    {
      state: "out of time: they start all the same",
      snapshot: { timeout: "1s" },
      recorded: "a Succeeded",
      stages: "a Succeeded, b Skipped, y Waiting, z Waiting",
      creates: "y, z",
      phase: "Running",
    },
    {
      state: "out of time while they run: they run on",
      snapshot: { timeout: "1s" },
      recorded: "a Succeeded, b Succeeded, y Running, z Running",
      jobs: "y Running, z Running",
      stages: "a Succeeded, b Succeeded, y Running, z Running",
      phase: "Running",
    },
    {
      state: "FailFast, and one of them failed: the other runs on",
      snapshot: { failurePolicy: "FailFast" },
      recorded: "a Succeeded, b Succeeded, y Running, z Running",
      jobs: "y Failed, z Running",
      stages: "a Succeeded, b Succeeded, y Failed, z Running",
      phase: "Running",
    },
  ])("$state", ({ state: _, stages, creates = "", stops = "", phase, snapshot, ...situation }) => {
    const next = step(observed({ graph: "a → b", snapshot: { finally: "y, z", ...snapshot }, ...situation }))
    expect({ stages: next.stages, creates: next.creates, stops: next.stops, phase: next.status.phase }).toEqual({
      stages,
      creates,
      stops,
      phase,
    })
  })

  it("are told how the run ends, in arguments and in when", () => {
    const atEnd = graph("z").map((stage) => ({ ...stage, type: "tell", when: "execution.phase != 'Succeeded'" }))
    const told = (recorded: string, spec = {}) =>
      step(
        observed({
          graph: "a",
          recorded,
          spec,
          snapshot: { finally: atEnd },
          stageSpecs: { task: { image: "busybox" }, tell: { image: "busybox", args: ["$(execution.phase)"] } },
          expressions,
        }),
      )
    expect(told("a Failed").create[0]?.spec.template.spec.containers[0]?.args).toEqual(["Failed"])
    expect(told("a Cancelled", { cancel: true }).create[0]?.spec.template.spec.containers[0]?.args).toEqual([
      "Cancelled",
    ])
    expect(stageIn(told("a Succeeded"), "z")).toMatchObject({ phase: "Skipped", reason: "WhenFalse" })
    expect(told("a Succeeded").status.phase).toBe("Succeeded")
  })

  it("see the outputs of every stage, and not one another", () => {
    const atEnd = [
      { name: "y", type: "task", when: "stages.a.outputs.k == 'v' && stages.b.phase == 'Skipped'" },
      { name: "z", type: "task", when: "'y' in stages" },
    ]
    const recorded = new Map<string, string | object>([
      ["a", { phase: "Succeeded", outputs: { k: "v" } }],
      ["b", "Skipped"],
    ])
    const next = step(
      observed({ graph: "a, b", recorded: recorded as never, snapshot: { finally: atEnd }, expressions }),
    )
    expect(next.creates).toBe("y")
    expect(stageIn(next, "z")).toMatchObject({ phase: "Skipped", reason: "WhenFalse" })
  })

  it("fail the run unless their failure is ignored", () => {
    const atEnd = graph("z").map((stage) => ({ ...stage, onFailure: "Ignore" as const }))
    const next = step(observed({ graph: "a", recorded: "a Succeeded, z Failed", snapshot: { finally: atEnd } }))
    expect(next.status.phase).toBe("Succeeded")
  })

  it("may have a matrix", () => {
    const atEnd = graph("z").map((stage) => ({ ...stage, matrix: [{ name: "n", values: ["1", "2"] }] }))
    const snapshot = { finally: atEnd, failurePolicy: "FailFast" as const }
    expect(step(observed({ graph: "a", recorded: "a Succeeded", snapshot })).creates).toBe("z, z")
    const one = step(
      observed({ graph: "a", recorded: "a Succeeded, z Running:RR", jobs: "z Failed, z#1 Running", snapshot }),
    )
    expect(stageIn(one, "z")).toMatchObject({ phase: "Running", combinations: "FR" })
  })

  it("wait for the Jobs of a matrix that FailFast stopped", () => {
    const stages = graph("m").map((stage) => ({ ...stage, matrix: [{ name: "n", values: ["1", "2"] }] }))
    const snapshot = { finally: "z", failurePolicy: "FailFast" as const }
    const stopping = { graph: stages, recorded: "m Failed:FC", snapshot }
    expect(step(observed({ ...stopping, jobs: "m Failed, m#1 Stopping" })).creates).toBe("")
    expect(step(observed({ ...stopping, jobs: "m Failed, m#1 Stopped" })).creates).toBe("z")
    // One that succeeded by its pod ends by itself.
    expect(step(observed({ ...stopping, recorded: "m Failed:SFC", jobs: "m Running, m#1 Failed" })).creates).toBe("z")
  })
})
