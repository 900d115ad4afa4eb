// Stands where an API server with a kubelet behind it would: one execution, pods and their logs, as a test writes them.

import { once } from "node:events"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type RequestListener, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { StageStatus } from "../../../src/api/execution.ts"
import { jobName } from "../../../src/resources/job-name.ts"
import { failure, json, kubeconfigFor } from "../../server/fake-api-server.ts"

export const uid = "0a1b2c3d-0000-0000-0000-000000000001"

export interface FakeCluster {
  readonly kubeconfig: string
  /** Method and path of each call. */
  readonly calls: readonly string[]
  /** The execution that it has, and its pods; changed at any time. */
  execution: ReturnType<typeof execution> | undefined
  pods: readonly object[]
  /** How the log of a pod is answered; `query` is what was asked for. */
  log: (pod: string, query: URLSearchParams, response: ServerResponse) => void
  /** How a watch of the execution is answered. */
  watch: (response: ServerResponse) => void
  /** Answers every call, in place of all this. */
  instead: RequestListener | undefined
  readonly close: () => void
}

export async function startFakeCluster(): Promise<FakeCluster> {
  const calls: string[] = []
  const server = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`)
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://cluster")
    const [, pod] = /\/pods\/([^/]+)\/log$/.exec(pathname) ?? []
    const [, name] = /\/(?:pods|peanutpipelineexecutions)\/([^/]+)$/.exec(pathname) ?? []
    const { execution } = cluster
    if (cluster.instead !== undefined) cluster.instead(request, response)
    else if (searchParams.has("watch")) cluster.watch(response)
    else if (pod !== undefined) cluster.log(pod, searchParams, response)
    else if (name !== undefined) {
      const found = [execution, ...(cluster.pods as { metadata: { name: string } }[])].find(
        (object) => object?.metadata.name === name,
      )
      const message = `peanutpipelineexecutions.pipeline.peanut.dev "${name}" not found`
      const answer = found === undefined ? failure(404, "NotFound", message) : json(200, found)
      answer(request, response)
    } else {
      const items = pathname.endsWith("/pods") ? cluster.pods : execution === undefined ? [] : [execution]
      json(200, { items, metadata: {} })(request, response)
    }
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const folder = mkdtempSync(join(tmpdir(), "peanut-test-"))
  const kubeconfig = join(folder, "kubeconfig")
  writeFileSync(kubeconfig, kubeconfigFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  const cluster: FakeCluster = {
    kubeconfig,
    calls,
    execution: undefined,
    pods: [],
    log: (pod, _, response) => response.end(`log of ${pod}\n`),
    watch: (response) => response.end(),
    instead: undefined,
    close: () => {
      server.close()
      server.closeAllConnections()
      rmSync(folder, { recursive: true })
    },
  }
  return cluster
}

/** The execution `web-1` with stages in these states. */
export function execution(phase: string, stages: readonly StageStatus[]) {
  return {
    apiVersion: "pipeline.peanut.dev/v1alpha1",
    kind: "PeanutPipelineExecution",
    metadata: {
      name: "web-1",
      namespace: "default",
      uid,
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
    spec: { pipelineName: "web" },
    status: {
      phase,
      summary: "so far",
      stages,
      snapshot: { stages: stages.map(({ name }) => ({ name, type: "task" })), stageSpecs: {} },
    },
  }
}

type State = "running" | "ended" | { readonly reason: string; readonly message: string }

/** A pod of a stage of `web-1`, with more of its metadata. */
export function pod(name: string, stage: string, state: State = "ended", { index = 0, more = {} } = {}) {
  const isWaiting = typeof state === "object"
  const own = isWaiting ? { waiting: state } : state === "running" ? { running: {} } : { terminated: { exitCode: 0 } }
  return {
    metadata: {
      name,
      namespace: "default",
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...more,
      annotations: {
        "pipeline.peanut.dev/execution": "web-1",
        "pipeline.peanut.dev/stage": stage,
        ...(more as { annotations?: object }).annotations,
      },
      ownerReferences: [{ controller: true, name: jobName({ name: "web-1", uid }, stage, index) }],
    },
    status: {
      phase: isWaiting ? "Pending" : state === "running" ? "Running" : "Succeeded",
      containerStatuses: [{ name: "stage", state: own }],
    },
  }
}
