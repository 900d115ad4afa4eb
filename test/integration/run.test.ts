// Runs on a real API server, with the real Job controller and the real event source in front of the built server.

import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { CloudEvent } from "cloudevents"
import { beforeEach, expect, it } from "vitest"
import { sourceEvent } from "../../src/cluster/local/source.ts"
import { resources } from "../../src/cluster/object-api.ts"
import { shardLabel } from "../../src/resources/labels.ts"
import { describeWithControlPlane } from "../control-plane/describe.ts"
import { freePort, startServer } from "./server.ts"
import {
  eventually,
  inNamespace,
  pipeline,
  repository,
  run,
  stage,
  succeed,
  useWorld,
  watchedResources,
} from "./world.ts"

const quick = stage("quick", ["true"])
const broken = stage("broken", ["sh", "-c", "exit 3"])
const held = stage("held", ["hold"])

describeWithControlPlane("a run on a real API server", () => {
  const world = useWorld()
  let here: ReturnType<typeof inNamespace>
  beforeEach(async () => {
    const { controlPlane } = world()
    here = inNamespace(controlPlane, await controlPlane.createNamespace())
  })

  it("plays the sample in order with exactly five Jobs, owned and named as designed", async () => {
    const { controlPlane, kubelet } = world()
    const sample = readFileSync(repository("config/samples/sample.yaml"), "utf8")
    await succeed(controlPlane.kubectl("apply", "-n", here.namespace, "-f", "-", { input: sample }))
    const { metadata, status } = await here.finished("peanutpipelineexecution-sample", 30_000)

    expect(status).toMatchObject({ phase: "Succeeded", summary: "5/5 succeeded" })
    expect(status?.conditions).toMatchObject([{ type: "Succeeded", status: "True", reason: "Succeeded" }])
    const jobs = await here.jobs()
    expect(jobs).toHaveLength(5)
    expect(jobs.map((job) => job.metadata.name).toSorted()).toEqual(status?.stages?.map((s) => s.jobName).toSorted())
    for (const { metadata: job } of jobs) {
      expect(job.name).toMatch(/^peanutpipelineexecution-sample-(first|second|third|fourth|fifth)-stage-[0-9a-z]{13}$/)
      expect(job.ownerReferences).toMatchObject([
        { kind: "PeanutPipelineExecution", uid: metadata.uid, controller: true },
      ])
      expect(job.labels).toMatchObject({
        "pipeline.peanut.dev/execution": "peanutpipelineexecution-sample",
        "app.kubernetes.io/managed-by": "peanut",
        "pipeline.peanut.dev/shard": shardLabel(metadata.uid),
      })
      expect(job.annotations["pipeline.peanut.dev/stage"]).toMatch(/^(First|Second|Third|Fourth|Fifth) Stage$/)
    }
    const ran = Object.fromEntries(
      kubelet.history.filter((run) => run.namespace === here.namespace).map((run) => [run.stage, run]),
    )
    const starts = (name: string) => ran[name]!.startedAt
    const ends = (name: string) => ran[name]!.finishedAt!
    expect(Object.keys(ran)).toHaveLength(5)
    expect(starts("Second Stage")).toBeLessThan(ends("First Stage"))
    expect(starts("Third Stage")).toBeGreaterThanOrEqual(ends("Second Stage"))
    expect(starts("Fourth Stage")).toBeGreaterThanOrEqual(ends("Second Stage"))
    expect(starts("Fifth Stage")).toBeGreaterThanOrEqual(Math.max(ends("Third Stage"), ends("Fourth Stage")))
  })

  it("skips what is below a failed stage while the other branch runs to its end", async () => {
    await here.apply(
      quick,
      broken,
      pipeline("p", "a:quick → b:broken → c:quick → e:quick", "a → d:quick"),
      run("x", "p"),
    )
    const { status } = await here.finished("x")
    expect(status).toMatchObject({ phase: "Failed", summary: "2/5 succeeded, 1 failed, 2 skipped" })
    expect(await here.phases("x")).toEqual({ a: "Succeeded", b: "Failed", c: "Skipped", d: "Succeeded", e: "Skipped" })
    const failed = status?.stages?.find((stage) => stage.name === "b")
    expect(failed).toMatchObject({ reason: "BackoffLimitExceeded", message: expect.stringMatching(/^exit code 3/) })
    expect(await here.jobs()).toHaveLength(3)
  })

  it("is not changed by an edit of its pipeline or its stages", async () => {
    const { kubelet, controlPlane } = world()
    await here.apply(quick, held, pipeline("p", "a:held → b:quick"), run("x", "p"))
    await kubelet.running(
      `${(await here.until("x", (x) => x.status?.phase === "Running")).status?.stages?.[0]?.jobName}`,
    )
    await here.apply(stage("quick", ["false"]), pipeline("p", "a:held → b:quick → c:quick", "z:quick"))
    await succeed(controlPlane.kubectl("delete", "-n", here.namespace, "peanutstage", "held"))
    await kubelet.release((await here.jobs())[0]!.metadata.name)
    const { status } = await here.finished("x")
    expect(status?.phase).toBe("Succeeded")
    expect(await here.phases("x")).toEqual({ a: "Succeeded", b: "Succeeded" })
  })

  it("fails a stage whose Job is deleted while it runs", async () => {
    const { controlPlane } = world()
    await here.apply(held, quick, pipeline("p", "a:held → b:quick", "c:quick"), run("x", "p"))
    const running = await here.until("x", (x) => x.status?.stages?.[0]?.phase === "Running")
    await succeed(controlPlane.kubectl("delete", "-n", here.namespace, "job", running.status!.stages![0]!.jobName!))
    const { status } = await here.finished("x")
    expect(status?.stages).toMatchObject([
      { name: "a", phase: "Failed", reason: "JobDeleted" },
      { name: "b", phase: "Skipped", reason: "ParentFailed" },
      { name: "c", phase: "Succeeded" },
    ])
  })

  it("starts the next stage on the pod's success, before the Job says Complete", async () => {
    const { controlPlane } = world()
    await here.apply(quick, held, pipeline("p", "a:quick → b:held"), run("x", "p"))
    // At the very moment at which the second Job exists, the first one must not have said Complete.
    const { status } = await here.until("x", (x) => x.status?.stages?.[0]?.phase === "Succeeded")
    const first = await controlPlane.api.get<{ status: { completionTime?: string; conditions?: object[] } }>(
      `${here.jobsPath}/${status!.stages![0]!.jobName}`,
    )
    const jobs = await here.jobs()
    expect(jobs).toHaveLength(2)
    expect(first.status.conditions ?? []).not.toContainEqual(expect.objectContaining({ type: "Complete" }))
    await world().kubelet.release(status!.stages![1]!.jobName ?? "b")
    expect((await here.finished("x")).status?.phase).toBe("Succeeded")
  })

  it("says that an image cannot be pulled, and stops saying it when the pod starts", async () => {
    const { controlPlane } = world()
    await here.apply(stage("typo", ["hold"], { image: "missing/buzybox" }), pipeline("p", "a:typo"), run("x", "p"))
    const stuck = await here.until("x", (x) => x.status?.stages?.[0]?.message !== undefined)
    expect(stuck.status?.stages?.[0]).toMatchObject({
      phase: "Running",
      message: expect.stringMatching(/^ImagePullBackOff: /),
    })
    const pods = `/api/v1/namespaces/${here.namespace}/pods`
    const { items } = await controlPlane.api.get<{ items: { metadata: { name: string } }[] }>(pods)
    // A start that follows at once would be dropped as ordinary; nobody mends an image within three seconds.
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    await controlPlane.api.patch(`${pods}/${items[0]!.metadata.name}`, {
      spec: { containers: [{ name: "stage", image: "busybox" }] },
    })
    const started = await here.until("x", (x) => x.status?.stages?.[0]?.message === undefined)
    expect(started.status?.stages?.[0]?.phase).toBe("Running")
    await world().kubelet.release("a")
    await here.finished("x")
  })

  it("writes nothing for an event it has seen ten times", async () => {
    const { server, controlPlane } = world()
    await here.apply(quick, held, pipeline("p", "a:quick → b:held"), run("x", "p"))
    const before = await here.until("x", (x) => x.status?.stages?.[1]?.phase === "Running")
    const job = await controlPlane.api.get<never>(`${here.jobsPath}/${before.status!.stages![0]!.jobName}`)
    const raw = await controlPlane.api.get<object>(`${here.executions}/x`)
    const unseen = { ...raw, status: {} }
    for (const object of [job, unseen] as never[]) {
      const event = sourceEvent({ type: "add", resource: resources.jobs, object })
      for (let i = 0; i < 10; i++) expect((await server.post(event.cloneWith({ id: `again-${i}` }))).status).toBe(202)
    }
    expect((await here.read("x")).metadata.resourceVersion).toBe(before.metadata.resourceVersion)
    expect(await here.jobs()).toHaveLength(2)
    await world().kubelet.release("b")
    const done = await here.finished("x")
    expect((await server.post(sourceEvent({ type: "add", resource: resources.jobs, object: job }))).status).toBe(202)
    expect((await here.read("x")).metadata.resourceVersion).toBe(done.metadata.resourceVersion)
  })

  it("is cancelled: running Jobs are stopped, nothing new starts", async () => {
    const { controlPlane } = world()
    await here.apply(held, quick, pipeline("p", "a:held → b:quick"), run("x", "p"))
    await here.until("x", (x) => x.status?.stages?.[0]?.phase === "Running")
    await controlPlane.api.patch(`${here.executions}/x`, { spec: { cancel: true } }, "merge")
    expect((await here.finished("x")).status).toMatchObject({ phase: "Cancelled" })
    expect(await here.phases("x")).toEqual({ a: "Cancelled", b: "Cancelled" })
    const jobs = await eventually(
      here.jobs,
      ([job]) => job?.status.conditions?.some((c) => c.type === "Failed") ?? false,
    )
    expect(jobs).toHaveLength(1)
  })

  it("holds while it is suspended, and goes on when it is not", async () => {
    const { controlPlane } = world()
    await here.apply(quick, pipeline("p", "a:quick"), { ...run("x", "p"), spec: { pipelineName: "p", suspend: true } })
    await here.until("x", (x) => x.status?.stages?.[0]?.reason === "Suspended")
    expect(await here.jobs()).toHaveLength(0)
    await controlPlane.api.patch(`${here.executions}/x`, { spec: { suspend: false } }, "merge")
    expect((await here.finished("x")).status?.phase).toBe("Succeeded")
  })

  it("fails at once, with every mistake named, when its pipeline is invalid or missing", async () => {
    await here.apply(quick, pipeline("p", "a:quick → b:quikc", "b → a"), run("x", "p"), run("y", "nope"))
    const { status } = await here.finished("x")
    expect(status?.conditions).toMatchObject([
      {
        status: "False",
        reason: "PipelineInvalid",
        message:
          'stage "b" is of type "quikc", but there is no PeanutStage of that name; did you mean "quick"?; ' +
          'stages of pipeline "p" wait for each other: a → b → a',
      },
    ])
    expect((await here.finished("y")).status?.conditions).toMatchObject([{ reason: "PipelineNotFound" }])
    const { controlPlane } = world()
    const valid = () => succeed(controlPlane.kubectl("get", "-n", here.namespace, "ppl", "p", "-o", "wide"))
    expect(await eventually(valid, (text) => text.includes("False"))).toContain("a → b → a")
    expect(await here.jobs()).toHaveLength(0)
  })

  it("finishes by one resync alone when the adapter is down", async () => {
    const { adapter, server, kubelet } = world()
    await here.apply(held, quick, pipeline("p", "a:held → b:quick"), run("x", "p"))
    await here.until("x", (x) => x.status?.stages?.[0]?.phase === "Running")
    await adapter.stop()
    try {
      await kubelet.release("a")
      await eventually(here.jobs, ([job]) => job?.status.conditions?.some((c) => c.type === "Complete") ?? false)
      expect(await here.phases("x")).toEqual({ a: "Running", b: "Waiting" })
      const resync = () => server.post(new CloudEvent({ type: "dev.knative.sources.ping", source: "/test" }))
      expect((await resync()).status).toBe(202)
      await eventually(here.jobs, (jobs) => jobs.length === 2)
      await eventually(here.jobs, (jobs) => jobs.every((j) => j.status.conditions?.some((c) => c.type === "Complete")))
      await resync()
      expect((await here.read("x")).status?.phase).toBe("Succeeded")
    } finally {
      await adapter.restart()
    }
  })

  it("makes five Jobs when three servers get every event at once", async () => {
    const { controlPlane, kubeconfig } = world()
    const servers = await Promise.all([startServer(kubeconfig), startServer(kubeconfig), startServer(kubeconfig)])
    const port = await freePort()
    // Every event goes to all three at the same time; the adapter hears the worst answer.
    const fanOut = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const headers = Object.fromEntries(
        Object.entries(request.headers).filter(([name]) => name.startsWith("ce-") || name === "content-type"),
      ) as Record<string, string>
      const answers = await Promise.all(
        servers.map(({ url }) => fetch(url, { method: "POST", headers, body: Buffer.concat(chunks) })),
      )
      response.writeHead(Math.max(...answers.map(({ status }) => status))).end()
    }).listen(port, "127.0.0.1")
    const adapter = await controlPlane.startAdapter({
      sink: `http://127.0.0.1:${port}`,
      resources: watchedResources(),
      namespaces: [here.namespace],
    })
    try {
      const sample = readFileSync(repository("config/samples/sample.yaml"), "utf8")
      await succeed(controlPlane.kubectl("apply", "-n", here.namespace, "-f", "-", { input: sample }))
      expect((await here.finished("peanutpipelineexecution-sample", 30_000)).status?.phase).toBe("Succeeded")
      expect(await here.jobs()).toHaveLength(5)
      const runs = world().kubelet.history.filter((run) => run.namespace === here.namespace)
      expect(runs).toHaveLength(5)
    } finally {
      await adapter.stop()
      fanOut.close()
      await Promise.all(servers.map((server) => server.stop()))
    }
  }, 60_000)

  it("takes its Jobs along when its execution is deleted, and creates no more", async () => {
    const { controlPlane } = world()
    await here.apply(held, quick, pipeline("p", "a:held → c:quick", "b:held"), run("x", "p"))
    await eventually(here.jobs, (jobs) => jobs.length === 2)
    await succeed(controlPlane.kubectl("delete", "-n", here.namespace, "peanutpipelineexecution", "x"))
    // The garbage collector learns of new kinds only every 30 s, and in this cluster ours are new.
    await eventually(here.jobs, (jobs) => jobs.length === 0, 60_000)
  }, 90_000)
})
