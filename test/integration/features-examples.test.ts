// The examples on a real API server: it takes every file, all of them in one namespace, and those that need a cluster do
// what their comments say.

import { readdirSync, readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { describeWithControlPlane } from "../control-plane/describe.ts"
import { inNamespace, repository, succeed, useWorld } from "./world.ts"

const files = readdirSync(repository("examples")).filter((file) => file.endsWith(".yaml"))
const read = (file: string) => readFileSync(repository(`examples/${file}`), "utf8")

describeWithControlPlane("the examples on a real API server", () => {
  const world = useWorld()
  const fresh = async () => {
    const { controlPlane } = world()
    const here = inNamespace(controlPlane, await controlPlane.createNamespace())
    const kubectl = (...args: string[]) => succeed(controlPlane.kubectl(...args, "-n", here.namespace))
    return {
      ...here,
      kubectl,
      /** Applies a file of examples/, changed as the test needs it. */
      example: (file: string, change = (text: string) => text) =>
        succeed(controlPlane.kubectl("apply", "-n", here.namespace, "-f", "-", { input: change(read(file)) })),
    }
  }

  it("are taken together, and every pipeline is Valid", async () => {
    const here = await fresh()
    await here.kubectl("apply", ...files.flatMap((file) => ["-f", repository(`examples/${file}`)]))
    await here.kubectl("wait", "ppl", "--all", "--for=condition=Valid", "--timeout=30s")
    // The stub of the kubelet knows no approval, no ConfigMap and little of a shell; these it can play.
    const ends = {
      "params-and-outputs-1": "2/2",
      "matrix-1": "2/2",
      "on-failure-ignore-1": "1/2",
      "history-and-ttl-1": "1/1",
    }
    for (const [name, summary] of Object.entries(ends)) {
      const { status } = await here.finished(name, 60_000)
      expect({ name, phase: status?.phase }).toEqual({ name, phase: "Succeeded" })
      expect(status?.summary).toContain(`${summary} succeeded`)
    }
    const { status } = await here.finished("finally-1", 60_000)
    expect(status).toMatchObject({ phase: "Failed", summary: "3/4 succeeded, 1 failed" })
  }, 90_000)

  it.concurrent("concurrency-queue.yaml runs its executions one after the other", async () => {
    const here = await fresh()
    await here.example("concurrency-queue.yaml")
    const names = ["concurrency-queue-1", "concurrency-queue-2", "concurrency-queue-3"]
    for (const name of names) expect((await here.finished(name, 30_000)).status?.phase).toBe("Succeeded")
    const runs = world().kubelet.history.filter(({ namespace }) => namespace === here.namespace)
    expect(runs.map(({ job }) => job.slice(0, names[0]!.length))).toEqual(names)
    for (const [index, { startedAt }] of runs.entries()) {
      if (index > 0) expect(startedAt).toBeGreaterThanOrEqual(runs[index - 1]!.finishedAt!)
    }
  })

  it.concurrent("rerun.yaml runs only Deploy again", async () => {
    const here = await fresh()
    const { kubelet } = world()
    // Whether a ConfigMap is there, the test decides instead.
    await here.example("rerun.yaml", (text) =>
      text.replace(/command: \["sh", "-c", 'echo "deploying.*/, 'command: ["hold"]'),
    )
    const deploy = async (name: string, exitCode: number) => {
      const { status } = await here.until(name, ({ status }) => status?.stages?.[1]?.phase === "Running")
      await kubelet.release(status!.stages![1]!.jobName!, exitCode)
      return here.finished(name)
    }
    expect((await deploy("rerun-1", 1)).status?.phase).toBe("Failed")
    // The manifest in the comment of the example.
    const commented = read("rerun.yaml")
      .match(/^# {3}apiVersion(?:.*\n)(?:# {3}.*\n)+/m)![0]
      .replace(/^# {3}/gm, "")
    await here.example("rerun.yaml", () => commented)
    const { status } = await deploy("rerun-2", 0)
    expect(status).toMatchObject({ phase: "Succeeded" })
    expect(status?.stages).toMatchObject([{ name: "Build", reason: "TakenOver", outputs: { image: "web:17" } }, {}])
    expect(await here.jobs()).toHaveLength(3)
  })

  it.concurrent("suspend-and-cancel.yaml holds, goes on, and ends as Cancelled", async () => {
    const here = await fresh()
    const { controlPlane, kubelet } = world()
    const steer = (spec: object) => controlPlane.api.patch(`${here.executions}/${name}`, { spec }, "merge")
    const name = "suspend-and-cancel-1"
    const stageIs = (index: number, phase: string, reason?: string) =>
      here.until(
        name,
        ({ status }) => status?.stages?.[index]?.phase === phase && status.stages[index].reason === reason,
      )
    await here.example("suspend-and-cancel.yaml", (text) => text.replace('["sleep", "20"]', '["hold"]'))
    const first = await stageIs(0, "Running")
    await steer({ suspend: true })
    await kubelet.release(first.status!.stages![0]!.jobName!)
    await stageIs(1, "Waiting", "Suspended")
    await steer({ suspend: false })
    await stageIs(1, "Running")
    await steer({ cancel: true })
    expect((await here.finished(name)).status?.phase).toBe("Cancelled")
    expect(await here.phases(name)).toEqual({
      First: "Succeeded",
      Second: "Cancelled",
      Third: "Cancelled",
      "Clean up": "Succeeded",
    })
  })

  it.concurrent("secrets.yaml leaves the Secret to the kubelet, and says nothing of it", async () => {
    const here = await fresh()
    await here.kubectl("create", "secret", "generic", "secrets-registry", "--from-literal=PASSWORD=hunter2")
    await here.example("secrets.yaml")
    const { status } = await here.finished("secrets-1")
    expect(status?.phase).toBe("Succeeded")
    const [job] = (await here.jobs()) as unknown as { spec: { template: { spec: { containers: object[] } } } }[]
    expect(job!.spec.template.spec.containers).toMatchObject([
      {
        env: [{ name: "IMAGE" }, { name: "TOKEN", valueFrom: { secretKeyRef: { name: "secrets-registry" } } }, {}],
        envFrom: [{ secretRef: { name: "secrets-registry" } }],
      },
    ])
    const all = await here.kubectl("get", "pex,ppl,pst,jobs,pods,events", "-o", "json")
    expect(all).not.toMatch(/hunter2|aHVudGVyMg/)
    expect(world().server.log()).not.toContain("hunter2")
  })
})
