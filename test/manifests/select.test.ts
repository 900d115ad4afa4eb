import { describe, expect, it } from "vitest"
import { loadManifests } from "../../src/manifests/load.ts"
import { formatProblem } from "../../src/manifests/problem.ts"
import { type Choice, selectRun } from "../../src/manifests/select.ts"

const object = (kind: string, name: string, spec: string) =>
  `apiVersion: pipeline.peanut.dev/v1alpha1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}`
const stage = (name: string) => object("PeanutStage", name, "{ image: busybox }")
const pipeline = (name: string, type = "build") =>
  object("PeanutPipeline", name, `\n  stages:\n  - name: Build\n    type: ${type}`)
const execution = (name: string, pipelineName: string) =>
  object("PeanutPipelineExecution", name, `\n  pipelineName: ${pipelineName}`)
const inNamespace = (namespace: string, text: string) =>
  text.replace(/name: (\S+) }/, `name: $1, namespace: ${namespace} }`)

async function select(choice: Choice, ...objects: string[]) {
  return selectRun(await loadManifests(["-"], async () => objects.join("\n---\n")), choice)
}

async function told(choice: Choice, ...objects: string[]) {
  const selected = await select(choice, ...objects)
  return "problems" in selected ? selected.problems.map(formatProblem) : ["a run"]
}

async function chosen(choice: Choice, ...objects: string[]) {
  const selected = await select(choice, ...objects)
  if ("problems" in selected) throw new Error(selected.problems.map(formatProblem).join("\n"))
  const { execution, pipeline, stages } = selected.run
  return [execution.name, pipeline.name, ...stages.map(({ name }) => name)]
}

describe("selectRun chooses", () => {
  it("the only execution, its pipeline and the stages it uses", async () => {
    const run = await chosen(
      {},
      stage("build"),
      stage("other"),
      pipeline("web"),
      pipeline("api"),
      execution("web-1", "web"),
    )
    expect(run).toEqual(["web-1", "web", "build"])
  })

  it("the execution that is named", async () => {
    const objects = [stage("build"), pipeline("web"), pipeline("api"), execution("a", "web"), execution("b", "api")]
    expect(await chosen({ execution: "b" }, ...objects)).toEqual(["b", "api", "build"])
  })

  it("a pipeline that is named, with an execution made up in its namespace, whatever executions there are", async () => {
    const objects = [stage("build"), pipeline("web"), execution("a", "missing")].map((text) => inNamespace("ci", text))
    const selected = await select({ pipeline: "web" }, ...objects)
    expect("run" in selected && selected.run.execution.object).toEqual({
      apiVersion: "pipeline.peanut.dev/v1alpha1",
      kind: "PeanutPipelineExecution",
      metadata: { name: "web-run", namespace: "ci" },
      spec: { pipelineName: "web" },
    })
  })

  it("a stage once, however often it is used, and only from the namespace of the run", async () => {
    const twice = `${pipeline("web")}\n  - name: Again\n    type: build`
    const selected = await select({ pipeline: "web" }, inNamespace("ci", stage("build")), stage("build"), twice)
    expect("run" in selected && selected.run.stages.map(({ namespace }) => namespace)).toEqual(["default"])
  })

  it("a run although stages of other pipelines are missing", async () => {
    const objects = [stage("build"), pipeline("web"), pipeline("api", "missing")]
    expect(await chosen({ pipeline: "web" }, ...objects)).toEqual(["web-run", "web", "build"])
  })
})

describe("selectRun tells", () => {
  const cases: readonly (readonly [name: string, choice: Choice, objects: readonly string[], ...told: string[]])[] = [
    ["of no pipeline", {}, [stage("build")], "there is no PeanutPipeline in <stdin>; give the file that has one"],
    [
      "of one pipeline without execution",
      {},
      [stage("build"), pipeline("web")],
      "there is no PeanutPipelineExecution in <stdin>; run a pipeline with --pipeline web",
    ],
    [
      "of pipelines without execution, the first few",
      {},
      ["a", "b", "c", "d", "e", "f", "g"].map((name) => pipeline(name)),
      "there is no PeanutPipelineExecution in <stdin>; run a pipeline with --pipeline a, --pipeline b, --pipeline c, --pipeline d, --pipeline e or one of 2 more",
    ],
    [
      "of several executions",
      {},
      [stage("build"), pipeline("web"), execution("a", "web"), execution("b", "web")],
      "there are 2 executions in <stdin>; choose one with --execution a or --execution b",
    ],
    [
      "of two choices",
      { pipeline: "web", execution: "a" },
      [stage("build"), pipeline("web"), execution("a", "web")],
      "--pipeline and --execution each say what to run; leave out one",
    ],
    [
      "of a mistyped --pipeline",
      { pipeline: "wev" },
      [stage("build"), pipeline("web")],
      '--pipeline: there is no PeanutPipeline "wev" in <stdin>; did you mean "web"?',
    ],
    [
      "of an unknown --execution",
      { execution: "nightly" },
      [stage("build"), pipeline("web"), execution("a", "web")],
      '--execution: there is no PeanutPipelineExecution "nightly" in <stdin>; use --execution a',
    ],
    [
      "of --execution without any",
      { execution: "nightly" },
      [stage("build"), pipeline("web")],
      '--execution: there is no PeanutPipelineExecution "nightly" in <stdin>',
    ],
    [
      "of a name in two namespaces",
      { pipeline: "web" },
      [stage("build"), pipeline("web"), inNamespace("ci", pipeline("web"))],
      '--pipeline: there is a PeanutPipeline "web" in namespaces "default" and "ci"; give the files of one alone',
    ],
    [
      "of a mistyped pipelineName",
      {},
      [stage("build"), pipeline("web"), execution("a", "wev")],
      '<stdin>:18: PeanutPipelineExecution "a": there is no PeanutPipeline "wev"; did you mean "web"?',
    ],
    [
      "of an unknown pipelineName",
      {},
      [pipeline("web"), pipeline("api"), execution("a", "nightly")],
      '<stdin>:21: PeanutPipelineExecution "a": there is no PeanutPipeline "nightly", but "web", "api"',
    ],
    [
      "of an execution without any pipeline",
      {},
      [execution("a", "web")],
      '<stdin>:5: PeanutPipelineExecution "a": there is no PeanutPipeline "web" in <stdin>; give its file too',
    ],
    [
      "of a pipeline in another namespace",
      {},
      [inNamespace("ci", pipeline("web")), execution("a", "web")],
      '<stdin>:13: PeanutPipelineExecution "a": there is no PeanutPipeline "web"; there is one in namespace "ci", but this run is in "default"',
    ],
    [
      "of a pipeline in another namespace, where this one has none",
      {},
      [inNamespace("ci", pipeline("web")), execution("a", "api")],
      '<stdin>:13: PeanutPipelineExecution "a": there is no PeanutPipeline "api" in namespace "default" of <stdin>; give its file too',
    ],
    [
      "of a mistyped stage",
      { pipeline: "web" },
      [stage("build"), pipeline("web", "bild")],
      '<stdin>:12: PeanutPipeline "web": stage "Build" is of type "bild", but there is no PeanutStage of that name; did you mean "build"?',
    ],
    [
      "of a stage in another namespace",
      { pipeline: "web" },
      [inNamespace("ci", stage("build")), pipeline("web")],
      '<stdin>:12: PeanutPipeline "web": stage "Build" is of type "build", but there is no PeanutStage of that name; there is one in namespace "ci", but this run is in "default"',
    ],
    [
      "of mistakes in manifests that the run does not need, too, and of all together",
      { pipeline: "web" },
      [pipeline("web", "bild"), object("PeanutStage", "other", "{ image: 1 }"), stage("build")],
      '<stdin>:7: PeanutPipeline "web": stage "Build" is of type "bild", but there is no PeanutStage of that name; did you mean "build"?',
      '<stdin>:12: PeanutStage "other": spec.image must be text, but YAML reads it as the number 1; put it in quotes',
    ],
    [
      "of what is missing although there are objects of somebody else",
      {},
      ["apiVersion: v1\nkind: Namespace", execution("a", "web")],
      '<stdin>:2: Namespace: kind "Namespace" of "v1" means nothing without a cluster; leave it out: Peanut runs PeanutStage, PeanutPipeline, PeanutPipelineExecution',
      '<stdin>:8: PeanutPipelineExecution "a": there is no PeanutPipeline "web" in <stdin>; give its file too',
    ],
    [
      "of the stage whose type is missing, not of its namesake",
      { pipeline: "web" },
      [stage("build"), `${pipeline("web")}\n  - { name: Build, type: bild }`],
      '<stdin>:13: PeanutPipeline "web": spec.stages[1].name is "Build", as spec.stages[0].name is already; give it another',
      '<stdin>:13: PeanutPipeline "web": stage "Build" is of type "bild", but there is no PeanutStage of that name; did you mean "build"?',
    ],
    [
      "of no mistake twice",
      {},
      [object("PeanutPipelineExecution", "a", "{}"), pipeline("web")],
      '<stdin>:4: PeanutPipelineExecution "a": spec.pipelineName is missing',
    ],
    [
      "of nothing missing while something could not be read",
      {},
      ["a: [", execution("a", "web")],
      "<stdin>:2: not YAML: flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
  ]
  for (const [name, choice, objects, ...expected] of cases) {
    it(name, async () => expect(await told(choice, ...objects)).toEqual(expected))
  }
})
