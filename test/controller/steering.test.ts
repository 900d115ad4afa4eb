// Somebody steers, edits or deletes at every moment there is: before each API call of a whole run in turn, with the
// handler in the middle of its step. Enumerated, not sampled.

import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { isFinished } from "../../src/api/execution.ts"
import { isJobFinished, type Job } from "../../src/api/job.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { isStopping } from "../../src/resources/stop.ts"
import { graph } from "../builders/graph.ts"
import { type JobState, jobStatus, namespace } from "../builders/objects.ts"
import { arrange, type Call, resyncEvent, type World } from "./world.ts"

const rounds = ["", "a Complete", "b Complete, c Failed", "d Complete"]
const end = "Failed: a Succeeded, b Succeeded, d Succeeded, c Failed, e Skipped"
const stages = "a → b → d, a → c → e"

interface Moment {
  readonly world: World
  /** How many Jobs there were when it happened. */
  readonly jobs: number
  readonly where: string
}

/** What the handler does after it was interrupted by somebody: goes on, or dies on the spot. */
type Then = "goes on" | "dies"

/** Acts before every call of a run in turn; what follows from the act is handled at once by another replica. */
async function* atEveryCall(
  act: (world: World) => void | Promise<void>,
  then: Then = "goes on",
): AsyncGenerator<Moment> {
  for (let hit = 0, isReached = true; isReached; hit++) {
    isReached = false
    const world = arrange(stages)
    let calls = 0
    let jobs = 0
    let where = ""
    world.before = (call) => {
      if (calls++ !== hit) return Effect.void
      isReached = true
      where = `before call ${hit} (${words(call)})`
      world.before = () => Effect.void
      jobs = world.store.list(resources.jobs).length
      const acted = Effect.promise(async () => act(world))
      return then === "dies" ? Effect.andThen(acted, Effect.die("crash")) : acted
    }
    for (const round of rounds) {
      endJobs(world, round)
      for (let events = world.events(); events.length > 0; events = world.events()) {
        for (const event of events) await world.handleAtOnce([event])
      }
    }
    if (isReached) yield { world, jobs, where }
    else expect(hit).toBeGreaterThan(20)
  }
}

const words = ({ verb, resource }: Call) => `${verb} ${resource.plural}`

/** Ends the Jobs that there are: who was cancelled or deleted has fewer. */
function endJobs(world: World, round: string): void {
  for (const [stage, state] of round.split(", ").map((pair) => pair.split(" "))) {
    if (stage === undefined || state === undefined) continue
    const job = world.store.list(resources.jobs).find(({ metadata }) => metadata.name.startsWith(`run-${stage}-`))
    const status = jobStatus(state as JobState)
    if (job !== undefined) world.store.patch(resources.jobs, job.metadata, { status }, "status")
  }
}

const jobsOf = (world: World) => world.store.list(resources.jobs) as unknown as readonly Job[]

/** Nothing new: a Job that was in flight at that moment may have come, and is stopped. */
function expectStopped({ world, where }: Moment) {
  const running = jobsOf(world).filter((job) => !isJobFinished(job) && !isStopping(job))
  expect({ where, running: running.map(({ metadata }) => metadata.name) }).toEqual({ where, running: [] })
}

describe("an execution that is cancelled at any moment", () => {
  const cancel = async (world: World) => {
    world.edit({ cancel: true })
    for (const event of world.events()) await world.handle(event)
  }

  it("starts nothing any more, stops what runs, and is final", async () => {
    for await (const moment of atEveryCall(cancel)) {
      const { world, where } = moment
      await world.resync()
      expectStopped(moment)
      expect({ where, isFinished: isFinished(world.run()) }).toEqual({ where, isFinished: true })
      const state = world.state()
      for (const { metadata } of jobsOf(world).filter((job) => !isJobFinished(job))) {
        world.store.patch(resources.jobs, metadata, { status: { conditions: [{ type: "Failed", status: "True" }] } })
      }
      await world.deliver()
      await world.resync()
      expect({ where, state: world.state() }).toEqual({ where, state })
    }
  })

  it("leaves no Job running when the replica that acts for it dies there: the next resync stops it", async () => {
    for await (const moment of atEveryCall(cancel, "dies")) {
      await moment.world.resync()
      expectStopped(moment)
    }
  })

  it("leaves no Job running that a replica created, and died, while another had not seen it and ended the run", async () => {
    const world = arrange("a → b")
    await world.deliver()
    world.finish("a Complete")
    const [event] = world.events()
    const listed = Promise.withResolvers<void>()
    const died = Promise.withResolvers<void>()
    let other = Promise.resolve()
    world.before = (call) => {
      switch (words(call)) {
        case "create jobs":
          return Effect.promise(() => {
            world.edit({ cancel: true })
            other = world.deliver()
            return listed.promise
          })
        case "patch peanutpipelineexecutions":
          listed.resolve()
          return Effect.promise(() => died.promise)
        default:
          return Effect.void
      }
    }
    world.after = (call) => (words(call) === "create jobs" ? Effect.die("crash") : Effect.void)
    await world.handleAtOnce([event!])
    died.resolve()
    await other
    expect([world.state(), world.jobs()]).toEqual(["Cancelled: a Succeeded, b Cancelled", "a, b"])
    world.before = () => Effect.void
    await world.resync()
    expect(world.jobOf("b").spec).toMatchObject({ activeDeadlineSeconds: 1 })
  })
})

describe("an execution that is suspended at any moment", () => {
  it("starts nothing but what was being started, and when it is resumed comes to its end", async () => {
    let started = 0
    for await (const { world, jobs, where } of atEveryCall((world) => world.edit({ suspend: true }))) {
      // What the step that was under way creates is of one level of the graph.
      const more = jobsOf(world).length - jobs
      expect({ where, isOneStep: more <= 2 }).toEqual({ where, isOneStep: true })
      started += more
      const before = jobsOf(world).length
      await world.resync()
      expect({ where, jobs: jobsOf(world).length }).toEqual({ where, jobs: before })
      world.edit({ suspend: false })
      for (const round of rounds) {
        endJobs(world, round)
        await world.resync()
      }
      expect({ where, state: world.state() }).toEqual({ where, state: end })
      expect({ where, creations: world.creations() }).toEqual({ where, creations: { a: 1, b: 1, c: 1, d: 1 } })
    }
    expect(started).toBeGreaterThan(0)
  })
})

describe("an execution that is deleted at any moment", () => {
  it("starts nothing but what was being started, which is collected with it", async () => {
    const remove = (world: World) => world.store.delete(resources.executions, { namespace, name: "run" })
    for await (const { world, where } of atEveryCall(remove)) {
      const created = Object.values(world.creations()).reduce((sum, count) => sum + count, 0)
      world.collectGarbage()
      expect({ where, jobs: world.jobs() }).toEqual({ where, jobs: "" })
      await world.deliver()
      await world.handle(resyncEvent)
      const later = Object.values(world.creations()).reduce((sum, count) => sum + count, 0)
      expect({ where, later }).toEqual({ where, later: created })
    }
  })
})

describe("a pipeline or a stage", () => {
  const web = { namespace, name: "web" }
  const task = { namespace, name: "task" }

  /** What a run ran: its stages and their images. */
  const ran = (world: World) =>
    jobsOf(world).map((job) => {
      const { containers } = (job as unknown as { spec: { template: { spec: { containers: { image: string }[] } } } })
        .spec.template.spec
      return `${job.metadata.name.split("-")[1]} ${containers[0]?.image}`
    })
  const old = ["a busybox", "b busybox", "c busybox", "d busybox"]

  it.each([
    {
      what: "a pipeline that is edited",
      act: (world: World) =>
        void world.store.patch(resources.pipelines, web, { spec: { stages: graph("a → b → d, a → c → e, new") } }),
      anew: [...old, "new busybox"],
    },
    {
      what: "a stage that is edited",
      act: (world: World) => void world.store.patch(resources.stages, task, { spec: { image: "other" } }),
      anew: ["a other", "b other", "c other", "d other"],
    },
    {
      what: "a pipeline that is deleted",
      act: (world: World) => world.store.delete(resources.pipelines, web),
      anew: [],
    },
    { what: "a stage that is deleted", act: (world: World) => world.store.delete(resources.stages, task), anew: [] },
  ])("$what at any moment changes no run: it is of the old or of the new one, never of both", async ({ act, anew }) => {
    const seen = new Set<string>()
    for await (const { world, where } of atEveryCall(act)) {
      const stages = ran(world).toSorted()
      const isNew = JSON.stringify(stages) === JSON.stringify(anew.toSorted())
      if (!isNew) expect({ where, stages }).toEqual({ where, stages: old })
      if (!isNew) expect({ where, state: world.state() }).toEqual({ where, state: end })
      seen.add(isNew ? "new" : "old")
    }
    expect(seen).toEqual(new Set(["new", "old"]))
  })
})

describe("a Job that is deleted by hand", () => {
  it("at any moment fails its stage, or comes too late to; no stage runs twice after it ended", async () => {
    const seen = new Set<string>()
    const remove = (world: World) => {
      const [job] = jobsOf(world)
      if (job !== undefined) world.store.delete(resources.jobs, job.metadata)
    }
    for await (const { world, where } of atEveryCall(remove)) {
      await world.resync()
      const { phase, reason } = world.stageStatus("a") ?? {}
      seen.add(`${phase} ${reason ?? ""}`.trim())
      if (phase === "Failed")
        expect({ where, reason, state: world.state() }).toEqual({
          where,
          reason: "JobDeleted",
          state: "Failed: a Failed, b Skipped, d Skipped, c Skipped, e Skipped",
        })
      else if (phase === "Succeeded") expect({ where, creations: world.creations().a }).toEqual({ where, creations: 1 })
    }
    expect(seen).toEqual(new Set(["Failed JobDeleted", "Succeeded"]))
  })

  // A name that was freed can be taken again by a replica that read before. It is stopped at the next look.
  it("and created again by a replica that read before is stopped by the next resync", async () => {
    const world = arrange("a → b")
    await world.deliver()
    world.finish("a Complete")
    const [event] = world.events()
    world.before = (call) => {
      if (words(call) !== "create jobs") return Effect.void
      world.before = () => Effect.void
      return Effect.promise(async () => {
        await world.resync()
        world.store.delete(resources.jobs, world.jobOf("b").metadata)
        await world.resync()
        expect(world.state()).toBe("Failed: a Succeeded, b Failed")
      })
    }
    await world.handle(event!)
    await world.resync()
    expect(world.state()).toBe("Failed: a Succeeded, b Failed")
    expect(world.jobOf("b").spec).toMatchObject({ activeDeadlineSeconds: 1 })
  })
})
