import { describe, expect, it } from "vitest"
import { parseSvg } from "../../drawing/parse-svg.ts"
import { peanut, yaml } from "../run-peanut.ts"

const apiVersion = "pipeline.peanut.dev/v1alpha1"
const pipeline = (name: string, dependsOn: readonly string[] = ["a"], namespace?: string) => ({
  ...{ apiVersion, kind: "PeanutPipeline", metadata: { name, namespace } },
  spec: {
    stages: [
      { name: "a", type: "task" },
      { name: "b", type: "task", dependsOn },
    ],
  },
})
const execution = (name: string, pipelineName: string) => ({
  ...{ apiVersion, kind: "PeanutPipelineExecution", metadata: { name }, spec: { pipelineName } },
})
const graph = (objects: readonly object[], ...args: readonly string[]) =>
  peanut(["graph", "-", ...args], { input: yaml(objects) }).ended

describe("peanut graph", () => {
  it("draws the sample as text", async () => {
    expect(await peanut(["graph", "config/samples"]).ended).toEqual({
      ...{ code: 0, stderr: "" },
      stdout: `${[
        "pipeline pipeline-sample: 5 stages",
        "First Stage      stage-sample",
        "Second Stage     stage-sample-two",
        "  Third Stage    stage-sample",
        "  Fourth Stage   stage-sample",
        "    Fifth Stage  stage-sample-two  after Third Stage, Fourth Stage",
      ].join("\n")}\n`,
    })
  })

  it("draws in every form", async () => {
    const [text, mermaid, dot, svg] = await Promise.all(
      ["text", "mermaid", "dot", "svg"].map((form) => graph([pipeline("web")], "-o", form)),
    )
    expect(text!.stdout).toBe("pipeline web: 2 stages\na    task\n  b  task\n")
    expect(mermaid!.stdout).toMatch(/^flowchart LR\n/)
    expect(dot!.stdout).toMatch(/^digraph "web" \{\n/)
    expect(parseSvg(svg!.stdout.trim()).children[0]!.text).toBe("Pipeline web")
  })

  const drawn: readonly (readonly [string, readonly object[], readonly string[], string])[] = [
    ["the only pipeline, whose stages need not be there", [pipeline("web")], [], "web"],
    ["the one that is named", [pipeline("web"), pipeline("api")], ["--pipeline", "api"], "api"],
    ["the one that the only execution runs", [pipeline("web"), pipeline("api"), execution("x", "api")], [], "api"],
    [
      "the one in the namespace of the execution",
      [pipeline("web", ["a"], "ci"), pipeline("web"), execution("x", "web")],
      [],
      "web",
    ],
    ["a pipeline between objects of other kinds", [{ apiVersion: "v1", kind: "Secret" }, pipeline("web")], [], "web"],
  ]
  it.each(drawn)("draws %s", async (_, objects, args, name) => {
    const { code, stdout } = await graph(objects, ...args)
    expect([code, stdout.split("\n")[0]]).toEqual([0, `pipeline ${name}: 2 stages`])
  })

  const three = [pipeline("web"), pipeline("api"), pipeline("docs")]
  const refused: readonly (readonly [string, readonly object[], readonly string[], readonly string[]])[] = [
    [
      "a cycle",
      [
        pipeline("web", ["c"]),
        {
          ...pipeline("api"),
          spec: {
            stages: [
              { name: "a", type: "task", dependsOn: ["b"] },
              { name: "b", type: "task", dependsOn: ["a"] },
            ],
          },
        },
      ],
      [],
      [
        '<stdin>:1: PeanutPipeline "web": stage "b" depends on "c", which is not in pipeline "web"',
        '<stdin>:3: PeanutPipeline "api": stages of pipeline "api" wait for each other: a → b → a',
      ],
    ],
    ["no pipeline", [execution("x", "web")], [], ["there is no PeanutPipeline in <stdin>; give the file that has one"]],
    [
      "several pipelines",
      three,
      [],
      ["there are 3 pipelines in <stdin>; choose one with --pipeline web, --pipeline api or --pipeline docs"],
    ],
    [
      "several pipelines and executions",
      [...three, execution("x", "web"), execution("y", "api")],
      [],
      ["there are 3 pipelines in <stdin>; choose one with --pipeline web, --pipeline api or --pipeline docs"],
    ],
    [
      "a name that is not there",
      three,
      ["--pipeline", "doc"],
      ['--pipeline: there is no PeanutPipeline "doc" in <stdin>; did you mean "docs"?'],
    ],
    [
      "a name in two namespaces",
      [pipeline("web"), pipeline("web", ["a"], "ci")],
      ["--pipeline", "web"],
      ['--pipeline: there is a PeanutPipeline "web" in namespaces "default" and "ci"; give the file of one alone'],
    ],
  ]
  it.each(refused)("draws nothing of %s, and says why", async (_, objects, args, told) => {
    expect(await graph(objects, ...args)).toEqual({ code: 2, stdout: "", stderr: `${told.join("\n")}\n` })
  })

  it("refuses a form that there is not", async () => {
    const { code, stderr } = await graph([pipeline("web")], "-o", "png")
    expect(code).toBe(2)
    expect(stderr).toMatch(/text.*mermaid.*dot.*svg/)
  })
})
