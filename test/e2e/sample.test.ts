// The sample on a real Knative cluster, with real containers: by `kubectl apply` and nothing else.

import { afterAll, beforeAll, expect, it } from "vitest"
import type { Execution } from "../../src/api/execution.ts"
import { eventually, get, install, kubectl, repository } from "./cluster.ts"

const namespace = `e2e-${Date.now().toString(36)}`
const name = "peanutpipelineexecution-sample"

beforeAll(async () => {
  await install()
  await kubectl(["create", "namespace", namespace])
}, 180_000)
afterAll(() => kubectl(["delete", "namespace", namespace, "--wait=false"]))

it("runs the sample from zero pods to Succeeded, and is at zero pods again", async () => {
  const pods = () =>
    get<{ items: unknown[] }>("pods", "-n", "peanut-system", "-l", "serving.knative.dev/service=peanut")
  const isGone = ({ items }: { items: unknown[] }) => items.length === 0
  await eventually(pods, isGone, 150)

  await kubectl(["apply", "-n", namespace, "-f", repository("config/samples")])
  const read = () => get<Execution>("peanutpipelineexecution", name, "-n", namespace)
  const { status } = await eventually(read, (run) => run.status?.completionTime !== undefined, 120)
  expect(status).toMatchObject({ phase: "Succeeded", summary: "5/5 succeeded" })
  const at = Object.fromEntries(
    status!.stages!.map((stage) => [stage.name, [Date.parse(stage.startTime!), Date.parse(stage.completionTime!)]]),
  )
  expect(at["Third Stage"]![0]).toBeGreaterThanOrEqual(at["Second Stage"]![1]!)
  expect(at["Fourth Stage"]![0]).toBeGreaterThanOrEqual(at["Second Stage"]![1]!)
  expect(at["Fifth Stage"]![0]).toBeGreaterThanOrEqual(Math.max(at["Third Stage"]![1]!, at["Fourth Stage"]![1]!))
  const { items: jobs } = await get<{ items: unknown[] }>("jobs", "-n", namespace)
  expect(jobs).toHaveLength(5)
  expect(await kubectl(["get", "peanut", "-n", namespace])).toMatch(/pipeline-sample +Succeeded +5\/5 succeeded/)

  await eventually(pods, isGone, 150)
}, 480_000)
