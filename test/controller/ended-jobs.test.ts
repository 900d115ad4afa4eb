// What is remembered of Jobs, and what that spares.

import * as Context from "effect/Context"
import { describe, expect, it } from "vitest"
import { EndedJobs, rememberEndedJobs } from "../../src/controller/ended-jobs.ts"
import { Lanes, makeLanes } from "../../src/controller/lanes.ts"
import { arrange, resyncEvent } from "./world.ts"

const ref = (name: string, namespace = "team") => ({ namespace, name })

describe("ended Jobs", () => {
  it("are known by namespace and name", () => {
    const ended = rememberEndedJobs()
    ended.add(ref("a"))
    expect([ended.has(ref("a")), ended.has(ref("b")), ended.has(ref("a", "other"))]).toEqual([true, false, false])
  })

  it("are forgotten, the oldest first, when there are too many", () => {
    const ended = rememberEndedJobs()
    for (let i = 0; i < 10_001; i++) ended.add(ref(`job-${i}`))
    expect([ended.has(ref("job-0")), ended.has(ref("job-1")), ended.has(ref("job-10000"))]).toEqual([false, true, true])
  })
})

describe("a process that remembers ended Jobs", () => {
  const process = () =>
    Context.make(EndedJobs, rememberEndedJobs()).pipe(Context.add(Lanes, makeLanes())) as Context.Context<never>

  it("answers further news of a Job without a call, once its pod has told the end", async () => {
    const world = arrange("a → b")
    world.process = process()
    await world.deliver()
    world.succeedPod("a")
    await world.deliver()
    expect(world.run().status?.summary).toContain("1/2 succeeded, 1 running")
    world.calls.length = 0
    world.finish("a Complete")
    await world.deliver()
    expect(world.calls).toEqual([])
  })

  it("answers for siblings that ended together with what one look found", async () => {
    const stages = Array.from({ length: 50 }, (_, i) => `s${i}`)
    const world = arrange(stages.join(", "))
    world.process = process()
    await world.deliver()
    for (const stage of stages) world.succeedPod(stage)
    world.calls.length = 0
    await world.deliver()
    const counted = Map.groupBy(world.calls, ({ verb, resource }) => `${verb} ${resource.plural}`)
    expect(world.run().status?.phase).toBe("Succeeded")
    expect(counted.get("get peanutpipelineexecutions")).toHaveLength(1)
    expect(counted.get("patch peanutpipelineexecutions")).toHaveLength(1)
    expect(counted.get("list pods")).toHaveLength(1)
  })

  it("still sees to the end of a Job that was cancelled, for which finally waits", async () => {
    const world = arrange("a")
    world.process = process()
    await world.deliver()
    world.edit({ cancel: true })
    await world.deliver()
    world.calls.length = 0
    world.finish("a DeadlineExceeded")
    await world.deliver()
    expect(world.calls.length).toBeGreaterThan(0)
  })

  it("is cured by a resync of whatever it missed", async () => {
    const world = arrange("a → b")
    world.process = process()
    await world.deliver()
    world.finish("a Complete")
    await world.handle(resyncEvent)
    expect(world.run().status?.summary).toContain("1/2 succeeded, 1 running")
  })
})
