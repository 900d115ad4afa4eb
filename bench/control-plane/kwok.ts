// KWOK as the node: pods of Jobs become Running, and Succeeded a while later, with nothing run. There is no scheduler
// either; stages of benches name the node themselves, which saves each pod one update that nobody waits for.

import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { ControlPlane } from "../../test/control-plane/control-plane.ts"
import { type Running, ready, start } from "../../test/control-plane/processes.ts"

export const nodeName = "kwok"

export interface PodLife {
  /** From Running to Succeeded, at least. */
  readonly millis: number
  /** And at most so much more, at random, so that pods do not end in step. */
  readonly jitterMillis: number
}

export async function startKwok(plane: ControlPlane, folder: string, life: PodLife): Promise<Running> {
  const config = join(plane.folder, "kwok.yaml")
  writeFileSync(
    config,
    [settings, nodeReady, podRunning, podSucceeded(life)].map((o) => JSON.stringify(o)).join("\n---\n"),
  )
  const args = [
    `--kubeconfig=${plane.kubeconfig}`,
    `--config=${config}`,
    "--manage-all-nodes=true",
    "--node-lease-duration-seconds=0", // Heartbeats would be calls that belong to nothing.
  ]
  const logFile = join(plane.folder, "kwok.log")
  // It writes into its home what it is told; the folder goes away with the control plane.
  const kwok = start({ program: join(folder, "kwok"), args, env: { HOME: plane.folder }, logFile })
  await plane.api.create("/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: nodeName } })
  await ready("kwok", kwok, async () => {
    const { status } = await plane.api.get<NodeObject>(`/api/v1/nodes/${nodeName}`)
    return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false
  })
  return kwok
}

interface NodeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
}

const settings = {
  apiVersion: "config.kwok.x-k8s.io/v1alpha1",
  kind: "KwokConfiguration",
  // By default four pods are played at a time, and KWOK would be what a wide pipeline waits for.
  options: {
    podPlayStageParallelism: 32,
    // What a file leaves out is zero here, not the default.
    nodePlayStageParallelism: 4,
    nodeLeaseParallelism: 4,
    podsOnNodeSyncParallelism: 1,
  },
}

const stage = (name: string, kind: string, more: object) => ({
  apiVersion: "kwok.x-k8s.io/v1alpha1",
  kind: "Stage",
  metadata: { name },
  spec: { resourceRef: { apiGroup: "v1", kind }, ...more },
})

const has = (key: string, ...values: readonly string[]) => ({ key, operator: "In", values })

const nodeReady = stage("node-ready", "Node", {
  selector: {
    matchExpressions: [{ key: '.status.conditions.[] | select(.type == "Ready")', operator: "DoesNotExist" }],
  },
  next: {
    statusTemplate: `
conditions:
- { type: Ready, status: "True", reason: Kwok, message: "", lastTransitionTime: {{ Now | Quote }} }
phase: Running
`,
  },
})

const podRunning = stage("pod-running", "Pod", {
  selector: { matchExpressions: [has(".status.phase", "Pending")] },
  next: {
    statusTemplate: `
{{ $now := Now }}
conditions:
- { type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }} }
- { type: ContainersReady, status: "True", lastTransitionTime: {{ $now | Quote }} }
- { type: Ready, status: "True", lastTransitionTime: {{ $now | Quote }} }
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: true
  started: true
  restartCount: 0
  state: { running: { startedAt: {{ $now | Quote }} } }
{{ end }}
phase: Running
startTime: {{ $now | Quote }}
`,
  },
})

const podSucceeded = ({ millis, jitterMillis }: PodLife) =>
  stage("pod-succeeded", "Pod", {
    selector: { matchExpressions: [has(".status.phase", "Running")] },
    // What KWOK calls jitter is the upper end.
    delay: { durationMilliseconds: millis, jitterDurationMilliseconds: millis + jitterMillis },
    next: {
      statusTemplate: `
{{ $now := Now }}
{{ $started := .status.startTime }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: false
  started: false
  restartCount: 0
  state:
    terminated: { exitCode: 0, reason: Completed, startedAt: {{ $started | Quote }}, finishedAt: {{ $now | Quote }} }
{{ end }}
phase: Succeeded
`,
    },
  })
