// Proves the harness: a real Job controller, the stub kubelet and Knative's adapter working together, and nothing left
// behind.
import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { startControlPlane } from "./control-plane.ts"
import { describeWithControlPlane, useControlPlane } from "./describe.ts"
import { type Kubelet, startKubelet } from "./kubelet.ts"

describeWithControlPlane("control plane", () => {
  const controlPlane = useControlPlane({ auditLog: true })
  let kubelet: Kubelet

  beforeAll(async () => {
    kubelet = await startKubelet(controlPlane())
  })
  afterAll(async () => {
    await kubelet?.stop()
    expect(kubelet.errors).toEqual([])
  })

  // Side by side, for a Job takes the controller a second at least, and a retry ten.
  test.concurrent("completes a Job of `true`", async () => {
    await apply(job("works", ["true"]))
    expect(await endOf("works")).toBe("Complete")
    expect(kubelet.history.find((run) => run.job === "works")?.outcome).toBe("Succeeded")
  })

  test.concurrent("fails a Job whose script exits with 3", async () => {
    await apply(job("breaks", ["sh", "-c", "sleep 1; exit 3"]))
    expect(await endOf("breaks")).toBe("Failed")
    expect(await podField("breaks", "status.containerStatuses[0].state.terminated.exitCode")).toBe("3")
  })

  test.concurrent("retries a failed pod as often as the Job allows", async () => {
    await apply(job("retried", ["hold"], { backoffLimit: 1 }))
    await kubelet.release("retried", 1)
    await kubelet.release("retried", 0)
    expect(await endOf("retried")).toBe("Complete")
    expect(runsOf("retried")).toEqual(["Failed", "Succeeded"])
  })

  test.concurrent("restarts the container of a pod that says OnFailure", async () => {
    await apply(job("restarted", ["hold"], { backoffLimit: 1, template: { restartPolicy: "OnFailure" } }))
    await kubelet.release("restarted", 1)
    await kubelet.release("restarted", 0)
    expect(await endOf("restarted")).toBe("Complete")
    expect(await podField("restarted", "status.containerStatuses[0].restartCount")).toBe("1")
  })

  test.concurrent("keeps what a container wrote to its termination message", async () => {
    const script = 'echo "tag=$TAG" > "$PEANUT_OUTPUT" && echo ok=yes >> $PEANUT_OUTPUT'
    const env = [
      { name: "TAG", value: "v1" },
      { name: "PEANUT_OUTPUT", value: "/dev/termination-log" },
    ]
    await apply(job("speaks", ["sh", "-c", script], { container: { env } }))
    expect(await endOf("speaks")).toBe("Complete")
    expect(await podField("speaks", "status.containerStatuses[0].state.terminated.message")).toBe("tag=v1\nok=yes\n")
  })

  test.concurrent("gives the pods of an Indexed Job their index", async () => {
    const fieldPath = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    const env = [{ name: "INDEX", valueFrom: { fieldRef: { fieldPath } } }]
    const spec = { completionMode: "Indexed", completions: 2, parallelism: 2, container: { env } }
    await apply(job("many", ["sh", "-c", "exit $INDEX"], spec))
    expect(await endOf("many")).toBe("Failed")
    expect(runsOf("many").sort()).toEqual(["Failed", "Succeeded"])
  })

  test.concurrent("leaves a pod pending whose image is missing, until the image changes", async () => {
    await apply(job("late", ["true"], { container: { image: "busybox:missing" } }))
    const reason = "status.containerStatuses[0].state.waiting.reason"
    await eventually(async () => expect(await podField("late", reason)).toBe("ImagePullBackOff"))
    expect(await podField("late", "status.phase")).toBe("Pending")
    const pod = await podField("late", "metadata.name")
    expect(await kubectl("set", "image", `pod/${pod}`, "stage=busybox")).toContain("updated")
    expect(await endOf("late")).toBe("Complete")
  })

  test.concurrent("leaves a pod unscheduled that asks for a node with a label", async () => {
    await apply(job("nowhere", ["true"], { template: { nodeSelector: { disk: "fast" } } }))
    const reason = 'status.conditions[?(@.type=="PodScheduled")].reason'
    await eventually(async () => expect(await podField("nowhere", reason)).toBe("Unschedulable"))
    await kubectl("delete", "job", "nowhere")
    await eventually(async () => expect(await podField("nowhere", "metadata.name")).toBe(""))
  })

  test.concurrent("ends a Job at its deadline, with its pod", async () => {
    await apply(job("slow", ["hold"], { activeDeadlineSeconds: 1 }))
    expect(await endOf("slow")).toBe("Failed")
    expect(runsOf("slow")).toEqual(["Deleted"])
  })

  test.concurrent("removes the running pods of a deleted Job", async () => {
    await apply(job("cancelled", ["hold"]))
    const run = await kubelet.running("cancelled")
    await kubectl("delete", "job", "cancelled", "--wait=false")
    await eventually(async () => expect(await kubectl("get", "pods", "-o", "name")).not.toContain(run.pod))
  })

  test("writes nothing while paused", async () => {
    kubelet.pause()
    await apply(job("patient", ["true"]))
    await eventually(async () => expect(await podField("patient", "metadata.name")).not.toBe(""))
    await sleep(300)
    expect(await podField("patient", "status.phase")).toBe("Pending")
    kubelet.resume()
    expect(await endOf("patient")).toBe("Complete")
  })

  test("goes on after a restart of the API server", async () => {
    await apply(job("survives", ["hold"]))
    await kubelet.running("survives")
    await controlPlane().restartApiServer()
    await kubelet.release("survives")
    expect(await endOf("survives")).toBe("Complete")
  }, 60_000)

  test("delivers what changes after startAdapter, and nothing from before, from two adapters at once", async () => {
    const namespace = await controlPlane().createNamespace()
    const sink = await startSink()
    const configMap = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace } })
    await apply(configMap("before"))
    const watching = { sink: sink.url, namespaces: [namespace] }
    const adapters = await Promise.all([
      controlPlane().startAdapter({ ...watching, resources: [{ apiVersion: "v1", kind: "ConfigMap" }] }),
      controlPlane().startAdapter({
        ...watching,
        resources: [{ apiVersion: "batch/v1", kind: "Job", selector: { matchLabels: { watched: "yes" } } }],
      }),
    ])
    await apply(configMap("after"))
    await apply(job("unwatched", ["hold"], { namespace }))
    await apply(job("watched", ["hold"], { namespace, labels: { watched: "yes" } }))
    const add = (kind: string, name: string) => ["dev.knative.apiserver.resource.add", `${kind}s/${name}`]
    await eventually(async () => expect(sink.added()).toEqual([add("configmap", "after"), add("job", "watched")]))
    await adapters[0].restart()
    await apply(configMap("later"))
    await eventually(async () => expect(sink.added()).toContainEqual(add("configmap", "later")))
    for (const adapter of adapters) await adapter.stop()
    sink.close()
  }, 60_000)

  test("lets a service account do what its roles allow, and no more", async () => {
    const kubeconfig = await controlPlane().kubeconfigFor("default", "default")
    const { stdout } = await controlPlane().kubectl("auth", "can-i", "create", "jobs", `--kubeconfig=${kubeconfig}`)
    expect(stdout.trim()).toBe("no")
  })

  test("writes down each call of the API", () => {
    const lines = readFileSync(controlPlane().auditLog, "utf8").trimEnd().split("\n")
    const calls = lines.map((line) => JSON.parse(line) as { verb: string; objectRef?: { resource: string } })
    expect(calls.filter(({ verb, objectRef }) => verb === "create" && objectRef?.resource === "jobs")).not.toEqual([])
  })

  /** Standard output, or the complaint. */
  async function kubectl(...args: readonly string[]): Promise<string> {
    const { stdout, stderr } = await controlPlane().kubectl(...args)
    return stdout || stderr
  }

  async function apply(object: object): Promise<void> {
    const { code, stderr } = await controlPlane().kubectl("create", "-f", "-", { input: JSON.stringify(object) })
    expect(stderr).toBe("")
    expect(code).toBe(0)
  }

  async function endOf(name: string): Promise<string> {
    const path = 'jsonpath={.status.conditions[?(@.status=="True")].type}'
    const ends = () => kubectl("get", "job", name, "-o", path)
    await eventually(async () => expect(await ends()).toMatch(/\b(Complete|Failed)$/))
    return (await ends()).split(" ").at(-1) ?? ""
  }

  async function podField(job: string, path: string): Promise<string> {
    return kubectl(
      "get",
      "pods",
      "-l",
      `batch.kubernetes.io/job-name=${job}`,
      "-o",
      `jsonpath={.items[*].${path}}`,
    ).then((text) => (text.startsWith("error") ? "" : text))
  }

  function runsOf(name: string): (string | undefined)[] {
    return kubelet.history.filter((run) => run.job === name).map((run) => run.outcome)
  }
})

describeWithControlPlane("the end of a control plane", () => {
  test("leaves no process and no file after stop()", async () => {
    const controlPlane = await startControlPlane()
    const pids = controlPlane.pids()
    expect(pids).toHaveLength(3)
    await controlPlane.stop()
    expect(pids.filter(isAlive)).toEqual([])
    expect(existsSync(controlPlane.folder)).toBe(false)
  }, 60_000)

  test("leaves no process and no file when the test process is killed", async () => {
    const script = `
      const { startControlPlane } = await import(${JSON.stringify(join(import.meta.dirname, "control-plane.ts"))})
      const controlPlane = await startControlPlane()
      console.log(JSON.stringify({ folder: controlPlane.folder, pids: controlPlane.pids() }))`
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    const [line] = (await child.stdout.take(1).toArray()) as [Buffer]
    const { folder, pids } = JSON.parse(line.toString()) as { folder: string; pids: number[] }
    expect(pids.filter(isAlive)).toHaveLength(3)
    child.kill("SIGKILL")
    await eventually(async () => expect(pids.filter(isAlive)).toEqual([]))
    await eventually(async () => expect(existsSync(folder)).toBe(false))
  }, 60_000)
})

/** `expect.poll`, which does not work in tests that run side by side. */
function eventually(assertion: () => Promise<void>): Promise<void> {
  return vi.waitFor(assertion, { timeout: 15_000, interval: 100 })
}

interface JobSpec {
  readonly backoffLimit?: number
  readonly activeDeadlineSeconds?: number
  readonly completionMode?: string
  readonly completions?: number
  readonly parallelism?: number
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly container?: object
  readonly template?: object
}

function job(name: string, command: readonly string[], spec: JobSpec = {}): object {
  const { namespace = "default", labels = {}, container = {}, template = {}, ...rest } = spec
  const containers = [{ name: "stage", image: "busybox", command, ...container }]
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace, labels },
    spec: { backoffLimit: 0, ...rest, template: { spec: { restartPolicy: "Never", containers, ...template } } },
  }
}

/** Answers every event with 202 and remembers which object it adds. */
async function startSink() {
  const events: { type: string; subject: string }[] = []
  const server = createServer((request, response) => {
    const { "ce-type": type, "ce-subject": subject } = request.headers
    events.push({ type: String(type), subject: String(subject) })
    request.resume()
    response.writeHead(202).end()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    added: () =>
      events
        .filter(({ type }) => type.endsWith(".add"))
        .map(({ type, subject }) => [type, subject.split("/").slice(-2).join("/")])
        .sort(),
    close: () => server.close(),
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
