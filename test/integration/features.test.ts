// What people expect of a run, each thing once, on a real API server with the real Job controller: values, conditions,
// failures, limits, people, other runs, and clearing away. The tables of all cases are in test/execution.

import { CloudEvent } from "cloudevents"
import { describe, expect, it, vi } from "vitest"
import { describeWithControlPlane } from "../control-plane/describe.ts"
import { startServer } from "./server.ts"
import {
  eventually,
  inNamespace,
  type JobObject,
  pipeline,
  run,
  stage,
  succeed,
  useWorld,
  watchedResources,
} from "./world.ts"

// All at the same time, on one API server.
vi.setConfig({ testTimeout: 60_000 })

const quick = stage("quick", ["true"])
const broken = stage("broken", ["sh", "-c", "exit 3"])
const held = stage("held", ["hold"])
/** Outputs what it was given. */
const repeat = stage("repeat", ["sh", "-c", 'echo "got=$WHAT" > "$PEANUT_OUTPUT"'], {
  params: [{ name: "what", default: "nothing" }],
  env: [{ name: "WHAT", value: "$(params.what)" }],
})
const what = (value: string) => ({ params: [{ name: "what", value }] })

/** The pipeline p of these chains, with more about its stages and itself. */
const rules = (chains: readonly string[], entries: Readonly<Record<string, object>>, spec: object = {}) => {
  const { spec: graph, ...rest } = pipeline("p", ...chains)
  return { ...rest, spec: { stages: graph.stages.map((entry) => ({ ...entry, ...entries[entry.name] })), ...spec } }
}
const execution = (name: string, spec: object) => ({ ...run(name, "p"), spec: { pipelineName: "p", ...spec } })

const isFailed = ({ status }: JobObject) => status.conditions?.some(({ type }) => type === "Failed") ?? false

type FullJob = JobObject & {
  readonly spec: {
    readonly podFailurePolicy?: object
    readonly template: { readonly spec: { readonly containers: readonly { readonly env: readonly object[] }[] } }
  }
}

describeWithControlPlane("on a real API server", () => {
  const world = useWorld()

  /** A namespace of its own for each test, as they run at the same time. */
  const fresh = async () => {
    const { controlPlane, kubelet, server } = world()
    const here = inNamespace(controlPlane, await controlPlane.createNamespace())
    const status = async (name: string, stageName: string) =>
      (await here.read(name)).status?.stages?.find(({ name }) => name === stageName)
    const jobsOf = async (name: string) =>
      ((await here.jobs()) as readonly FullJob[]).filter(
        ({ metadata }) => metadata.annotations["pipeline.peanut.dev/execution"] === name,
      )
    return {
      ...here,
      status,
      jobsOf,
      kubectl: (...args: string[]) => succeed(controlPlane.kubectl(...args, "-n", here.namespace)),
      steer: (name: string, spec: object) => controlPlane.api.patch(`${here.executions}/${name}`, { spec }, "merge"),
      resync: async () => {
        const { status } = await server.post(new CloudEvent({ type: "dev.knative.sources.ping", source: "/test" }))
        expect(status).toBe(202)
      },
      /** The stages of an execution that has ended, as `Phase Reason`. */
      ended: async (name: string, millis = 30_000) => {
        const { status } = await here.finished(name, millis)
        const stages = status?.stages?.map(({ name, phase, reason }) => [
          name,
          [phase, reason].filter(Boolean).join(" "),
        ])
        return { phase: status?.phase, stages: Object.fromEntries(stages ?? []) }
      },
      /** Why an execution did not run, or does not yet. */
      verdict: async (name: string, reason: string) => {
        const { status } = await here.until(name, ({ status }) => status?.conditions?.[0]?.reason === reason)
        return { phase: status?.phase, message: status?.conditions?.[0]?.message }
      },
      running: (name: string, stageName: string) =>
        eventually(
          () => status(name, stageName),
          (it) => it?.phase === "Running",
        ),
      waiting: (name: string, stageName: string, reason: string) =>
        eventually(
          () => status(name, stageName),
          (it) => it?.phase === "Waiting" && it.reason === reason,
        ),
      /** Ends a stage that runs `hold`. */
      release: async (name: string, stageName: string, exitCode = 0) => {
        const jobs = await eventually(
          () => jobsOf(name),
          (jobs) => jobs.some(({ metadata }) => metadata.annotations["pipeline.peanut.dev/stage"] === stageName),
        )
        const job = jobs.find(({ metadata }) => metadata.annotations["pipeline.peanut.dev/stage"] === stageName)
        await kubelet.release(job!.metadata.name, exitCode)
      },
      runs: () => kubelet.history.filter(({ namespace }) => namespace === here.namespace),
    }
  }

  describe.concurrent("values", () => {
    const hostile = "$(HOME) $$(PATH) $(params.other) `id`; exit 7 # \"'"
    const declared = { params: [{ name: "given" }, { name: "other", default: "by default" }] }

    it("of parameters reach the pods as they are: given, else the pipeline's default", async () => {
      const here = await fresh()
      const pipeline = rules(
        ["a:repeat", "b:repeat"],
        { a: what("$(params.given)"), b: what("$(params.other)") },
        declared,
      )
      await here.apply(repeat, pipeline, execution("x", { params: [{ name: "given", value: hostile }] }))
      expect((await here.ended("x")).phase).toBe("Succeeded")
      expect((await here.status("x", "a"))?.outputs).toEqual({ got: hostile })
      expect((await here.status("x", "b"))?.outputs).toEqual({ got: "by default" })
      const [job] = (await here.jobsOf("x")).filter(({ metadata }) => /^x-a-/.test(metadata.name))
      // The kubelet makes one dollar of two.
      const value = hostile.replaceAll("$", "$$$$")
      expect(job!.spec.template.spec.containers[0]!.env).toContainEqual({ name: "WHAT", value })
    })

    it("that are missing or unknown fail the run before anything starts, each by name", async () => {
      const here = await fresh()
      await here.apply(
        quick,
        rules(["a:quick"], {}, declared),
        execution("x", { params: [{ name: "givn", value: "" }] }),
      )
      expect(await here.verdict("x", "ExecutionInvalid")).toEqual({
        phase: "Failed",
        message:
          'the execution gives param "givn", which pipeline "p" does not declare; did you mean "given"?; ' +
          'the execution gives no value for param "given" of pipeline "p", which has no default',
      })
      expect(await here.jobs()).toEqual([])
    })

    it("that a stage outputs reach the stages below it, whatever they are", async () => {
      const here = await fresh()
      const [from, to] = [what(hostile.replaceAll("$(params.other)", "")), what("<$(stages['a'].outputs.got)>")]
      // A value of the pipeline's author is a template; only what fills it is data.
      const pipeline = rules(["a:repeat → b:repeat"], { a: what("$(params.given)"), b: to }, declared)
      await here.apply(repeat, pipeline, execution("x", { params: [{ name: "given", value: from.params[0]!.value }] }))
      expect((await here.ended("x")).phase).toBe("Succeeded")
      expect((await here.status("x", "b"))?.outputs).toEqual({ got: `<${from.params[0]!.value}>` })
    })

    it("of 4 KiB fail the stage that outputs them", async () => {
      const here = await fresh()
      const large = stage("large", ["sh", "-c", `echo "a=${"x".repeat(4094)}" > "$PEANUT_OUTPUT"`])
      await here.apply(large, quick, rules(["a:large → b:quick"], {}), execution("x", {}))
      expect(await here.ended("x")).toEqual({
        phase: "Failed",
        stages: { a: "Failed OutputsTooLarge", b: "Skipped ParentFailed" },
      })
      expect(await here.status("x", "a")).toMatchObject({
        message: expect.stringContaining("4096 bytes or more to $PEANUT_OUTPUT"),
      })
    })

    it("that were never written fail the stage that needs them", async () => {
      const here = await fresh()
      const to = what("$(stages['a'].outputs.digest)")
      await here.apply(repeat, rules(["a:repeat → b:repeat"], { b: to }), execution("x", {}))
      expect(await here.ended("x")).toEqual({ phase: "Failed", stages: { a: "Succeeded", b: "Failed OutputMissing" } })
      expect((await here.status("x", "b"))?.message).toBe('it needs output "digest" of stage "a", which wrote got')
    })
  })

  describe.concurrent("a part of a jobTemplate that the API server stores as it is", () => {
    const helped = (name: string, helper: object) =>
      stage(name, ["true"], {
        jobTemplate: {
          spec: { template: { spec: { initContainers: [{ name: "helper", image: "busybox", ...helper }] } } },
        },
      })
    const stages = (namespace: string) => `/apis/pipeline.peanut.dev/v1alpha1/namespaces/${namespace}/peanutstages`
    const at = "jobTemplate.spec.template.spec.initContainers[0]"

    it("is told of with its place where no Job can have it, and keeps no other run from going on", async () => {
      const here = await fresh()
      const wrong = { env: [{ name: "PORT", value: 8080 }], args: "serve" }
      const { items } = await world()
        .controlPlane.api.create(stages(here.namespace), helped("wrong", wrong))
        .then(() => world().controlPlane.api.get<{ items: readonly object[] }>(stages(here.namespace)))
      expect(JSON.stringify(items)).toContain('"value":8080')
      const bad = { ...rules(["a:wrong"], {}), metadata: { name: "bad" } }
      await here.apply(bad, quick, rules(["a:quick"], {}))
      await here.apply({ ...execution("x", {}), spec: { pipelineName: "bad" } }, execution("y", {}))
      const { phase, message } = await here.verdict("x", "PipelineInvalid")
      expect(phase).toBe("Failed")
      expect(message).toContain(`${at}.env[0].value: expected text, is a number; write "8080"`)
      expect(message).toContain(`${at}.args: expected a list, is text; write ["serve"]`)
      expect(await here.kubectl("wait", "--for=condition=Valid=false", "ppl/bad")).toContain("condition met")
      await here.resync()
      expect((await here.ended("y")).phase).toBe("Succeeded")
    })

    it("is absent where it is null, as in a Job", async () => {
      const here = await fresh()
      const nulls = helped("nulls", { env: null, command: null, args: null, ports: null })
      const stored = await world().controlPlane.api.create(stages(here.namespace), nulls)
      expect(JSON.stringify(stored)).toContain('"env":null')
      await here.apply(rules(["a:nulls"], {}), execution("x", {}))
      expect((await here.ended("x")).phase).toBe("Succeeded")
    })
  })

  describe.concurrent("a condition", () => {
    it("lets a stage run or skips it, by parameters and by outputs; the stages below go on", async () => {
      const here = await fresh()
      const entries = {
        yes: { when: 'params.to == "prod"' },
        no: { when: 'params.to == "test"' },
        output: { when: 'stages["a"].outputs.got == "nothing" && stages.a.phase == "Succeeded"' },
      }
      const chains = ["a:repeat → yes:quick", "a → no:quick → below:quick", "a → output:quick"]
      const params = { params: [{ name: "to", default: "prod" }] }
      await here.apply(repeat, quick, rules(chains, entries, params), execution("x", {}))
      expect(await here.ended("x")).toEqual({
        phase: "Succeeded",
        stages: { a: "Succeeded", yes: "Succeeded", no: "Skipped WhenFalse", below: "Succeeded", output: "Succeeded" },
      })
      expect((await here.status("x", "no"))?.message).toBe('when: params.to == "test"')
    })

    it("that cannot be evaluated fails its stage and says why", async () => {
      const here = await fresh()
      const entries = { b: { when: 'stages["a"].outputs.rows == "0"' } }
      await here.apply(repeat, quick, rules(["a:repeat → b:quick"], entries), execution("x", {}))
      expect(await here.ended("x")).toEqual({ phase: "Failed", stages: { a: "Succeeded", b: "Failed WhenInvalid" } })
      expect((await here.status("x", "b"))?.message).toMatch(/^when: stages\["a"\]\.outputs\.rows == "0": .*rows/)
    })
  })

  describe.concurrent("a failure", () => {
    it("starts the stages that wait for one, and those that wait for any end", async () => {
      const here = await fresh()
      const entries = {
        notify: { triggerRule: "AnyFailed" },
        calm: { triggerRule: "AnyFailed" },
        report: { triggerRule: "AllDone" },
      }
      const chains = ["a:broken → b:quick → notify:quick", "ok:quick → calm:quick", "b → report:quick"]
      await here.apply(quick, broken, rules(chains, entries), execution("x", {}))
      expect(await here.ended("x")).toEqual({
        phase: "Failed",
        stages: {
          a: "Failed BackoffLimitExceeded",
          b: "Skipped ParentFailed",
          notify: "Succeeded",
          ok: "Succeeded",
          calm: "Skipped NoneFailed",
          report: "Succeeded",
        },
      })
    })

    it("that is ignored stops nothing", async () => {
      const here = await fresh()
      await here.apply(quick, broken, rules(["a:broken → b:quick"], { a: { onFailure: "Ignore" } }), execution("x", {}))
      expect(await here.ended("x")).toEqual({
        phase: "Succeeded",
        stages: { a: "Failed BackoffLimitExceeded", b: "Succeeded" },
      })
    })

    it("comes only after the retries that the pipeline allows", async () => {
      const here = await fresh()
      await here.apply(
        { ...broken, spec: { ...broken.spec, retries: 5 } },
        rules(["a:broken"], { a: { retries: 1 } }),
        execution("x", {}),
      )
      expect((await here.ended("x", 60_000)).stages).toEqual({ a: "Failed BackoffLimitExceeded" })
      expect(here.runs()).toHaveLength(2)
      expect((await here.status("x", "a"))?.message).toMatch(/^exit code 3/)
    }, 90_000)

    it("ends the run at once where the pipeline says FailFast", async () => {
      const here = await fresh()
      const pipeline = rules(["a:held", "b:held → c:quick"], {}, { failurePolicy: "FailFast" })
      await here.apply(held, quick, pipeline, execution("x", {}))
      await here.running("x", "b")
      await here.release("x", "a", 1)
      expect(await here.ended("x")).toEqual({
        phase: "Failed",
        stages: { a: "Failed BackoffLimitExceeded", b: "Cancelled FailFast", c: "Skipped FailFast" },
      })
      expect(await eventually(here.jobs, (jobs) => jobs.every(isFailed))).toHaveLength(2)
    })

    it("is no disrupted pod: every Job says so, and the API server takes it", async () => {
      const here = await fresh()
      await here.apply(quick, rules(["a:quick"], {}), execution("x", {}))
      await here.ended("x")
      const [job] = await here.jobsOf("x")
      expect(job!.spec.podFailurePolicy).toEqual({
        rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
      })
    })
  })

  describe.concurrent("finally", () => {
    const report = { finally: [{ name: "report", type: "repeat", ...what("$(execution.phase)") }] }

    it.each([
      ["Succeeded", 0],
      ["Failed", 1],
    ])("runs at the end of a run that %s, and is told so", async (phase, exitCode) => {
      const here = await fresh()
      await here.apply(held, quick, repeat, rules(["a:held → b:quick"], {}, report), execution("x", {}))
      await here.release("x", "a", exitCode)
      expect((await here.ended("x")).phase).toBe(phase)
      expect(await here.status("x", "report")).toMatchObject({ phase: "Succeeded", outputs: { got: phase } })
    })

    it("runs at the end of a run that was cancelled, once its Jobs have ended", async () => {
      const here = await fresh()
      await here.apply(held, quick, repeat, rules(["a:held → b:quick"], {}, report), execution("x", {}))
      await here.running("x", "a")
      await here.steer("x", { cancel: true })
      // At the moment at which its Job is there, the other one has ended.
      const both = await eventually(here.jobs, (jobs) => jobs.length === 2)
      expect(both.filter(isFailed).map(({ metadata }) => metadata.name)).toEqual([
        (await here.status("x", "a"))?.jobName,
      ])
      expect(await here.ended("x")).toEqual({
        phase: "Cancelled",
        stages: { a: "Cancelled Cancelled", b: "Cancelled Cancelled", report: "Succeeded" },
      })
      expect((await here.status("x", "report"))?.outputs).toEqual({ got: "Cancelled" })
    })

    it("fails a run that had succeeded", async () => {
      const here = await fresh()
      const atEnd = { finally: [{ name: "z", type: "broken" }] }
      await here.apply(quick, broken, rules(["a:quick"], {}, atEnd), execution("x", {}))
      expect(await here.ended("x")).toEqual({
        phase: "Failed",
        stages: { a: "Succeeded", z: "Failed BackoffLimitExceeded" },
      })
    })
  })

  describe.concurrent("time", () => {
    it("ends a stage that takes longer than its timeout", async () => {
      const here = await fresh()
      const entries = { a: { timeout: "2s" } }
      await here.apply(
        { ...held, spec: { ...held.spec, timeout: "1h" } },
        quick,
        rules(["a:held → b:quick"], entries),
        execution("x", {}),
      )
      expect(await here.ended("x")).toEqual({
        phase: "Failed",
        stages: { a: "Failed DeadlineExceeded", b: "Skipped ParentFailed" },
      })
    })

    it("ends a run that takes longer than its timeout, and then comes finally", async () => {
      const here = await fresh()
      const spec = { timeout: "1h", finally: [{ name: "z", type: "repeat", ...what("$(execution.phase)") }] }
      const pipeline = rules(["a:quick → b:held → c:quick"], {}, spec)
      await here.apply(quick, held, repeat, pipeline, execution("x", { timeout: "4s" }))
      expect(await here.ended("x")).toEqual({
        phase: "Failed",
        stages: { a: "Succeeded", b: "Failed ExecutionTimeout", c: "Skipped ExecutionTimeout", z: "Succeeded" },
      })
      expect((await here.status("x", "z"))?.outputs).toEqual({ got: "Failed" })
      expect((await here.read("x")).status?.conditions).toMatchObject([{ status: "False", reason: "ExecutionTimeout" }])
    })
  })

  describe.concurrent("a matrix", () => {
    const matrix = [
      { name: "what", values: ["1", "2"] },
      { name: "os", values: ["linux", "$(params.os)"] },
    ]
    const params = { params: [{ name: "os", default: "plan9" }] }

    it("runs a Job for each combination, so many at once as it may", async () => {
      const here = await fresh()
      const test = stage("test", ["sleep"], {
        params: [{ name: "what" }, { name: "os" }],
        args: ["30", "$(params.os)"],
      })
      const pipeline = rules(["a:test → b:quick"], { a: { matrix, maxParallel: 2 } }, params)
      await here.apply(test, quick, pipeline, execution("x", {}))
      expect(await here.ended("x")).toEqual({ phase: "Succeeded", stages: { a: "Succeeded", b: "Succeeded" } })
      expect((await here.status("x", "a"))?.combinations).toBe("SSSS")
      const ran = here.runs().filter(({ stage }) => stage === "a")
      expect(ran).toHaveLength(4)
      for (const { startedAt } of ran) {
        const atOnce = ran.filter((other) => other.startedAt <= startedAt && startedAt < other.finishedAt!)
        expect(atOnce.length).toBeLessThanOrEqual(2)
      }
      const described = (await here.jobsOf("x")).flatMap(
        ({ metadata }) => metadata.annotations["pipeline.peanut.dev/combination"] ?? [],
      )
      expect(described.toSorted()).toEqual(
        ["what=1, os=linux", "what=1, os=$(params.os)", "what=2, os=linux", "what=2, os=$(params.os)"].toSorted(),
      )
    })

    it("fails with how many of its combinations failed, after all have ended", async () => {
      const here = await fresh()
      const exit = stage("exit", ["sh", "-c", "exit $WHAT"], {
        params: [{ name: "what" }],
        env: [{ name: "WHAT", value: "$(params.what)" }],
      })
      const entries = { a: { matrix: [{ name: "what", values: ["0", "4", "0"] }] } }
      await here.apply(exit, quick, rules(["a:exit → b:quick"], entries), execution("x", {}))
      expect((await here.ended("x")).stages).toEqual({ a: "Failed BackoffLimitExceeded", b: "Skipped ParentFailed" })
      expect(await here.status("x", "a")).toMatchObject({
        combinations: "SFS",
        message: expect.stringMatching(/^1 of 3 combinations failed; the first: what=4: exit code 4/),
      })
    })
  })

  it.concurrent("maxParallel holds what has no place yet", async () => {
    const here = await fresh()
    await here.apply(held, quick, rules(["a:held", "b:quick", "c:quick"], {}, { maxParallel: 1 }), execution("x", {}))
    await here.waiting("x", "b", "MaxParallel")
    expect(await here.phases("x")).toEqual({ a: "Running", b: "Waiting", c: "Waiting" })
    expect(await here.jobs()).toHaveLength(1)
    await here.release("x", "a")
    expect((await here.ended("x")).phase).toBe("Succeeded")
  })

  it.concurrent("approval waits until kubectl patch names the stage", async () => {
    const here = await fresh()
    await here.apply(quick, rules(["a:quick → b:quick", "a → c:quick"], { b: { approval: true } }), execution("x", {}))
    const { message } = (await here.waiting("x", "b", "AwaitingApproval"))!
    expect(message).toBe("add its name to spec.approved of the execution")
    await here.until("x", ({ status }) => status?.stages?.[2]?.phase === "Succeeded")
    expect(await here.jobs()).toHaveLength(2)
    await here.kubectl("patch", "pex", "x", "--type", "merge", "-p", '{"spec":{"approved":["b"]}}')
    expect((await here.ended("x")).phase).toBe("Succeeded")
  })

  describe.concurrent("another execution of the pipeline", () => {
    const policy = (concurrencyPolicy: string) => rules(["a:held"], {}, { concurrencyPolicy })

    it("is refused by Forbid, and may run later", async () => {
      const here = await fresh()
      await here.apply(held, policy("Forbid"), execution("one", {}))
      await here.running("one", "a")
      await here.apply(execution("two", {}))
      expect(await here.verdict("two", "ConcurrencyForbidden")).toEqual({
        phase: "Failed",
        message: 'pipeline "p" lets one execution run at a time, and "one" does',
      })
      await here.release("one", "a")
      await here.finished("one")
      await here.apply(execution("three", {}))
      await here.release("three", "a")
      expect((await here.ended("three")).phase).toBe("Succeeded")
    })

    it("cancels the one that runs, with Replace", async () => {
      const here = await fresh()
      await here.apply(held, policy("Replace"), execution("one", {}))
      await here.running("one", "a")
      await here.apply(execution("two", {}))
      expect((await here.ended("one")).phase).toBe("Cancelled")
      await here.release("two", "a")
      expect((await here.ended("two")).phase).toBe("Succeeded")
      expect((await here.read("one")).spec.cancel).toBe(true)
    })

    it("waits in a Queue: the oldest first, also when the one that ran is deleted", async () => {
      const here = await fresh()
      await here.apply(held, policy("Queue"), execution("one", {}))
      await here.running("one", "a")
      // Creation times are whole seconds.
      await here.apply(execution("three", {}))
      await new Promise((resolve) => setTimeout(resolve, 1_100))
      await here.apply(execution("two", {}))
      expect(await here.verdict("three", "Queued")).toEqual({
        phase: "Pending",
        message: 'waits for execution "one" to end',
      })
      await here.verdict("two", "Queued")
      expect(await here.jobs()).toHaveLength(1)
      await here.kubectl("delete", "pex", "one")
      await here.running("three", "a")
      expect((await here.read("two")).status?.phase).toBe("Pending")
      await here.release("three", "a")
      await here.running("two", "a")
      await here.release("two", "a")
      expect((await here.ended("two")).phase).toBe("Succeeded")
    })

    it("leaves its place in a Queue while it is suspended, and for good when it is cancelled", async () => {
      const here = await fresh()
      await here.apply(held, policy("Queue"), execution("one", {}))
      await here.running("one", "a")
      await here.apply(execution("two", { suspend: true }), execution("three", {}), execution("zero", {}))
      expect((await here.verdict("two", "Suspended")).phase).toBe("Pending")
      await here.verdict("three", "Queued")
      await here.steer("zero", { cancel: true })
      expect(await here.verdict("zero", "Cancelled")).toEqual({
        phase: "Cancelled",
        message: "cancelled before it started",
      })
      await here.release("one", "a")
      await here.release("three", "a")
      expect((await here.ended("three")).phase).toBe("Succeeded")
      await here.steer("two", { suspend: false })
      await here.release("two", "a")
      expect((await here.ended("two")).phase).toBe("Succeeded")
      expect(await here.jobs()).toHaveLength(3)
    })
  })

  it("a Queue never lets two run at once, and keeps their order, when three replicas get every event", async () => {
    const here = await fresh()
    const { controlPlane, kubeconfig } = world()
    const replicas = await Promise.all([startServer(kubeconfig), startServer(kubeconfig)])
    const resources = watchedResources()
    const adapters = await Promise.all(
      replicas.map(({ url: sink }) => controlPlane.startAdapter({ sink, resources, namespaces: [here.namespace] })),
    )
    try {
      const names = ["q1", "q2", "q3", "q4", "q5", "q6"]
      await here.apply(stage("work", ["sleep", "10"]), rules(["a:work → b:work"], {}, { concurrencyPolicy: "Queue" }))
      await here.apply(...names.map((name) => execution(name, {})))
      for (const name of names) expect((await here.ended(name, 60_000)).phase).toBe("Succeeded")
      const runs = here.runs()
      expect(runs.map(({ job }) => job.slice(0, "q1-a".length))).toEqual(names.flatMap((it) => [`${it}-a`, `${it}-b`]))
      for (const [index, { startedAt }] of runs.entries()) {
        if (index > 0) expect(startedAt).toBeGreaterThanOrEqual(runs[index - 1]!.finishedAt!)
      }
      expect(await here.jobs()).toHaveLength(2 * names.length)
    } finally {
      await Promise.all([...adapters, ...replicas].map((program) => program.stop()))
    }
  }, 90_000)

  it.concurrent("a rerun runs what did not succeed, as often as it takes, and leaves the original as it is", async () => {
    const here = await fresh()
    const spec = { finally: [{ name: "z", type: "quick" }], params: [{ name: "v" }] }
    const entries = { a: what("$(params.v)"), c: what("$(stages['a'].outputs.got)") }
    await here.apply(repeat, held, quick, rules(["a:repeat → b:held → c:repeat"], entries, spec))
    await here.apply(execution("x", { params: [{ name: "v", value: "17" }] }))
    await here.running("x", "b")
    await here.apply(execution("early", { rerunOf: "x" }))
    expect(await here.verdict("early", "RerunInvalid")).toEqual({
      phase: "Failed",
      message: 'execution "x" has not ended; wait for it, or cancel it',
    })
    await here.release("x", "b", 1)
    const original = await here.finished("x")

    // What was edited since concerns no rerun.
    await here.apply(rules(["other:quick"], {}))
    await here.apply(execution("y", { rerunOf: "x" }))
    await here.release("y", "b", 1)
    expect((await here.ended("y")).stages).toEqual({
      a: "Succeeded TakenOver",
      b: "Failed BackoffLimitExceeded",
      c: "Skipped ParentFailed",
      z: "Succeeded",
    })
    await here.apply(execution("z", { rerunOf: "y" }))
    await here.release("z", "b")
    expect(await here.ended("z")).toEqual({
      phase: "Succeeded",
      stages: { a: "Succeeded TakenOver", b: "Succeeded", c: "Succeeded", z: "Succeeded" },
    })
    expect(await here.status("z", "a")).toMatchObject({ outputs: { got: "17" }, message: 'from execution "x"' })
    expect((await here.status("z", "c"))?.outputs).toEqual({ got: "17" })
    expect([(await here.jobsOf("y")).length, (await here.jobsOf("z")).length]).toEqual([2, 3])
    expect((await here.read("x")).status).toEqual(original.status)
    await here.apply(execution("again", { rerunOf: "z" }))
    expect((await here.verdict("again", "RerunInvalid")).message).toContain(
      "succeeded, so there is nothing to run again",
    )
  })

  // One after the other: a resync looks at all namespaces.
  describe("the resync", () => {
    const names = async (here: Awaited<ReturnType<typeof fresh>>) =>
      (await here.kubectl("get", "pex", "-o", "name"))
        .trim()
        .split("\n")
        .map((line) => line.split("/")[1])

    it("deletes what is past its ttlSecondsAfterFinished, and nothing before", async () => {
      const here = await fresh()
      await here.apply(quick, held, rules(["a:quick"], {}), execution("now", { ttlSecondsAfterFinished: 0 }))
      await here.apply(execution("later", { ttlSecondsAfterFinished: 600 }), execution("never", {}))
      await Promise.all(["now", "later", "never"].map((name) => here.ended(name)))
      expect(await names(here)).toHaveLength(3)
      await here.resync()
      expect((await names(here)).toSorted()).toEqual(["later", "never"])
    })

    it("keeps as many of the last executions as the pipeline says, of each outcome", async () => {
      const here = await fresh()
      const limits = { successfulExecutionsHistoryLimit: 2, failedExecutionsHistoryLimit: 0 }
      await here.apply(quick, held, rules(["a:held"], {}, limits))
      for (const name of ["s1", "s2", "f1", "s3"]) {
        await here.apply(execution(name, {}))
        await here.release(name, "a", name === "f1" ? 1 : 0)
        await here.finished(name)
      }
      await here.apply(execution("running", {}))
      await here.running("running", "a")
      await here.resync()
      expect((await names(here)).toSorted()).toEqual(["running", "s2", "s3"])
      await here.release("running", "a")
      await here.finished("running")
    })
  })
})
