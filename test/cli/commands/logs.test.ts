// peanut logs: the built program before a server that has pods with logs.

import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { StageStatus } from "../../../src/api/execution.ts"
import { failure } from "../../server/fake-api-server.ts"
import { bundle, peanut, start } from "../run-peanut.ts"
import { execution, type FakeCluster, pod, startFakeCluster } from "./fake-cluster.ts"

let cluster: FakeCluster
beforeEach(async () => {
  cluster = await startFakeCluster()
})
afterEach(() => cluster.close())

const logs = (...args: readonly string[]) =>
  peanut(["logs", "web-1", ...args], { env: { KUBECONFIG: cluster.kubeconfig } })

const succeeded = (name: string, startTime = "2026-01-01T00:00:00Z"): StageStatus => ({
  name,
  phase: "Succeeded",
  startTime,
})
const waiting = (name: string, more: Partial<StageStatus> = {}): StageStatus => ({ name, phase: "Waiting", ...more })
const running = (name: string): StageStatus => ({ name, phase: "Running", startTime: "2026-01-01T00:00:00Z" })
const imagePull = { reason: "ImagePullBackOff", message: 'Back-off pulling image "buzybox"' }

describe("peanut logs", () => {
  it("shows every stage behind its name, in the order in which they started", async () => {
    cluster.execution = execution("Succeeded", [
      succeeded("Late", "2026-01-01T00:00:09Z"),
      succeeded("Early", "2026-01-01T00:00:01Z"),
    ])
    cluster.pods = [pod("late-pod", "Late"), pod("early-pod", "Early")]
    cluster.log = (name, _, response) => response.end(`one of ${name}\ntwo`)
    expect(await logs().ended).toEqual({
      code: 0,
      stderr: "",
      stdout: "Early | one of early-pod\nEarly | two\nLate | one of late-pod\nLate | two\n",
    })
  })

  it("shows a stage that is named as it wrote, and all its pods: retries in their order", async () => {
    cluster.execution = execution("Succeeded", [succeeded("Build"), succeeded("Test")])
    cluster.pods = [
      pod("second", "Build", "ended", { more: { creationTimestamp: "2026-01-01T00:00:07Z" } }),
      pod("first", "Build"),
      pod("of-test", "Test"),
    ]
    cluster.log = (name, _, response) => response.end(`\x1b[2J${name}\rdone\n`)
    const { stdout } = await logs("Build").ended
    expect(stdout).toBe("\x1b[2Jfirst\rdone\n\x1b[2Jsecond\rdone\n")
  })

  it("tells the Jobs of a matrix apart", async () => {
    cluster.execution = execution("Succeeded", [{ ...succeeded("Test"), combinations: "SS" }])
    const combination = (text: string) => ({ more: { annotations: { "pipeline.peanut.dev/combination": text } } })
    cluster.pods = [
      pod("a", "Test", "ended", { index: 0, ...combination("os=linux") }),
      pod("b", "Test", "ended", { index: 1, ...combination("os=mac") }),
    ]
    expect((await logs("Test").ended).stdout).toBe("(os=linux) | log of a\n(os=mac) | log of b\n")
    expect((await logs().ended).stdout).toBe("Test (os=linux) | log of a\nTest (os=mac) | log of b\n")
  })

  it("takes nothing for a log of this run that belongs to another of the same name", async () => {
    cluster.execution = execution("Succeeded", [succeeded("Build")])
    const foreign = pod("foreign", "Build")
    foreign.metadata.ownerReferences = [{ controller: true, name: "web-1-build-0000000000000" }]
    cluster.pods = [foreign, pod("own", "Build")]
    expect((await logs("Build").ended).stdout).toBe("log of own\n")
  })

  it("asks for the run before and for another container", async () => {
    cluster.execution = execution("Running", [running("Build")])
    const two = pod("p", "Build")
    two.status.containerStatuses.push({ name: "proxy", state: { running: {} } })
    cluster.pods = [two]
    await logs("Build", "--previous", "-c", "proxy").ended
    expect(cluster.calls.at(-1)).toMatch(/\/pods\/p\/log\?container=proxy&previous=true$/)
    const { code, stderr } = await logs("Build", "-cprxy").ended
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: pod p has no container "prxy"; it has stage, proxy\n',
    })
  })

  const reasons: readonly [string, StageStatus, readonly object[], string][] = [
    [
      "has not started",
      waiting("Build", { reason: "AwaitingApproval", message: "add its name to spec.approved of the execution" }),
      [],
      'stage "Build" has not run: Waiting (AwaitingApproval: add its name to spec.approved of the execution)',
    ],
    [
      "was skipped",
      { name: "Build", phase: "Skipped", reason: "ParentFailed", message: 'stage "A" failed' },
      [],
      'stage "Build" has not run: Skipped (ParentFailed: stage "A" failed)',
    ],
    [
      "cannot start",
      running("Build"),
      [pod("p", "Build", imagePull)],
      'stage "Build" has no log yet: pod p cannot start: ImagePullBackOff: Back-off pulling image "buzybox"',
    ],
    [
      "is just starting",
      running("Build"),
      [pod("p", "Build", { reason: "ContainerCreating", message: "" })],
      'stage "Build" has no log yet: pod p is about to start',
    ],
    [
      "has no pods any more",
      succeeded("Build"),
      [],
      'stage "Build" has no pods any more, and its log went with them: Succeeded',
    ],
    [
      "ran in an earlier execution",
      { ...succeeded("Build"), reason: "TakenOver", message: 'from execution "web-0"' },
      [],
      'stage "Build" ran earlier, from execution "web-0"; its log is there',
    ],
  ]
  it.each(reasons)("says why there is nothing to show when the stage %s", async (_, stage, pods, message) => {
    cluster.execution = execution("Running", [stage])
    cluster.pods = pods
    expect(await logs("Build").ended).toEqual({ code: 1, stdout: "", stderr: `error: ${message}\n` })
  })

  it("shows what there is, and says what is missing", async () => {
    cluster.execution = execution("Running", [succeeded("Build"), running("Test"), waiting("Deploy")])
    cluster.pods = [pod("b", "Build"), pod("t", "Test", imagePull)]
    const { code, stdout, stderr } = await logs().ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: "Build | log of b\n" })
    expect(stderr).toMatch(/^stage "Test" has no log yet: pod t cannot start: ImagePullBackOff.*\n$/)
  })

  it("knows who may have been meant", async () => {
    cluster.execution = execution("Running", [running("Build")])
    const { code, stderr } = await logs("Biuld").ended
    expect(stderr).toBe('error: execution "web-1" has no stage "Biuld"; did you mean "Build"?\n')
    expect(code).toBe(1)
  })

  it("passes on that logs may not be read", async () => {
    cluster.execution = execution("Running", [running("Build")])
    cluster.pods = [pod("b", "Build", "running")]
    cluster.log = (_, __, response) =>
      failure(403, "Forbidden", 'pods "b" is forbidden')({} as never, response as never)
    const forbidden = { code: 1, stdout: "", stderr: 'error: pods "b" is forbidden\n' }
    expect(await logs().ended).toEqual(forbidden)
    expect(await logs("-f").ended).toEqual(forbidden)
  })

  it("ends when nobody reads on", async () => {
    cluster.execution = execution("Running", [running("Build")])
    cluster.pods = [pod("b", "Build")]
    cluster.log = (_, __, response) => response.end("line\n".repeat(200_000))
    const { code, stdout, stderr } = await start(
      ["bash", "-c", `set -o pipefail; ${bundle.join(" ")} logs web-1 | head -n 1`],
      { KUBECONFIG: cluster.kubeconfig },
    ).ended
    expect({ code, stdout, stderr }).toEqual({ code: 141, stdout: "Build | line\n", stderr: "" })
  })
})

describe("peanut logs -f", () => {
  it("waits for pods, says why one cannot start, and goes on to the end of the execution", async () => {
    cluster.execution = execution("Running", [running("Build"), waiting("Test")])
    cluster.pods = [pod("b", "Build", imagePull)]
    let rest: (() => void) | undefined
    cluster.log = (name, query, response) => {
      expect(query.get("follow")).toBe("true")
      response.write("2026-01-01T00:00:01.000000001Z hello\n")
      rest = () => response.end(`2026-01-01T00:00:02.000000001Z bye from ${name}\n`)
    }
    const started = logs("-f")
    await started.says("cannot start: ImagePullBackOff")
    const looks = cluster.calls.length
    await vi.waitFor(() => expect(cluster.calls.length).toBeGreaterThan(looks + 2), 10_000)
    cluster.pods = [pod("b", "Build", "running")]
    await started.says("Build | hello")
    rest!()
    rest = undefined
    cluster.pods = [pod("b", "Build"), pod("t", "Test", "running")]
    cluster.execution = execution("Running", [succeeded("Build"), running("Test")])
    await started.says("Test | hello")
    cluster.execution = execution("Succeeded", [succeeded("Build"), succeeded("Test")])
    cluster.pods = [pod("b", "Build"), pod("t", "Test")]
    rest!()
    const { code, stdout, stderr } = await started.ended
    expect(stdout).toBe("Build | hello\nBuild | bye from b\nTest | hello\nTest | bye from t\n")
    expect(stderr.match(/cannot start/g)).toHaveLength(1)
    expect(code).toBe(0)
  })

  it("ends with the stage that was named", async () => {
    cluster.execution = execution("Running", [succeeded("Build"), running("Test")])
    cluster.pods = [pod("b", "Build"), pod("t", "Test", "running")]
    cluster.log = (_, __, response) => response.end("2026-01-01T00:00:01.000000001Z hello\n")
    expect(await logs("Build", "-f").ended).toEqual({ code: 0, stdout: "hello\n", stderr: "" })
  })

  it("shows each line once, also when the connection breaks off in between", async () => {
    const lines = [1, 1, 2, 3, 4].map((n, i) => `2026-01-01T00:00:0${n}.000000001Z line ${i}\n`)
    cluster.execution = execution("Running", [running("Build")])
    cluster.pods = [pod("b", "Build", "running")]
    const asked: (string | null)[] = []
    cluster.log = (_, query, response) => {
      asked.push(query.get("sinceTime"))
      if (asked.length === 1) {
        // The fourth line has begun when the connection is lost.
        response.write(lines.slice(0, 3).join("") + lines[3]!.slice(0, -4))
        setTimeout(() => response.destroy(), 100)
      } else if (asked.length === 2) {
        response.end(lines.slice(2, 4).join(""))
      } else {
        cluster.pods = [pod("b", "Build")]
        cluster.execution = execution("Succeeded", [succeeded("Build")])
        response.end(lines.slice(3).join(""))
      }
    }
    const { code, stdout } = await logs("Build", "-f").ended
    expect(stdout).toBe("line 0\nline 1\nline 2\nline 3\nline 4\n")
    expect(asked).toEqual([null, "2026-01-01T00:00:02.000000001Z", "2026-01-01T00:00:03.000000001Z"])
    expect(code).toBe(0)
  })

  it("outlives an API server that is away for a while", async () => {
    cluster.execution = execution("Running", [waiting("Build")])
    const started = logs("-f")
    await vi.waitFor(() => expect(cluster.calls.length).toBeGreaterThan(2), 15_000)
    cluster.instead = failure(503, "ServiceUnavailable")
    await started.says("no connection to the API server; trying again")
    await sleep(1500)
    cluster.execution = execution("Succeeded", [succeeded("Build")])
    cluster.pods = [pod("b", "Build")]
    cluster.instead = undefined
    const { code, stdout, stderr } = await started.ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: "Build | log of b\n" })
    expect(stderr.match(/no connection/g)).toHaveLength(1)
  })

  it("says that nothing has run, when that is how it ended", async () => {
    cluster.execution = execution("Cancelled", [
      { name: "Build", phase: "Cancelled", reason: "Cancelled", message: "the execution was cancelled" },
    ])
    const { code, stderr } = await logs("Build", "-f").ended
    expect(stderr).toBe('error: stage "Build" has not run: Cancelled (the execution was cancelled)\n')
    expect(code).toBe(1)
  })
})
