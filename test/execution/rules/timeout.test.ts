import { describe, expect, it } from "vitest"
import { isEndedByRun, isTimedOut, jobDeadlineSeconds, secondsLeft } from "../../../src/execution/rules/timeout.ts"
import { accepted, job, now } from "../../builders/objects.ts"
import { observed, type Situation, stageIn, step } from "../../builders/observed.ts"

/** What is left at `now`, a minute after the start. */
const left = (timeout: string | undefined, time = now) =>
  secondsLeft(accepted({ graph: "a", snapshot: timeout === undefined ? {} : { timeout } }).status, time)

describe("secondsLeft", () => {
  it.each([
    ["nothing bounds it", undefined, now, undefined],
    ["an hour", "1h", now, 3540],
    ["exactly over", "1m", now, 0],
    ["long over", "1s", now, -59],
    // A replica whose clock is behind that of the one that accepted the run.
    ["a clock before the start", "1m", "2025-12-31T23:59:50Z", 70],
  ])("%s", (_, timeout, time, seconds) => {
    expect(left(timeout, time)).toBe(seconds)
  })

  it("is not known of a run that has not begun", () => {
    const { status } = accepted({ graph: "a", snapshot: { timeout: "1h" } })
    const { startTime: _, ...rest } = status
    expect(secondsLeft(rest, now)).toBeUndefined()
  })
})

describe("jobDeadlineSeconds", () => {
  it.each<[own: number | undefined, left: number | undefined, deadline: number | undefined]>([
    [undefined, undefined, undefined],
    [60, undefined, 60],
    [undefined, 30, 30],
    [60, 30, 30],
    [10, 30, 10],
    [60, 29.2, 30],
    [60, 0.5, 2],
    [60, -5, 2],
    [undefined, 2, 2],
    // The stage itself may say one second.
    [1, 30, 1],
  ])("of %s seconds of its own and %s left is %s", (own, rest, deadline) => {
    expect(jobDeadlineSeconds(own, rest)).toBe(deadline)
  })
})

describe("isEndedByRun", () => {
  const { status } = accepted({ graph: "a", snapshot: { timeout: "1h" } })
  const ended = (state: "DeadlineExceeded" | "Failed", seconds?: number) =>
    job({ metadata: accepted({ graph: "a" }).metadata }, "a", state, {
      spec: seconds === undefined ? {} : { activeDeadlineSeconds: seconds },
    })

  it.each<{ state: string; job: ReturnType<typeof ended>; timeout?: string; is: boolean }>([
    { state: "the deadline was the run's", job: ended("DeadlineExceeded", 60), is: true },
    { state: "the deadline was the stage's own", job: ended("DeadlineExceeded", 60), timeout: "60s", is: false },
    { state: "the run left it less than its own", job: ended("DeadlineExceeded", 59), timeout: "60s", is: true },
    { state: "it failed by itself", job: ended("Failed", 60), is: false },
  ])("$state: $is", ({ job, timeout, is }) => {
    expect(isEndedByRun(job, { image: "x", ...(timeout && { timeout }) }, status)).toBe(is)
  })

  it("is never so of a run without a timeout", () => {
    expect(isEndedByRun(ended("DeadlineExceeded", 60), { image: "x" }, accepted({ graph: "a" }).status)).toBe(false)
  })
})

describe("isTimedOut", () => {
  const timed = (timeout: string | undefined, reason?: string) =>
    isTimedOut(
      accepted({ graph: "a", snapshot: timeout === undefined ? {} : { timeout } }).status,
      [{ name: "a", phase: "Failed", ...(reason && { reason }) }],
      now,
    )

  it.each<[string, string | undefined, string | undefined, boolean]>([
    ["no timeout", undefined, "ExecutionTimeout", false],
    ["time left", "2m", undefined, false],
    ["no time left", "60s", undefined, true],
    ["time left by this clock, but a Job ended of it", "2m", "ExecutionTimeout", true],
    ["a Job ended of its own deadline", "2m", "DeadlineExceeded", false],
  ])("%s", (_, timeout, reason, is) => {
    expect(timed(timeout, reason)).toBe(is)
  })
})

interface Row extends Omit<Situation, "graph"> {
  readonly state: string
  readonly stages: string
  readonly creates?: string
  readonly stops?: string
  readonly phase: string
}

// a → b
// c
describe("the timeout of a run", () => {
  it.each<Row>([
    {
      state: "in time: b starts",
      snapshot: { timeout: "2m" },
      recorded: "a Succeeded, c Succeeded",
      stages: "a Succeeded, b Waiting, c Succeeded",
      creates: "b",
      phase: "Running",
    },
    {
      state: "out of time: nothing starts; what runs is left to its own deadline",
      snapshot: { timeout: "1m" },
      recorded: "a Succeeded, c Running",
      jobs: "c Running",
      stages: "a Succeeded, b Skipped, c Running",
      phase: "Running",
    },
    {
      state: "the Job of c ended of it: the run is over",
      snapshot: { timeout: "2m" },
      recorded: "a Running, c Running",
      jobs: "a Complete, c DeadlineExceeded:60",
      stages: "a Succeeded, b Skipped, c Failed",
      phase: "Failed",
    },
    {
      state: "all succeeded before anybody looked: the run has succeeded",
      snapshot: { timeout: "1s" },
      recorded: "a Succeeded, b Running, c Succeeded",
      jobs: "b Complete",
      stages: "a Succeeded, b Succeeded, c Succeeded",
      phase: "Succeeded",
    },
    {
      state: "b never had its turn: the run has failed although nothing did",
      snapshot: { timeout: "1s" },
      recorded: "a Running, c Succeeded",
      jobs: "a Complete",
      stages: "a Succeeded, b Skipped, c Succeeded",
      phase: "Failed",
    },
    {
      state: "held by suspend: the clock runs on",
      snapshot: { timeout: "1m" },
      spec: { suspend: true },
      stages: "a Skipped, b Skipped, c Skipped",
      phase: "Failed",
    },
  ])("$state", ({ state: _, stages, creates = "", stops = "", phase, ...situation }) => {
    const next = step(observed({ graph: "a → b, c", ...situation }))
    expect({ stages: next.stages, creates: next.creates, stops: next.stops, phase: next.status.phase }).toEqual({
      stages,
      creates,
      stops,
      phase,
    })
  })

  it("says so, of the stages and of the run", () => {
    const seen = observed({
      graph: "a → b",
      snapshot: { timeout: "2m" },
      recorded: "a Running",
      jobs: "a DeadlineExceeded:60",
    })
    const message = "the run took longer than its timeout of 2m"
    const next = step(seen)
    expect(stageIn(next, "a")).toMatchObject({ phase: "Failed", reason: "ExecutionTimeout", message })
    expect(stageIn(next, "b")).toMatchObject({ phase: "Skipped", reason: "ExecutionTimeout", message })
    expect(next.status.conditions).toMatchObject([{ status: "False", reason: "ExecutionTimeout" }])
  })

  it("bounds the deadline of each Job by what is left when it is created", () => {
    const deadlineAt = (time: string) => {
      const seen = observed({
        graph: "a",
        snapshot: { timeout: "2m" },
        stageSpecs: { task: { image: "busybox", timeout: "90s" } },
      })
      return step(seen, time).create[0]?.spec.activeDeadlineSeconds
    }
    expect(deadlineAt("2026-01-01T00:00:00Z")).toBe(90)
    expect(deadlineAt("2026-01-01T00:01:00Z")).toBe(60)
    expect(deadlineAt("2026-01-01T00:01:59Z")).toBe(2)
  })

  it("leaves to finally all the time that its stages give themselves", () => {
    const stageSpecs = { task: { image: "busybox", timeout: "90s" } }
    const seen = observed({
      graph: "a",
      snapshot: { timeout: "1s", finally: "z" },
      stageSpecs,
      recorded: "a Succeeded",
    })
    expect(step(seen).create[0]?.spec.activeDeadlineSeconds).toBe(90)
  })
})
