// Jobs as a laptop plays them: the same writes, in the same order, as a cluster's Job controller and kubelet make.

import { existsSync } from "node:fs"
import { dirname } from "node:path"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { describe, expect, it, onTestFinished } from "vitest"
import type { StageSpec } from "../../src/api/stage.ts"
import { LocalJobs, layerLocal } from "../../src/cluster/local.ts"
import type { Change, StoredObject } from "../../src/cluster/memory/store.ts"
import { makeStore } from "../../src/cluster/memory.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { stageJob } from "../../src/resources/job.ts"
import { stopPatch } from "../../src/resources/stop.ts"

const metadata = {
  name: "run",
  namespace: "default",
  uid: "u1",
  resourceVersion: "1",
  generation: 1,
  creationTimestamp: "2026-01-01T00:00:00Z",
  labels: {},
  annotations: {},
  ownerReferences: [],
  finalizers: [],
}

/** Plays one stage, a script of sh, and tells what was written to the store, in order. */
async function played(sh: string, spec: Partial<StageSpec> = {}) {
  const store = makeStore()
  const lines: string[] = []
  const log: string[] = []
  const runtime = ManagedRuntime.make(layerLocal(store, "process", (_, line) => lines.push(line)))
  onTestFinished(() => runtime.dispose())
  store.onChange((change) => void log.push(...told(change)))
  const jobs = await runtime.runPromise(LocalJobs)
  const manifest = stageJob({ metadata }, "a", { image: "busybox", command: ["sh", "-c", sh], ...spec })
  const ref = store.create(resources.jobs, "default", manifest).metadata
  return {
    store,
    ref,
    lines,
    log,
    says: (line: string) => expect.poll(() => lines, { timeout: 10_000, interval: 10 }).toContain(line),
    ended: () => runtime.runPromise(jobs.idle),
    close: () => runtime.dispose(),
    pods: () => store.list(resources.pods).map((pod) => terminatedOf(pod)),
  }
}

interface Status {
  readonly phase?: string
  readonly conditions?: readonly { readonly type: string; readonly reason?: string }[]
  readonly containerStatuses?: readonly { readonly state: { readonly terminated?: Terminated } }[]
}
interface Terminated {
  readonly exitCode: number
  readonly message?: string
}

const statusOf = (object: StoredObject) => (object.status ?? {}) as Status
const terminatedOf = (pod: StoredObject) => statusOf(pod).containerStatuses?.[0]?.state.terminated

/** A change in a word or two: `pod Succeeded "a=1"`, `job FailureTarget`. */
function told({ type, resource, object }: Change): readonly string[] {
  if (resource === resources.pods) {
    const message = terminatedOf(object)?.message
    const phase = type === "delete" ? "deleted" : statusOf(object).phase
    return [`pod ${phase}${message === undefined ? "" : ` ${JSON.stringify(message)}`}`]
  }
  if (type === "delete") return ["job deleted"]
  return [`job ${statusOf(object).conditions?.at(-1)?.type ?? "present"}`]
}

describe("a stage's termination message", () => {
  it("is shown with the pod's success, in one write, before the Job is Complete", async () => {
    const run = await played('echo a=1 >> "$PEANUT_OUTPUT"; echo b=2 >> "$PEANUT_OUTPUT"')
    await run.ended()
    expect(run.log).toEqual([
      "job present",
      "pod Pending",
      "pod Running",
      'pod Succeeded "a=1\\nb=2\\n"',
      "job Complete",
    ])
  })

  it("is written to a file of its own, which nobody else may read, and which is gone in the end", async () => {
    const run = await played('echo "$PEANUT_OUTPUT"; ls -ld "$(dirname "$PEANUT_OUTPUT")"; echo a=1 > "$PEANUT_OUTPUT"')
    await run.ended()
    const [path = "", mode] = run.lines
    expect(path).toMatch(/\/peanut-outputs-\w+\//)
    expect(mode).toMatch(/^drwx------/)
    expect(existsSync(path)).toBe(false)
    await run.close()
    expect(existsSync(dirname(path))).toBe(false)
  })

  it("may be written by whoever a container runs as, whatever the umask is", async () => {
    const run = await played('ls -l "$PEANUT_OUTPUT"')
    await run.ended()
    expect(run.lines[0]).toMatch(/^-rw-rw-rw-/)
  })

  it("is absent where a stage wrote none", async () => {
    const run = await played("echo a=1")
    await run.ended()
    expect(run.pods()).toMatchObject([{ exitCode: 0 }])
    expect(run.pods()[0]).not.toHaveProperty("message")
  })

  it("is kept of a stage that failed, too", async () => {
    const run = await played('echo why > "$PEANUT_OUTPUT"; exit 3')
    await run.ended()
    expect(run.log).toEqual([
      ...["job present", "pod Pending", "pod Running", 'pod Failed "why\\n"', "job FailureTarget", "job Failed"],
    ])
  })

  it.each([
    ["4,095 bytes whole", 4095, 0],
    ["4,096 bytes whole", 4096, 0],
    ["the last 4,096 bytes of more", 5000, 904],
    ["the last 4,096 bytes of very much more", 3_000_000, 3_000_000 - 4096],
  ])("is %s", async (_, size, lost) => {
    const run = await played(
      `{ printf first; head -c ${size - 9} /dev/zero | tr '\\0' x; printf last; } > "$PEANUT_OUTPUT"`,
    )
    await run.ended()
    const whole = `first${"x".repeat(size - 9)}last`
    expect(run.pods()[0]?.message).toBe(whole.slice(lost))
  })

  it("is text, whatever was written", async () => {
    const run = await played(`printf 'a=\\377\\303\\251' > "$PEANUT_OUTPUT"`)
    await run.ended()
    expect(run.pods()[0]?.message).toBe("a=\ufffdé")
  })

  it("begins anew with each try", async () => {
    const run = await played('echo try >> "$PEANUT_OUTPUT"; exit 3', { retries: 1 })
    await run.ended()
    expect(run.pods().map((ended) => ended?.message)).toEqual(["try\n", "try\n"])
  })

  it.each([
    ["a pipe", 'rm "$PEANUT_OUTPUT"; mkfifo "$PEANUT_OUTPUT"'],
    ["a folder", 'rm "$PEANUT_OUTPUT"; mkdir "$PEANUT_OUTPUT"; touch "$PEANUT_OUTPUT/a"'],
    ["nothing", 'rm "$PEANUT_OUTPUT"'],
    ["a device", 'ln -sf /dev/zero "$PEANUT_OUTPUT"'],
    ["what may not be read", 'rm "$PEANUT_OUTPUT"; ln -s "$PEANUT_OUTPUT" "$PEANUT_OUTPUT"'],
  ])("is absent where a stage left %s in its place, and the Job ends all the same", async (_, sh) => {
    const run = await played(sh)
    await run.ended()
    expect(run.log.slice(-2)).toEqual(["pod Succeeded", "job Complete"])
  })

  it("that has no place for its file fails the Job, and says why", async () => {
    const TMPDIR = process.env.TMPDIR
    process.env.TMPDIR = "/nowhere"
    try {
      const run = await played("true")
      await run.ended()
      expect(run.log.at(-1)).toBe("job Failed")
      const [pod] = run.store.list(resources.pods)
      expect(pod).toMatchObject({
        status: { message: expect.stringContaining("cannot prepare its container: ENOENT") },
      })
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = TMPDIR
    }
  })
})

// A pod that exits with 0 because it was asked to end has not done its work. On a cluster the Job says FailureTarget
// before it ends its pods; who sees the pod's success can tell by that.
const polite = `trap 'echo asked > "$PEANUT_OUTPUT"; exit 0' TERM; echo ready; while true; do sleep 0.02; done`
const politeEnd = ["job FailureTarget", 'pod Succeeded "asked\\n"', "job Failed"]

describe("a Job", () => {
  it("that is out of time says so before it ends its pods", async () => {
    const run = await played(polite, { timeout: "1s" })
    await run.ended()
    expect(run.log.slice(3)).toEqual(politeEnd)
    expect(statusOf(run.store.get(resources.jobs, run.ref)).conditions).toMatchObject([
      { type: "FailureTarget", reason: "DeadlineExceeded" },
      { type: "Failed", reason: "DeadlineExceeded" },
    ])
  })

  it("that is stopped says so before it ends its pods", async () => {
    const run = await played(polite, { timeout: "1h" })
    await run.says("ready")
    run.store.patch(resources.jobs, run.ref, stopPatch)
    await run.ended()
    expect(run.log.slice(3)).toEqual(["job present", ...politeEnd])
  })

  it("that is stopped twice ends once", async () => {
    const run = await played(polite)
    await run.says("ready")
    run.store.patch(resources.jobs, run.ref, stopPatch)
    run.store.patch(resources.jobs, run.ref, { metadata: { labels: { touched: "yes" } } })
    await run.ended()
    expect(run.log.filter((line) => line === "job Failed")).toHaveLength(1)
    expect(run.log.filter((line) => line.startsWith("pod Succeeded"))).toHaveLength(1)
  })

  it("that is deleted ends its pods, asked first, and nothing is written of it any more", async () => {
    const run = await played(
      `trap 'echo asked; exit 0' TERM; echo "$PEANUT_OUTPUT"; echo ready; while true; do sleep 0.02; done`,
    )
    await run.says("ready")
    run.store.delete(resources.jobs, run.ref)
    await run.ended()
    expect(run.lines.slice(1).filter((line) => line !== "Terminated")).toEqual(["ready", "asked"])
    expect(run.log.slice(3)).toEqual(["job deleted", "pod deleted"])
    expect(existsSync(run.lines[0]!)).toBe(false)
  })

  it("that is deleted while it is being stopped still is waited for", async () => {
    const run = await played("trap 'sleep 0.3; echo asked; exit 0' TERM; echo ready; while true; do sleep 0.02; done")
    await run.says("ready")
    run.store.patch(resources.jobs, run.ref, stopPatch)
    run.store.delete(resources.jobs, run.ref)
    await run.ended()
    // Some shells tell of the sleep that ended with them.
    expect(run.lines.filter((line) => line !== "Terminated")).toEqual(["ready", "asked"])
  })

  it("that is deleted between two tries is not tried again", async () => {
    const run = await played("echo ready; exit 3", { retries: 5 })
    await run.says("ready")
    await expect.poll(() => run.log.at(-1), { interval: 10 }).toBe("pod Failed")
    run.store.delete(resources.jobs, run.ref)
    await run.ended()
    expect(run.lines).toEqual(["ready"])
  })

  it("of which one index failed for good says so before it ends the others", async () => {
    const template = { spec: { parallelism: 2, completions: 2, completionMode: "Indexed" as const } }
    const sh = `test $JOB_COMPLETION_INDEX = 1 && { sleep 0.3; exit 3; }; ${polite}`
    const run = await played(sh, { jobTemplate: template })
    await run.ended()
    const end = run.log.slice(run.log.indexOf("pod Failed"))
    expect(end).toEqual(["pod Failed", ...politeEnd])
  })

  it("knows no disruptions, and a policy about them changes nothing", async () => {
    const run = await played("exit 3")
    await run.ended()
    expect(run.store.get(resources.jobs, run.ref).spec).toMatchObject({
      podFailurePolicy: { rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget" }] }] },
    })
    expect(statusOf(run.store.get(resources.jobs, run.ref)).conditions?.at(-1)).toMatchObject({
      type: "Failed",
      reason: "BackoffLimitExceeded",
    })
  })
})
