import { describe, expect, it } from "vitest"
import { Places } from "../../../src/execution/rules/max-parallel.ts"
import { readStates } from "../../../src/execution/task-state.ts"
import type { Task } from "../../../src/execution/tasks.ts"
import { graph } from "../../builders/graph.ts"
import { job } from "../../builders/objects.ts"
import { observed, stageIn, step } from "../../builders/observed.ts"

const refusal = { isFinal: false, reason: "JobForbidden", message: "quota" }
/** Tasks from letters: `w` is one that waits though it has a Job, `q` one that was refused as things stand. */
const tasks = (letters: string): Task[] =>
  [...letters].map((letter, index) => ({
    index,
    jobName: `job-${index}`,
    work:
      letter === "w" || letter === "R"
        ? job({ metadata: observed({ graph: "a" }).execution.metadata }, "a")
        : undefined,
    refusal: letter === "q" ? refusal : undefined,
    state: readStates(letter === "w" || letter === "q" ? "W" : letter)[0]!,
    outcome: undefined,
  }))

describe("Places", () => {
  it.each<[limit: number | undefined, running: number, own: number | undefined, letters: string, taken: number[]]>([
    [undefined, 0, undefined, "WWW", [0, 1, 2]],
    [2, 0, undefined, "WWW", [0, 1]],
    [2, 1, undefined, "WWW", [0]],
    [2, 2, undefined, "WWW", []],
    // More may run than there are places: the limit was smaller when they started in another run.
    [2, 5, undefined, "WWW", []],
    [undefined, 1, 2, "RWWW", [1]],
    [undefined, 3, 2, "RRRW", []],
    [3, 1, 2, "RWWW", [1]],
    [1, 0, 2, "WWW", [0]],
    [undefined, 0, undefined, "SWFWC", [1, 3]],
    [undefined, 0, undefined, "wW", [1]],
    [undefined, 0, undefined, "Wq", []],
    [undefined, 0, undefined, "", []],
  ])("limit %s with %i running, of the stage %s, of %s takes %j", (limit, running, own, letters, taken) => {
    const places = new Places(limit, running)
    const stage = own === undefined ? {} : { maxParallel: own }
    expect(places.take(stage, tasks(letters)).map(({ index }) => index)).toEqual(taken)
  })

  it("are given to the next stage only as far as any are left", () => {
    const places = new Places(3, 0)
    expect([
      places.take({}, tasks("WW")).length,
      places.take({}, tasks("WW")).length,
      places.take({}, tasks("W")).length,
    ]).toEqual([2, 1, 0])
  })
})

describe("maxParallel of a pipeline", () => {
  const snapshot = { maxParallel: 2 }

  it("holds the stages for which there is no place, and says so", () => {
    const next = step(observed({ graph: "a, b, c", snapshot }))
    expect(next.creates).toBe("a, b")
    expect(stageIn(next, "a")).toEqual({ name: "a", phase: "Waiting" })
    expect(stageIn(next, "c")).toEqual({ name: "c", phase: "Waiting", reason: "MaxParallel" })
  })

  it.each([
    { state: "both run", recorded: "a Running, b Running", jobs: "a Running, b Running", creates: "" },
    { state: "one ended", recorded: "a Running, b Running", jobs: "a Complete, b Running", creates: "c" },
    { state: "one failed", recorded: "a Running, b Running", jobs: "a Failed, b Running", creates: "c" },
    { state: "both ended", recorded: "a Running, b Running", jobs: "a Complete, b Complete", creates: "c, d" },
    { state: "their Jobs exist and nobody wrote it down", jobs: "a Running, b Running", creates: "" },
  ])("$state: $creates", ({ state: _, creates, ...situation }) => {
    expect(step(observed({ graph: "a, b, c, d", snapshot, ...situation })).creates).toBe(creates)
  })

  it("counts the Jobs of matrices too, in the order of the stages", () => {
    const stages = graph("m, z").map((stage) =>
      stage.name === "m" ? { ...stage, matrix: [{ name: "n", values: ["1", "2", "3"] }] } : stage,
    )
    expect(step(observed({ graph: stages, snapshot })).creates).toBe("m, m")
    const next = step(observed({ graph: stages, snapshot, recorded: "m Running:RRW", jobs: "m Complete, m#1 Running" }))
    expect(next.creates).toBe("m")
    expect(stageIn(next, "z")).toMatchObject({ phase: "Waiting", reason: "MaxParallel" })
    expect(stageIn(next, "m")).not.toHaveProperty("reason")
  })

  it("holds for the stages of finally", () => {
    const next = step(observed({ graph: "a", recorded: "a Succeeded", snapshot: { maxParallel: 1, finally: "y, z" } }))
    expect(next.creates).toBe("y")
    expect(stageIn(next, "z")).toMatchObject({ phase: "Waiting", reason: "MaxParallel" })
  })
})
