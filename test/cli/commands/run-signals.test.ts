// Real signals to the real program, and real processes that must not be left behind.

import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, describe, expect, it, vi } from "vitest"
import {
  bundle,
  documents,
  folder,
  newMarker,
  peanut,
  processesWith,
  type Step,
  stagesIn,
  start,
  yaml,
} from "../run-peanut.ts"

const markers: string[] = []

/** A stage that has children and grandchildren, says so, and ends them all with SIGTERM. */
const family = (marker: string): Step => ({
  sh: `sh -c 'sleep ${marker} & sleep ${marker}; :' & trap 'echo bye; exit 0' TERM; echo ready; wait`,
})
/** A stage whose whole family does not heed SIGTERM. */
const stubborn = (marker: string, graceSeconds?: number): Step => ({
  sh: `trap '' TERM; sleep ${marker} & echo ready; wait; sleep ${marker}`,
  ...(graceSeconds !== undefined && {
    jobTemplate: { spec: { template: { spec: { terminationGracePeriodSeconds: graceSeconds } } } },
  }),
})

function run(stage: (marker: string) => Step, args: readonly string[] = []) {
  const marker = newMarker()
  markers.push(marker)
  const input = yaml(documents({ first: stage(marker), second: { sh: "echo never", after: ["first"] } }, marker))
  return { marker, ...peanut(["run", "-", ...args], { input }) }
}

/** Processes that were told to end need a moment to be gone. */
const isGone = (marker: string) => vi.waitFor(() => expect(processesWith(marker)).toEqual([]), { timeout: 5000 })

/** A second signal counts only when it cannot be an echo of the first. */
const echoMillis = 400

describe.concurrent("a signal", () => {
  afterAll(() => {
    for (const marker of markers) expect(processesWith(marker)).toEqual([])
  })

  it("SIGINT cancels a run: its processes end in their own way, the state is shown, the exit code is 130", async () => {
    const { marker, pid, says, ended } = run(family)
    await says("first | ready")
    // The stage is ready when its shell is; its grandchildren may yet have to be born.
    await vi.waitFor(() => expect(processesWith(marker).length).toBeGreaterThanOrEqual(3), { timeout: 5000 })
    process.kill(pid, "SIGINT")
    const { code, stdout } = await ended
    expect(stdout).toContain("first | bye\n")
    expect(stdout).toMatch(/^first +⊘ Cancelled +\d+\.\ds$/m)
    expect(stdout).toMatch(/^second +⊘ Cancelled +-$/m)
    expect(stdout).toMatch(/^Cancelled in \d+\.\ds: 0\/2 succeeded, 2 cancelled$/m)
    expect(stdout).toContain("first: Cancelled: the execution was cancelled\n")
    expect(stdout).not.toContain("never")
    expect(code).toBe(130)
    await isGone(marker)
  })

  it("SIGINT gives what ignores it the grace of its Job, then kills it", async () => {
    const { marker, pid, says, ended } = run((marker) => stubborn(marker, 1))
    await says("first | ready")
    const began = performance.now()
    process.kill(pid, "SIGINT")
    expect((await ended).code).toBe(130)
    expect(performance.now() - began).toBeGreaterThan(950)
    expect(performance.now() - began).toBeLessThan(10_000)
    await isGone(marker)
  })

  it("SIGINT for the second time kills at once", async () => {
    const { marker, pid, says, ended } = run((marker) => stubborn(marker))
    await says("first | ready")
    process.kill(pid, "SIGINT")
    await says("once more to kill what runs")
    await sleep(echoMillis)
    expect(processesWith(marker).length).toBeGreaterThan(0)
    const began = performance.now()
    process.kill(pid, "SIGINT")
    const { code, stdout } = await ended
    expect(performance.now() - began).toBeLessThan(10_000)
    expect(stdout).toMatch(/^first +⊘ Cancelled/m)
    expect(code).toBe(130)
    await isGone(marker)
  })

  // A quarter of a second tells an echo from a second thought; on a machine that stands still for longer it cannot be told.
  it("SIGINT with another right behind it is one: npx may pass on what the terminal has sent to all", {
    retry: 3,
  }, async () => {
    const { marker, pid, says, ended } = run((marker) => {
      const sh = family(marker).sh!.replace("echo bye", "sleep 0.5; echo bye")
      return { sh }
    })
    await says("first | ready")
    process.kill(pid, "SIGINT")
    // Another name, as the kernel makes one of two that are the same.
    process.kill(pid, "SIGTERM")
    const { code, stdout } = await ended
    expect(stdout).toContain("first | bye\n")
    expect([130, 143]).toContain(code)
    await isGone(marker)
  })

  it("SIGINT cancels a run of npx, in the group of all that a terminal interrupts", async () => {
    const marker = newMarker()
    markers.push(marker)
    const sh = family(marker).sh!.replace("echo bye", "sleep 0.5; echo bye")
    const { pid, stdin, says, ended } = start(["npx", "--no-install", "peanut", "run", "-"])
    stdin.end(yaml(documents({ first: { sh } }, marker)))
    await says("first | ready")
    // As a terminal does: to npx and to all that it started.
    process.kill(-pid, "SIGINT")
    const { stdout } = await ended
    expect(stdout).toContain("first | bye\n")
    expect(stdout).toMatch(/^first +⊘ Cancelled/m)
    await isGone(marker)
  })

  it.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGQUIT", 131],
  ] as const)("%s cancels a run with exit code %i", async (signal, exitCode) => {
    const { marker, pid, says, ended } = run(family)
    await says("first | ready")
    process.kill(pid, signal)
    const { code, stdout } = await ended
    expect(stdout).toContain("first | bye\n")
    expect(code).toBe(exitCode)
    await isGone(marker)
  })

  it("SIGINT as early as can be leaves nothing behind", async () => {
    const { marker, pid, says, ended } = run(family)
    await says("execution web-1")
    process.kill(pid, "SIGINT")
    const { code, stdout } = await ended
    expect(stdout).toMatch(/^second +⊘ Cancelled +-$/m)
    expect(code).toBe(130)
    await isGone(marker)
  })

  it("SIGINT before the run began ends the program with nothing said", async () => {
    const started = start([...bundle, "run", "-"])
    started.stdin.write("kind: ")
    await sleep(500)
    process.kill(started.pid, "SIGINT")
    expect(await started.ended).toEqual({ code: null, stdout: "", stderr: "" })
  })

  it("SIGINT with -o json still gives the execution", async () => {
    const { marker, pid, ended } = run(family, ["-o", "json", "-q"])
    await vi.waitFor(() => expect(processesWith(marker).length).toBeGreaterThanOrEqual(3), { timeout: 10_000 })
    process.kill(pid, "SIGINT")
    const { code, stdout } = await ended
    expect(stagesIn(stdout).first).toMatchObject({ phase: "Cancelled", reason: "Cancelled" })
    expect(code).toBe(130)
    await isGone(marker)
  })

  it("SIGINT while a stage waits to be tried again does not wait with it", async () => {
    const { marker, pid, says, ended } = run(() => ({ sh: "echo ready; exit 1", retries: 9 }))
    await says("first | ready")
    process.kill(pid, "SIGINT")
    const { code, stdout } = await ended
    expect(stdout.match(/first \| ready/g)!.length).toBeLessThan(4)
    expect(code).toBe(130)
    await isGone(marker)
  })
})

describe.concurrent("a reader that goes away", () => {
  it("ends the run and its processes, without a word", async () => {
    const { marker, says, stdout, ended } = run((marker) => ({
      sh: `sleep ${marker} & echo ready; while echo more; do sleep 0.1; done`,
    }))
    await says("first | ready")
    stdout.destroy()
    const { code, stderr } = await ended
    expect(stderr).toBe("")
    expect(code).toBe(141)
    await isGone(marker)
  })

  it("such as head does not see a stack trace", async () => {
    const marker = newMarker()
    markers.push(marker)
    const path = folder({
      "web.yaml": yaml(documents({ a: { sh: `echo ready; sleep 0.3; echo more; sleep ${marker}` } }, marker)),
    })
    const { ended } = start(["sh", "-c", `${bundle.join(" ")} run ${path} | head -1`])
    const { code, stdout, stderr } = await ended
    expect(stdout).toMatch(/^pipeline web, execution web-1: .*\n$/)
    expect(stderr).toBe("")
    expect(code).toBe(0)
    await isGone(marker)
  })
})
