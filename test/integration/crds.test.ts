// What the API server itself makes of the CRDs: it takes them without a warning, refuses bad objects in words that
// say what to do, and serves kubectl's everyday commands.

import { describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { customResourceDefinition, definitions } from "../../src/api/crds.ts"
import { tooMuchText } from "../../src/api/stage.ts"
import type { ControlPlane } from "../control-plane/control-plane.ts"
import { describeWithControlPlane, useControlPlane } from "../control-plane/describe.ts"
import { pipeline, repository, run, stage, succeed } from "./world.ts"

/** A pipeline of these stages, each of type t unless it says otherwise. */
const stages = (...entries: readonly object[]) => ({
  ...pipeline("bad"),
  spec: { stages: entries.map((entry) => ({ type: "t", ...entry })) },
})
const ending = (...entries: readonly object[]) => {
  const { spec, ...rest } = stages({ name: "A" })
  return { ...rest, spec: { ...spec, finally: entries.map((entry) => ({ type: "t", ...entry })) } }
}
const withSpec = (spec: object) => ({ ...run("rules", "p"), spec: { pipelineName: "p", ...spec } })
const values = (count: number) => Array.from({ length: count }, (_, i) => `v${i}`)
const matrix = (...counts: readonly number[]) => counts.map((count, i) => ({ name: `p${i}`, values: values(count) }))

/** A rule in CEL, by the field it is about: what it refuses, after what (rules about changes), and the words it says. */
interface Refusal {
  readonly at: string
  readonly before?: object
  readonly object: object
  readonly says: string
  /** Where the words are composed: as the CRD has them for want of better. */
  readonly rule?: string
}

const tooShort = "must be at least 1s, such as 90s, 10m or 1h30m"
const needsMatrix = "maxParallel of a stage needs a matrix; without one, set maxParallel of the pipeline"
const tooLarge = "a matrix has at most 256 combinations"
const immutable = (field: string, what: string) =>
  `${field} is immutable: create another PeanutPipelineExecution to ${what}`
const notTakenBack = "an approval cannot be taken back: cancel the execution instead"

const refusals: readonly Refusal[] = [
  {
    at: "PeanutStage.spec",
    object: stage("bad", ["true"], { image: undefined }),
    says: 'a stage needs an image: set spec.image, or the image of container "stage" in spec.jobTemplate',
  },
  {
    at: "PeanutStage.spec",
    object: stage("bad", ["true"], { args: [1, 2, 3].map((i) => String(i).repeat(90_000)) }),
    says: tooMuchText,
  },
  { at: "PeanutStage.spec.timeout", object: stage("bad", ["true"], { timeout: "0s" }), says: tooShort },
  {
    at: "PeanutPipeline.spec",
    object: ending({ name: "B" }, { name: "A" }),
    says: "a stage of finally has the name of another stage of this pipeline",
  },
  {
    at: "PeanutPipeline.spec.events[]",
    object: { ...pipeline("bad"), spec: { stages: [{ name: "A", type: "t" }], events: [{ when: "true" }] } },
    says: "must be {}: it has no fields in this version",
  },
  {
    at: "PeanutPipeline.spec.timeout",
    object: { ...pipeline("bad"), spec: { stages: [{ name: "A", type: "t" }], timeout: "0h" } },
    says: tooShort,
  },
  {
    at: "PeanutPipeline.spec.stages",
    object: stages({ name: "A" }, { name: "B", dependsOn: ["C"] }),
    says: "a stage depends on a name that no stage of this pipeline has",
  },
  {
    at: "PeanutPipeline.spec.stages[]",
    object: stages({ name: "A" }, { name: "B", dependsOn: ["B"] }),
    says: 'stage "B" depends on itself',
    rule: "a stage depends on itself",
  },
  {
    at: "PeanutPipeline.spec.stages[]",
    object: stages({ name: "A", triggerRule: "AnyFailed" }),
    says: "triggerRule needs dependsOn: there is no stage whose outcome it could wait for",
  },
  { at: "PeanutPipeline.spec.stages[]", object: stages({ name: "A", maxParallel: 2 }), says: needsMatrix },
  { at: "PeanutPipeline.spec.stages[].timeout", object: stages({ name: "A", timeout: "00m" }), says: tooShort },
  {
    at: "PeanutPipeline.spec.stages[].matrix",
    object: stages({ name: "A", matrix: matrix(2, 2, 4, 4, 5) }),
    says: tooLarge,
  },
  { at: "PeanutPipeline.spec.finally[]", object: ending({ name: "B", maxParallel: 2 }), says: needsMatrix },
  { at: "PeanutPipeline.spec.finally[].timeout", object: ending({ name: "B", timeout: "0s" }), says: tooShort },
  {
    at: "PeanutPipeline.spec.finally[].matrix",
    object: ending({ name: "B", matrix: matrix(16, 17) }),
    says: tooLarge,
  },
  { at: "PeanutPipelineExecution.spec.timeout", object: withSpec({ timeout: "0s" }), says: tooShort },
  {
    at: "PeanutPipelineExecution.spec",
    before: withSpec({}),
    object: { ...withSpec({}), spec: { pipelineName: "q" } },
    says: immutable("pipelineName", "run another pipeline"),
  },
  {
    at: "PeanutPipelineExecution.spec",
    before: withSpec({ params: [{ name: "a", value: "1" }] }),
    object: withSpec({ params: [{ name: "a", value: "2" }] }),
    says: immutable("params", "run with another"),
  },
  {
    at: "PeanutPipelineExecution.spec",
    before: withSpec({ timeout: "1h" }),
    object: withSpec({}),
    says: immutable("timeout", "run with another"),
  },
  {
    at: "PeanutPipelineExecution.spec",
    before: withSpec({}),
    object: withSpec({ rerunOf: "x" }),
    says: immutable("rerunOf", "run with another"),
  },
  {
    at: "PeanutPipelineExecution.spec",
    object: withSpec({ rerunOf: "x", params: [{ name: "a", value: "1" }] }),
    says: "a rerun takes the parameters of the run that it repeats: give rerunOf or params, not both",
  },
  {
    at: "PeanutPipelineExecution.spec",
    before: withSpec({ approved: ["A", "B"] }),
    object: withSpec({ approved: ["B", "C"] }),
    says: notTakenBack,
  },
  {
    at: "PeanutPipelineExecution.spec",
    before: withSpec({ cancel: true }),
    object: withSpec({ cancel: false }),
    says: "cancel cannot be taken back: create another PeanutPipelineExecution to run the pipeline again",
  },
]

type Node = Readonly<Record<string, unknown>>

/** The rules in CEL of a schema and all below it. */
function rulesIn(schema: Node, path: string): readonly { readonly at: string; readonly says: string }[] {
  const own = (schema["x-kubernetes-validations"] ?? []) as readonly { readonly message: string }[]
  const below = Object.entries((schema.properties ?? {}) as Record<string, Node>)
  return [
    ...own.map(({ message }) => ({ at: path, says: message })),
    ...below.flatMap(([name, child]) => rulesIn(child, `${path}.${name}`)),
    ...(schema.items === undefined ? [] : rulesIn(schema.items as Node, `${path}[]`)),
  ]
}

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
      ["an image that is an option", stage("bad", ["true"], { image: "--volume=/:/host" }), "spec.image"],
      ["an image with a blank", stage("bad", ["true"], { image: "busybox sh" }), "spec.image"],
      ["a variable with an =", stage("bad", ["true"], { env: [{ name: "A=B", value: "" }] }), "spec.env[0].name"],
      ["a name that turns the direction of text", stages({ name: "a\u202eb" }), "spec.stages[0].name"],
      ["a name with an escape sequence", stages({ name: "a\u001b[2J" }), "spec.stages[0].name"],
      ["a name with a control character of C1", stages({ name: "a\u009b2J" }), "spec.stages[0].name"],
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

    const paramsOf = (...names: readonly string[]) => names.map((name) => ({ name, value: "1" }))
    it.each([
      ["a parameter given twice", withSpec({ params: paramsOf("a", "a") }), 'Duplicate value: {"name":"a"}'],
      ["a name that no parameter can have", withSpec({ params: paramsOf("a b") }), "spec.params[0].name"],
      ["a number for a parameter", withSpec({ params: [{ name: "a", value: 1 }] }), "spec.params[0].value"],
      ["an approval given twice", withSpec({ approved: ["A", "A"] }), "spec.approved[1]: Duplicate value"],
      [
        "an outcome that there is not",
        two({}, { dependsOn: ["A"], triggerRule: "AllFailed" }),
        'supported values: "AllSucceeded", "AnyFailed", "AllDone"',
      ],
      ["a matrix without values", two({}, { matrix: [{ name: "a", values: [] }] }), "spec.stages[1].matrix[0].values"],
      ["a matrix of six parameters", two({}, { matrix: matrix(1, 1, 1, 1, 1, 1) }), "spec.stages[1].matrix"],
      ["no place at all", two({}, { matrix: matrix(2), maxParallel: 0 }), "spec.stages[1].maxParallel"],
      ["a stage of finally that waits for others", ending({ name: "B", dependsOn: ["A"] }), "unknown field"],
      ["a stage of finally that waits for a person", ending({ name: "B", approval: true }), "unknown field"],
      ["two stages of finally of one name", ending({ name: "B" }, { name: "B" }), 'Duplicate value: {"name":"B"}'],
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

  describe("say in CEL", () => {
    it("no rule that is not broken here", () => {
      const rules = definitions.flatMap((definition) => {
        const { schema } = customResourceDefinition(definition).spec.versions[0]!
        return rulesIn(schema.openAPIV3Schema as unknown as Node, definition.kind)
      })
      const broken = refusals.map(({ at, says, rule = says }) => ({ at, says: rule }))
      expect(rules.length).toBeGreaterThan(15)
      expect(new Set(broken.map((it) => JSON.stringify(it)))).toEqual(new Set(rules.map((it) => JSON.stringify(it))))
    })

    it.each(refusals)("$at: $says", async ({ before, object, says }) => {
      await succeed(kubectl("delete", "pex", "rules", "--ignore-not-found"))
      if (before !== undefined) await succeed(apply(before))
      // Without the annotation in which kubectl keeps what was applied: it takes no more than a stage may.
      const options = JSON.stringify(object).length > 200_000 ? ["--server-side"] : []
      const { code, stderr } = await apply(object, ...options)
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(says) })
    })
  })

  it.each([
    ["256 combinations of five parameters", stages({ name: "A", matrix: matrix(2, 2, 4, 4, 4) })],
    ["256 values of one", ending({ name: "B", matrix: matrix(256), maxParallel: 3 })],
    ["the default triggerRule where nothing is waited for", stages({ name: "A", triggerRule: "AllSucceeded" })],
  ])("take %s", async (_, object) => {
    await succeed(apply(object, "--dry-run=server"))
  })

  it("take approvals one after the other, and a suspension back", async () => {
    await succeed(kubectl("delete", "pex", "rules", "--ignore-not-found"))
    const given = { params: [{ name: "a", value: "1" }], timeout: "1h" }
    for (const change of [{}, { approved: ["A"] }, { approved: ["B", "A"], suspend: true }, { approved: ["A", "B"] }]) {
      await succeed(apply(withSpec({ ...given, ...change })))
    }
    expect((await apply(withSpec(given))).stderr).toContain(notTakenBack)
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
