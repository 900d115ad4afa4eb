// Lifecycle events leave the cluster's controller by a SinkBinding, and can do what any event can: the end of one run
// starts another, through a Broker and a Trigger.

import { afterAll, beforeAll, expect, it } from "vitest"
import { apply, eventually, get, isReady, kubectl, type List, system, useNamespace } from "./cluster.ts"
import { chain, expectEachStageOnce, hasEnded, run, until } from "./runs.ts"

const namespace = useNamespace()
const broker = { apiVersion: "eventing.knative.dev/v1", kind: "Broker" }

beforeAll(async () => {
  await apply(
    namespace,
    { ...broker, metadata: { name: "default" } },
    ...chain("first", 2, 0),
    ...chain("second", 1, 0, { events: [{}] }),
  )
  await apply(namespace, {
    apiVersion: "eventing.knative.dev/v1",
    kind: "Trigger",
    metadata: { name: "after-first" },
    spec: {
      broker: "default",
      // The source names the one run that shall start another: a filter by type alone would start runs without end.
      filters: [
        {
          exact: {
            type: "dev.peanut.execution.succeeded",
            source: `/apis/pipeline.peanut.dev/v1alpha1/namespaces/${namespace}/peanutpipelineexecutions/first`,
          },
        },
      ],
      subscriber: {
        ref: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "peanut", namespace: system },
        uri: `/namespaces/${namespace}/pipelines/second`,
      },
    },
  })
  const ready = ["wait", "--for=condition=Ready", "--timeout=90s"]
  await kubectl([...ready, "-n", namespace, "broker/default", "trigger/after-first"])
  await apply(system, {
    apiVersion: "sources.knative.dev/v1",
    kind: "SinkBinding",
    metadata: { name: "peanut" },
    spec: {
      subject: { apiVersion: "serving.knative.dev/v1", kind: "Service", name: "peanut" },
      sink: { ref: { ...broker, name: "default", namespace } },
    },
  })
  await kubectl([...ready, "-n", system, "sinkbinding/peanut"])
  const bound = async () => JSON.stringify(await get("ksvc/peanut", "-n", system))
  await eventually(bound, (text) => text.includes("K_SINK"), 60)
  await isReady(system)
}, 300_000)

afterAll(async () => {
  await kubectl(["delete", "sinkbinding/peanut", "-n", system, "--ignore-not-found"])
  await isReady(system)
}, 120_000)

it("the end of a run reaches the Broker, and starts another run by a Trigger", async () => {
  await apply(namespace, run("first", "first"))
  await until(namespace, "first", hasEnded, 60)
  const others = async () =>
    (await get<List<{ metadata: { name: string } }>>("pex", "-n", namespace)).items
      .map(({ metadata }) => metadata.name)
      .filter((name) => name !== "first")
  const [second] = await eventually(others, (names) => names.length > 0, 60)
  await until(namespace, second!, hasEnded, 60)
  expect(await others()).toEqual([second])
  await expectEachStageOnce(namespace, "first", second!)
}, 200_000)
