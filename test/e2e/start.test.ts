// Events from outside start executions: posted by hand to the service's own address, and through a Broker and Trigger.

import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { beforeAll, expect, it } from "vitest"
import { eventually, get, kubectl, type List, repository, system, useNamespace } from "./cluster.ts"
import { chain, expectEachStageOnce, hasEnded, until } from "./runs.ts"

const namespace = useNamespace()
const pod = ["-n", namespace, "client"]

const node = "/nodejs/bin/node"

beforeAll(async () => {
  // Peanut's own image has what it takes to speak HTTP, and is on the node already.
  const image = await kubectl([
    "get",
    "ksvc/peanut",
    "-n",
    system,
    "-o",
    "jsonpath={.spec.template.spec.containers[0].image}",
  ])
  await kubectl([
    "run",
    ...pod,
    `--image=${image}`,
    "--restart=Never",
    "--command",
    "--",
    node,
    "-e",
    "setInterval(() => {}, 1e6)",
  ])
  await kubectl(["wait", "pod/client", "-n", namespace, "--for=condition=Ready", "--timeout=60s"])
  const objects = chain("pipeline-sample", 2, 0, { events: [{}] })
  await kubectl(["apply", "-n", namespace, "-f", "-"], objects.map((object) => JSON.stringify(object)).join("\n"))
})

/** Posts a CloudEvent from inside the cluster; the answer's status, and its body. */
async function post(url: string, event: { readonly id: string; readonly type?: string }) {
  const headers = {
    "content-type": "application/json",
    "ce-specversion": "1.0",
    "ce-id": event.id,
    "ce-type": event.type ?? "dev.example.push",
    "ce-source": "/e2e",
  }
  const options = { method: "POST", headers, body: '{"ref":"main"}' }
  const script = `const answer = await fetch(${JSON.stringify(url)}, ${JSON.stringify(options)})
    console.log(JSON.stringify({ status: answer.status, body: await answer.text() }))`
  const answer = await kubectl(["exec", ...pod, "--", node, "--input-type=module", "-e", script])
  return JSON.parse(answer) as { readonly status: number; readonly body: string }
}

const executions = async () =>
  (await get<List<{ metadata: { name: string } }>>("peanutpipelineexecutions", "-n", namespace)).items
const at = (ns: string, pipeline: string) =>
  `http://peanut.${system}.svc.cluster.local/namespaces/${ns}/pipelines/${pipeline}`

it("an event posted to a pipeline's path starts one execution, however often it comes", async () => {
  expect(await post(at(namespace, "pipeline-sample"), { id: "by-hand" })).toMatchObject({ status: 202 })
  expect(await post(at(namespace, "pipeline-sample"), { id: "by-hand" })).toMatchObject({ status: 202 })
  const [started, ...others] = await executions()
  expect(others).toEqual([])
  await until(namespace, started!.metadata.name, hasEnded, 60)
  expect(await post(at(namespace, "pipeline-sample"), { id: "by-hand" })).toMatchObject({ status: 202 })
  expect(await executions()).toHaveLength(1)
  await expectEachStageOnce(namespace, started!.metadata.name)
})

it("an unknown pipeline is a clear 400, and nothing is written about it", async () => {
  const { status, body } = await post(at(namespace, "pipeline-simple"), { id: "unknown" })
  expect({ status, body }).toEqual({
    status: 400,
    body: expect.stringContaining('no PeanutPipeline "pipeline-simple"'),
  })
  await sleep(2000)
  expect(await kubectl(["get", "events", "-n", namespace])).not.toContain("pipeline-simple")
})

it("an event sent to a Broker starts an execution by its Trigger, and only of the type that it filters", async () => {
  const trigger = readFileSync(repository("examples/trigger/trigger.yaml"), "utf8")
  await kubectl(["apply", "-n", namespace, "-f", repository("examples/trigger/pipeline.yaml")])
  await kubectl(
    ["apply", "-n", namespace, "-f", "-"],
    trigger.replace("/namespaces/default/", `/namespaces/${namespace}/`),
  )
  await kubectl([
    "wait",
    "-n",
    namespace,
    "--for=condition=Ready",
    "--timeout=90s",
    "broker/default",
    "trigger/start-on-push",
  ])
  const { status } = await get<{ status: { address: { url: string } } }>("broker", "default", "-n", namespace)
  const before = (await executions()).map(({ metadata }) => metadata.name)

  expect(await post(status.address.url, { id: "1", type: "dev.example.other" })).toMatchObject({ status: 202 })
  for (let i = 0; i < 2; i++) expect(await post(status.address.url, { id: "2" })).toMatchObject({ status: 202 })
  const started = await eventually(
    async () => (await executions()).map(({ metadata }) => metadata.name).filter((name) => !before.includes(name)),
    (names) => names.length > 0,
    60,
  )
  await until(namespace, started[0]!, hasEnded, 60)
  await sleep(3000)
  expect(await executions()).toHaveLength(before.length + 1)
  await expectEachStageOnce(namespace, started[0]!)
})
