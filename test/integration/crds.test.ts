// What the API server itself makes of the CRDs: it takes them without a warning, refuses bad objects in words that
// say what to do, and serves kubectl's everyday commands.

import { describe, expect, it } from "vitest"
import { stringify } from "yaml"
import type { ControlPlane } from "../control-plane/control-plane.ts"
import { describeWithControlPlane, useControlPlane } from "../control-plane/describe.ts"
import { pipeline, repository, run, stage, succeed } from "./world.ts"

describeWithControlPlane("the CRDs on a real API server", () => {
  const controlPlane = useControlPlane()
  const kubectl: ControlPlane["kubectl"] = (...args) => controlPlane().kubectl(...args)
  const apply = (object: object, ...options: string[]) =>
    kubectl("apply", ...options, "-f", "-", { input: JSON.stringify(object) })

  it("apply without a warning, and again without a change", async () => {
    await succeed(kubectl("apply", "-k", repository("crds")))
    expect(await succeed(kubectl("apply", "-k", repository("crds")))).not.toContain("configured")
    await succeed(kubectl("wait", "--for=condition=Established", "crd", "--all"))
  })

  it("take the sample, and show it in useful columns", async () => {
    await succeed(kubectl("apply", "-f", repository("config/samples")))
    const table = await succeed(kubectl("get", "peanut"))
    expect(table).toMatch(/PIPELINE +PHASE +STAGES +STARTED +COMPLETED +AGE/)
    expect(table).toMatch(/STAGES +VALID +AGE/)
    expect(table).toMatch(/IMAGE +AGE/)
    for (const name of ["pst", "ppl", "pex"]) expect(await succeed(kubectl("get", name))).toContain("sample")
  })

  it("work with server-side apply, diff and explain", async () => {
    const sample = repository("config/samples")
    await succeed(kubectl("apply", "--server-side", "--force-conflicts", "-f", sample))
    expect((await kubectl("diff", "-f", sample)).code).toBe(0)
    expect(await succeed(kubectl("explain", "peanutpipeline.spec.stages.dependsOn"))).toContain("must have Succeeded")
    expect(await succeed(kubectl("explain", "peanutstage.spec.jobTemplate.spec.backoffLimit"))).toContain("<integer>")
    expect(await succeed(kubectl("explain", "peanutpipelineexecution.status.stages.phase"))).toContain("Skipped")
  })

  it("take a thousand stages that wait for one another", async () => {
    const names = Array.from({ length: 999 }, (_, i) => `stage ${i}`)
    const stages = [...names.map((name) => ({ name, type: "t" })), { name: "last", type: "t", dependsOn: names }]
    await succeed(apply({ ...pipeline("wide"), spec: { stages } }, "--server-side"))
    const chain = names.map((name, i) => ({ name, type: "t", ...(i > 0 && { dependsOn: [names[i - 1]] }) }))
    await succeed(apply({ ...pipeline("deep"), spec: { stages: chain } }, "--server-side"))
  })

  describe("refuse", () => {
    const two = (first: object, second: object) => ({
      ...pipeline("bad"),
      spec: {
        stages: [
          { name: "A", type: "t", ...first },
          { name: "B", type: "t", ...second },
        ],
      },
    })
    it.each([
      [
        "a stage without an image",
        stage("bad", ["true"], { image: undefined }),
        "a stage needs an image: set spec.image",
      ],
      ["an unknown field", stage("bad", ["true"], { imagee: "x" }), 'unknown field "spec.imagee"'],
      ["a command that is not a list", { ...stage("bad", []), spec: { image: "x", command: "true" } }, "spec.command"],
      ["a duration of nothing", stage("bad", ["true"], { timeout: "0s" }), "must be at least 1s, such as 90s"],
      ["a duration in words", stage("bad", ["true"], { timeout: "soon" }), "spec.timeout"],
      ["fewer than no retries", stage("bad", ["true"], { retries: -1 }), "spec.retries"],
      ["a pipeline without stages", { ...pipeline("bad"), spec: { stages: [] } }, "spec.stages"],
      ["two stages of one name", two({ name: "B" }, {}), 'Duplicate value: {"name":"B"}'],
      ["a dependency on itself", two({}, { dependsOn: ["B"] }), 'stage "B" depends on itself'],
      [
        "a dependency on nothing",
        two({}, { dependsOn: ["C"] }),
        "depends on a name that no stage of this pipeline has",
      ],
      ["a dependency named twice", two({}, { dependsOn: ["A", "A"] }), "Duplicate value"],
      ["a type that is no name", two({}, { type: "Not A Name" }), "spec.stages[1].type"],
      ["an execution of nothing", { ...run("bad", "p"), spec: {} }, "spec.pipelineName: Required value"],
    ])("%s", async (_, object, message) => {
      const { code, stderr } = await apply(object)
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(message) })
    })

    it("a change of what an execution runs, but not of what steers it", async () => {
      await succeed(apply(run("x", "p")))
      expect((await apply(run("x", "q"))).stderr).toContain("pipelineName is immutable: create another")
      await succeed(apply({ ...run("x", "p"), spec: { pipelineName: "p", suspend: true } }))
      await succeed(apply({ ...run("x", "p"), spec: { pipelineName: "p", cancel: true } }))
      expect((await apply(run("x", "p"))).stderr).toContain("cancel cannot be taken back")
    })
  })

  it("take an image from the stage's container in jobTemplate, and what else a Job can say", async () => {
    const spec = {
      jobTemplate: {
        metadata: { labels: { team: "web" } },
        spec: {
          completions: 3,
          parallelism: 3,
          completionMode: "Indexed",
          ttlSecondsAfterFinished: 60,
          podFailurePolicy: {
            rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }],
          },
          template: {
            spec: {
              nodeSelector: { disk: "ssd" },
              volumes: [{ name: "cache", emptyDir: {} }],
              containers: [
                { name: "stage", image: "busybox", volumeMounts: [{ name: "cache", mountPath: "/cache" }] },
                { name: "helper", image: "busybox" },
              ],
            },
          },
        },
      },
      resources: { requests: { cpu: 1, memory: "64Mi" } },
    }
    await succeed(apply({ ...stage("rich", []), spec }))
    const stored = JSON.parse(await succeed(kubectl("get", "pst", "rich", "-o", "json")))
    expect(stored.spec, stringify(stored.spec)).toEqual(spec)
  })
})
