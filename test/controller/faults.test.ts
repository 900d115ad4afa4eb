// Stories of what goes wrong around a run: lost events, crashes, other writers, an API server that says no.

import * as Effect from "effect/Effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { NotFound, type Refused, resources, Unavailable } from "../../src/cluster/object-api.ts"
import { jobName } from "../../src/resources/job-name.ts"
import { namespace } from "../builders/objects.ts"
import { refused } from "../builders/refused.ts"
import { arrange, type Call, type Fault, resyncEvent, World } from "./world.ts"

const isCreate = ({ verb, resource }: Call) => verb === "create" && resource === resources.jobs
const isStatusWrite = ({ verb, resource }: Call) => verb === "patch" && resource === resources.executions
/** To the creation of an object only; no other call is answered so. */
const namespaceGone = Effect.fail(new NotFound({ message: "namespaces not found" })) as unknown as Effect.Effect<
  never,
  Refused
>
const unavailable = new Unavailable({ message: "connection refused" })
const when =
  (is: (call: Call) => boolean, fault: Effect.Effect<void, Refused | Unavailable>): Fault =>
  (call) =>
    is(call) ? fault : Effect.void

describe("lost events (I5)", () => {
  it("all of them: one resync a step brings the run to its end", async () => {
    const world = arrange("a → b → d, a → c → d")
    for (const [jobs, state] of [
      ["", "Running: a Running, b Waiting, d Waiting, c Waiting"],
      ["a Complete", "Running: a Succeeded, b Running, d Waiting, c Running"],
      ["b Complete, c Complete", "Running: a Succeeded, b Succeeded, d Running, c Succeeded"],
      ["d Complete", "Succeeded: a Succeeded, b Succeeded, d Succeeded, c Succeeded"],
    ] as const) {
      world.finish(jobs)
      await world.resync()
      expect(world.state()).toBe(state)
    }
  })

  // Neither the resync nor the skipped stage names a Job: the one must not be taken for news of the other.
  it("all of them, after a stage was skipped: a resync goes on with the other branch", async () => {
    const world = arrange("a → b, c → d")
    await world.deliver()
    world.finish("a Failed")
    await world.deliver()
    world.finish("c Complete")
    await world.resync()
    expect(world.state()).toBe("Running: a Failed, b Skipped, c Succeeded, d Running")
  })

  // Nor does the event of an execution name one.
  it("none: a run with a skipped stage goes on when it is resumed", async () => {
    const world = arrange("a → b, c → d")
    await world.deliver()
    world.edit({ suspend: true })
    await world.deliver()
    world.finish("a Failed, c Complete")
    await world.deliver()
    world.edit({ suspend: false })
    await world.deliver()
    expect(world.state()).toBe("Running: a Failed, b Skipped, c Succeeded, d Running")
  })

  it("of the execution's own creation: a resync accepts it", async () => {
    const world = arrange("a")
    await world.resync()
    expect(world.state()).toBe("Running: a Running")
  })

  it("of a pipeline's creation: a resync validates it", async () => {
    const world = new World()
    world.pipeline("a → b → a")
    await world.resync()
    expect(world.validity()).toMatchObject({ type: "Valid", status: "False" })
  })

  it("late and out of order: each is only a hint", async () => {
    const world = arrange("a → b → c")
    await world.handle(resyncEvent)
    world.finish("a Complete")
    await world.handle(resyncEvent)
    world.finish("b Failed")
    await world.handle(resyncEvent)
    for (const event of world.events().reverse()) await world.handle(event)
    expect(world.state()).toBe("Failed: a Succeeded, b Failed, c Skipped")
  })
})

describe("replicas (I1, I4)", () => {
  it("that handle the same events at the same time make one Job a stage and lose no outcome", async () => {
    const interleaving = fc.array(fc.nat(3), { minLength: 40, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(interleaving, async (turns) => {
        const world = arrange("a → b, a → c")
        let call = 0
        const wait = () => Effect.forEach(Array(turns[call++ % turns.length]), () => Effect.yieldNow, { discard: true })
        world.before = wait
        world.after = wait
        for (const jobs of ["", "a Complete", "b Complete, c Complete"]) {
          world.finish(jobs)
          await world.handleAtOnce([...world.events(), resyncEvent, resyncEvent])
        }
        world.events()
        await world.resync()
        expect(world.state()).toBe("Succeeded: a Succeeded, b Succeeded, c Succeeded")
        expect(world.creations()).toEqual({ a: 1, b: 1, c: 1 })
      }),
      { numRuns: 50 },
    )
  })

  it("of which one reads before and writes after the other ended the run do not take it back", async () => {
    const world = arrange("a")
    await world.deliver()
    world.finish("a Complete")
    const events = world.events()
    let isFirst = true
    world.before = (call) => {
      if (!isStatusWrite(call) || !isFirst) return Effect.void
      isFirst = false
      return Effect.promise(() => world.handle(resyncEvent))
    }
    for (const event of events) await world.handle(event)
    expect(world.state()).toBe("Succeeded: a Succeeded")
  })
})

describe("conflicts", () => {
  it("are taken up again with what the winner wrote", async () => {
    const world = arrange("a")
    let conflicts = 0
    world.before = when(
      (call) => isStatusWrite(call) && conflicts++ < 3,
      Effect.sync(() => world.touch()),
    )
    await world.deliver()
    expect(world.state()).toBe("Running: a Running")
    expect(conflicts).toBeGreaterThan(3)
    expect(world.creations()).toEqual({ a: 1 })
  })

  it("without end are given up as Unavailable, after six reads", async () => {
    const world = arrange("a")
    world.before = when(
      isStatusWrite,
      Effect.sync(() => world.touch()),
    )
    const event = world.events().find(({ subject }) => subject?.endsWith("/run"))
    expect(await world.refusal(event!)).toMatchObject({ _tag: "Unavailable" })
    expect(
      world.calls.filter(({ verb, resource }) => verb === "get" && resource === resources.executions),
    ).toHaveLength(6)
  })

  it("of a pipeline's status are taken up again too", async () => {
    const world = new World()
    world.stage()
    world.pipeline("a")
    let conflicts = 0
    world.before = when(
      ({ verb, resource }) => verb === "patch" && resource === resources.pipelines && conflicts++ < 2,
      Effect.sync(() => {
        const labels = { touched: String(conflicts) }
        world.store.patch(resources.pipelines, { namespace, name: "web" }, { metadata: { labels } })
      }),
    )
    await world.deliver()
    expect(world.validity()).toMatchObject({ status: "True" })
  })
})

describe("Jobs of others (I7)", () => {
  const taken = async (metadata: object) => {
    const named = arrange("a → b")
    await named.deliver()
    const { name, labels, annotations } = named.jobOf("a").metadata
    const world = arrange("a → b")
    world.create(resources.jobs, name, { backoffLimit: 0 }, { labels, annotations, ...metadata })
    return world
  }

  it("under the name of ours fail the stage and say so", async () => {
    const world = await taken({})
    await world.deliver()
    expect(world.state()).toBe("Failed: a Failed, b Skipped")
    expect(world.stageStatus("a")).toMatchObject({
      reason: "JobNameTaken",
      message: expect.stringMatching(/^a Job named run-a-\w+ exists that does not belong to this execution/),
    })
  })

  it("that an execution of our name, but another UID, controls are not ours either", async () => {
    const owner = {
      apiVersion: "pipeline.peanut.dev/v1alpha1",
      kind: "PeanutPipelineExecution",
      name: "run",
      uid: "older",
      controller: true,
    }
    const world = await taken({ ownerReferences: [owner] })
    await world.deliver()
    expect(world.stageStatus("a")).toMatchObject({ reason: "JobNameTaken" })
  })

  it("that end well do not end our stages", async () => {
    const world = arrange("a → b")
    await world.deliver()
    const { labels, annotations } = world.jobOf("a").metadata
    world.create(resources.jobs, "stray", { backoffLimit: 0 }, { labels, annotations })
    const status = { conditions: [{ type: "Complete", status: "True" }] }
    world.store.patch(resources.jobs, { namespace, name: "stray" }, { status }, "status")
    await world.deliver()
    await world.resync()
    expect(world.state()).toBe("Running: a Running, b Waiting")
  })
})

// Stages and executions may be called like the words of an API server.
describe.each(["run", "denied", "exceeded-quota", "admission-webhook"])(
  "an API server that refuses a Job of %s",
  (run) => {
    const arrangeRefused = ({ status, said, isNamed = true, causes = [] }: Answer) => {
      const world = new World()
      world.stage()
      world.pipeline("denied → quota")
      world.execution(run)
      const name = isNamed ? jobName({ name: run, uid: world.run(run).metadata.uid }, "denied") : undefined
      const error = refused(status, said, name, causes)
      world.before = when(isCreate, Effect.fail(error))
      return { world, message: error.message }
    }

    it.each<Answer & { readonly why: string }>([
      { why: "a quota", status: 403, said: "exceeded quota: jobs, requested: count/jobs.batch=1" },
      { why: "a new quota", status: 403, said: "status unknown for quota: jobs, resources: count/jobs.batch" },
      {
        why: "a quota with a bad name",
        status: 403,
        said: "exceeded quota: admission-webhook-denied, requested: count/jobs.batch=1",
      },
      {
        why: "missing rights",
        status: 403,
        said: 'jobs.batch is forbidden: User "denied" cannot create resource "jobs" in the namespace "denied"',
        isNamed: false,
      },
      {
        why: "a namespace that goes away",
        status: 403,
        said: "unable to create new content in namespace denied because it is being terminated",
        causes: ["NamespaceTerminating"],
      },
    ])("for $why: the stage waits and says why, until it can be created", async (answer) => {
      const { world, message } = arrangeRefused(answer)
      await world.deliver()
      expect(world.state(run)).toBe("Pending: denied Waiting, quota Waiting")
      expect(world.stageStatus("denied", run)).toEqual({
        name: "denied",
        phase: "Waiting",
        reason: "JobForbidden",
        message,
      })
      const before = world.changes.length
      await world.resync()
      expect(world.changes.length).toBe(before)

      world.before = () => Effect.void
      await world.resync()
      expect(world.state(run)).toBe("Running: denied Running, quota Waiting")
      expect(world.stageStatus("denied", run)).not.toHaveProperty("message")
    })

    it.each<Answer & { readonly why: string }>([
      { why: "it is invalid", status: 422, said: "spec.template.spec.containers[0].image: Required value" },
      { why: "it is invalid in words of a quota", status: 422, said: "exceeded quota: of something" },
      {
        why: "a webhook denies it",
        status: 403,
        said: 'admission webhook "policy.example.com" denied the request: exceeded quota: ours',
        isNamed: false,
      },
      {
        why: "a policy denies it",
        status: 403,
        said: "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: exceeded quota: ours",
      },
      {
        why: "a policy finds it invalid",
        status: 422,
        said: "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
      },
      { why: "it cannot be read", status: 400, said: "Job in version v1 cannot be handled as a Job", isNamed: false },
    ])("because $why: the stage fails for good with the message, the other branch runs", async (answer) => {
      const { world, message } = arrangeRefused(answer)
      await world.deliver()
      expect(world.state(run)).toBe("Failed: denied Failed, quota Skipped")
      expect(world.stageStatus("denied", run)).toMatchObject({ reason: "JobRejected", message })
      expect(world.calls.filter(isCreate)).toHaveLength(1)
    })
  },
)

interface Answer {
  readonly status: number
  readonly said: string
  /** Whether the answer begins with the name of the Job. */
  readonly isNamed?: boolean
  readonly causes?: readonly string[]
}

describe("a namespace that is gone", () => {
  it("with its executions is let be, also by a handler in the middle of its step", async () => {
    const world = arrange("a, b")
    const events = world.events()
    world.before = (call) =>
      isCreate(call)
        ? Effect.andThen(
            Effect.sync(() => {
              world.before = when(isCreate, namespaceGone)
              for (const kind of [resources.executions, resources.pipelines, resources.stages]) {
                for (const { metadata } of world.store.list(kind)) world.store.delete(kind, metadata)
              }
            }),
            namespaceGone,
          )
        : Effect.void
    for (const event of events) await world.handle(event)
    await world.deliver()
    await world.resync()
    expect([world.jobs(), world.calls.filter(isCreate).length]).toEqual(["", 1])
  })

  it("but whose execution is still seen is given up as Unavailable, after six reads", async () => {
    const world = arrange("a")
    const event = world.events().find(({ subject }) => subject?.endsWith("/run"))!
    world.before = when(isCreate, namespaceGone)
    expect(await world.refusal(event)).toMatchObject({ _tag: "Unavailable", message: "namespaces not found" })
    expect(world.calls.filter(isCreate)).toHaveLength(6)
  })
})

describe("an API server that gives no answer", () => {
  it.each(["get", "list", "create", "patch"] as const)(
    "to %s: the event fails as Unavailable, to be sent again",
    async (verb) => {
      const world = arrange("a")
      const started = world.events().find(({ subject }) => subject?.endsWith("/run"))!
      const event = verb === "list" ? resyncEvent : started
      world.before = when((call) => call.verb === verb, Effect.fail(unavailable))
      expect(await world.refusal(event)).toMatchObject({ _tag: "Unavailable" })
      world.before = () => Effect.void
      await world.handle(event)
      expect(world.state()).toBe("Running: a Running")
    },
  )

  it("is told apart from one that forbids to read: that fails too, for somebody to cure", async () => {
    const world = arrange("a")
    const event = world.events().find(({ subject }) => subject?.endsWith("/run"))!
    const forbidden = refused(403, "cannot get resource")
    world.before = when(({ verb }) => verb === "get", Effect.fail(forbidden))
    expect(await world.refusal(event)).toMatchObject({
      _tag: "Unavailable",
      message: expect.stringContaining("cannot get resource"),
    })
  })

  it("for one execution keeps a resync from none of the others, and is still told", async () => {
    const world = arrange("a")
    world.execution("second")
    world.execution("third")
    world.before = when(({ name }) => name === "second", Effect.fail(unavailable))
    expect(await world.refusal(resyncEvent)).toMatchObject({ _tag: "Unavailable" })
    expect([world.state("run"), world.state("third")]).toEqual(["Running: a Running", "Running: a Running"])
  })
})

describe("a poisoned object", () => {
  it("is left alone; the others go on", async () => {
    const world = arrange("a")
    world.execution("poisoned")
    const status = { phase: "Running", snapshot: { pipelineGeneration: "poison" } }
    world.store.patch(resources.executions, { namespace, name: "poisoned" }, { status }, "status")
    await world.deliver()
    await world.resync()
    expect(world.state("run")).toBe("Running: a Running")
    expect(world.run("poisoned").status).toEqual(status)
  })

  const snapshot = (stages: readonly object[], stageSpecs: object = { task: { image: "busybox" } }) => ({
    phase: "Running",
    snapshot: { pipelineGeneration: 1, stages, stageSpecs },
    stages: stages.map((stage) => ({ phase: "Waiting", ...stage })),
  })

  it.each([
    { has: "a phase that there is not", status: { phase: "Runing" } },
    { has: "a snapshot with a stage of a type that it lacks", status: snapshot([{ name: "a", type: "task" }], {}) },
    {
      has: "a snapshot with a stage of a type that every object has",
      status: snapshot([{ name: "a", type: "constructor" }], {}),
    },
    {
      has: "a snapshot with a stage that waits for itself",
      status: snapshot([{ name: "a", type: "task", dependsOn: ["a"] }]),
    },
    {
      has: "a snapshot with a stage that waits for none that there is",
      status: snapshot([{ name: "a", type: "task", dependsOn: ["ghost"] }]),
    },
    { has: "no stages", status: { ...snapshot([]), stages: [] } },
    {
      has: "stages of another pipeline",
      status: { ...snapshot([{ name: "a", type: "task" }]), stages: [{ name: "z", phase: "Running" }] },
    },
    { has: "a condition of nothing", status: { phase: "Running", conditions: [{}] } },
  ])("by hand, whose status has $has, stops alone: a resync brings the others on", async ({ status }) => {
    const world = arrange("a")
    for (const name of ["m-poisoned", "z-last"]) world.execution(name)
    world.store.patch(resources.executions, { namespace, name: "m-poisoned" }, { status }, "status")
    await world.resync()
    await world.resync()
    expect([world.state("run"), world.state("z-last")]).toEqual(["Running: a Running", "Running: a Running"])
    for (const name of ["run", "z-last"]) world.finish("a Complete", name)
    await world.resync()
    expect([world.state("run"), world.state("z-last")]).toEqual(["Succeeded: a Succeeded", "Succeeded: a Succeeded"])
  })

  it("is not called missing when it is a pipeline", async () => {
    const world = new World()
    world.create(resources.pipelines, "web", { stages: "none" })
    world.execution()
    await world.deliver()
    expect(world.condition()?.reason).not.toBe("PipelineNotFound")
  })
})
