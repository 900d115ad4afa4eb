// The sample on a real Knative cluster, with real containers: by `kubectl apply` and nothing else.

import { setTimeout as sleep } from "node:timers/promises"
import { expect, it } from "vitest"
import { controllerPods, eventually, get, kubectl, repository, resyncEvery, useNamespace } from "./cluster.ts"
import { hasEnded, until } from "./runs.ts"

const namespace = useNamespace()
const name = "peanutpipelineexecution-sample"
const isGone = (pods: readonly unknown[]) => pods.length === 0

it("runs the sample from zero pods to Succeeded", async () => {
  await eventually(controllerPods, isGone, 150)

  await kubectl(["apply", "-n", namespace, "-f", repository("config/samples")])
  const { status } = await until(namespace, name, hasEnded, 150)
  expect(status).toMatchObject({ phase: "Succeeded", summary: "5/5 succeeded" })
  const at = Object.fromEntries(
    status!.stages!.map((stage) => [stage.name, [Date.parse(stage.startTime!), Date.parse(stage.completionTime!)]]),
  )
  expect(at["Third Stage"]![0]).toBeGreaterThanOrEqual(at["Second Stage"]![1]!)
  expect(at["Fourth Stage"]![0]).toBeGreaterThanOrEqual(at["Second Stage"]![1]!)
  expect(at["Fifth Stage"]![0]).toBeGreaterThanOrEqual(Math.max(at["Third Stage"]![1]!, at["Fourth Stage"]![1]!))
  const { items: jobs } = await get<{ items: unknown[] }>("jobs", "-n", namespace)
  expect(jobs).toHaveLength(5)
}, 320_000)

it("shows a user what became of it: kubectl get, describe and logs", async () => {
  expect(await kubectl(["get", "peanut", "-n", namespace])).toMatch(/pipeline-sample +Succeeded +5\/5 succeeded/)
  const described = await kubectl(["describe", "peanutpipelineexecution", name, "-n", namespace])
  const [status = "", events = ""] = described.split(/^Events:/m)
  expect(events).toMatch(/Normal +Started .*started pipeline "pipeline-sample"/)
  for (const stage of ["First", "Second", "Third", "Fourth", "Fifth"]) {
    const job = `Job Name: +${name}-${stage.toLowerCase()}-stage-`
    expect(status).toMatch(new RegExp(`${job}[^]*?Name: +${stage} Stage[^]*?Phase: +Succeeded`))
  }
  expect(events).toMatch(/Normal +Succeeded .*/)

  const spec = { image: "busybox", command: ["echo", "hello from a stage"] }
  const stage = { apiVersion: "pipeline.peanut.dev/v1alpha1", kind: "PeanutStage", metadata: { name: "hello" }, spec }
  const pipeline = { ...stage, kind: "PeanutPipeline", spec: { stages: [{ name: "Hello", type: "hello" }] } }
  const run = { ...stage, kind: "PeanutPipelineExecution", spec: { pipelineName: "hello" } }
  await kubectl(["apply", "-n", namespace, "-f", "-"], [stage, pipeline, run].map((o) => JSON.stringify(o)).join("\n"))
  const ended = await until(namespace, "hello", hasEnded, 60)
  expect(await kubectl(["logs", `job/${ended.status!.stages![0]!.jobName}`, "-n", namespace])).toBe(
    "hello from a stage\n",
  )
})

it("is at zero pods afterwards, and stays there between two resyncs", async () => {
  await resyncEvery("0 0 1 1 *") // Not while we look.
  await eventually(controllerPods, isGone, 180)
  for (let i = 0; i < 15; i++) {
    expect(await controllerPods()).toEqual([])
    await sleep(2000)
  }
})
