import { describe, expect, it } from "vitest"
import { folder, peanut, yaml } from "../run-peanut.ts"

const apiVersion = "pipeline.peanut.dev/v1alpha1"
const stage = (name: string, more: object = {}, namespace?: string) => ({
  ...{ apiVersion, kind: "PeanutStage", metadata: { name, namespace } },
  spec: { image: "busybox", command: ["true"], ...more },
})
const pipeline = (name: string, types: readonly string[], more: object = {}) => ({
  ...{ apiVersion, kind: "PeanutPipeline", metadata: { name } },
  spec: { stages: types.map((type, index) => ({ name: `s${index}`, type })), ...more },
})
const execution = (name: string, pipelineName: string) => ({
  ...{ apiVersion, kind: "PeanutPipelineExecution", metadata: { name } },
  spec: { pipelineName },
})
const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data: { a: "b" } }

/** The documents stand on every other line of standard input: 1, 3, 5. */
const validate = (objects: readonly object[], ...args: readonly string[]) =>
  peanut(["validate", "-", ...args], { input: yaml(objects) }).ended

describe("peanut validate", () => {
  const fine = [stage("build"), stage("test"), pipeline("web", ["build", "test"]), execution("web-1", "web")]

  it("says in one line what was checked, and exits with 0", async () => {
    expect(await validate(fine)).toEqual({
      ...{ code: 0, stderr: "" },
      stdout: "2 stages, 1 pipeline, 1 execution: no mistakes\n",
    })
  })

  const missingStage = (type: string, advice = "") =>
    `is of type "${type}", but there is no PeanutStage of that name${advice}`
  const cases: readonly (readonly [string, readonly object[], readonly string[], readonly string[]])[] = [
    [
      "every mistake in every object, not those of one run alone",
      [
        stage("build", { retries: "x" }),
        pipeline("web", ["biuld", "build"]),
        pipeline("api", ["build", "gone"]),
        execution("web-1", "lop"),
        execution("api-1", "api"),
        { ...pipeline("loop", []), spec: { stages: [{ name: "a", type: "build", dependsOn: ["b"] }] } },
      ],
      [],
      [
        '<stdin>:1: PeanutStage "build": spec.retries must be a whole number, but is the text "x"',
        `<stdin>:3: PeanutPipeline "web": stage "s0" ${missingStage("biuld", '; did you mean "build"?')}`,
        `<stdin>:5: PeanutPipeline "api": stage "s1" ${missingStage("gone")}`,
        '<stdin>:7: PeanutPipelineExecution "web-1": there is no PeanutPipeline "lop"; did you mean "loop"?',
        '<stdin>:11: PeanutPipeline "loop": stage "a" depends on "b", which is not in pipeline "loop"',
        "1 stage, 3 pipelines, 2 executions: 5 mistakes",
      ],
    ],
    [
      "the missing types of the stages at the end",
      [stage("build"), pipeline("web", ["build"], { finally: [{ name: "tidy", type: "biuld" }] })],
      [],
      [
        `<stdin>:3: PeanutPipeline "web": stage "tidy" ${missingStage("biuld", '; did you mean "build"?')}`,
        "1 stage, 1 pipeline: 1 mistake",
      ],
    ],
    [
      "that a stage is in another namespace",
      [stage("build", {}, "ci"), pipeline("web", ["build"])],
      [],
      [
        `<stdin>:3: PeanutPipeline "web": stage "s0" ${missingStage("build")}; there is one in namespace "ci", but this run is in "default"`,
        "1 stage, 1 pipeline: 1 mistake",
      ],
    ],
    [
      "with --allow-missing, what is wrong with what is there",
      [
        stage("build", { retries: "x" }),
        { ...pipeline("web", []), spec: { stages: [{ name: "a", type: "gone", dependsOn: ["b"] }] } },
        execution("api-1", "api"),
      ],
      ["--allow-missing"],
      [
        '<stdin>:1: PeanutStage "build": spec.retries must be a whole number, but is the text "x"',
        '<stdin>:3: PeanutPipeline "web": stage "a" depends on "b", which is not in pipeline "web"',
        "1 stage, 1 pipeline, 1 execution: 2 mistakes",
      ],
    ],
    [
      "nothing to be missing while it cannot be told what is there",
      [pipeline("web", ["build"]), { apiVersion, kind: "PeanutStage", metadata: {}, spec: { image: "a" } }],
      [],
      ["<stdin>:3: PeanutStage: metadata.name is missing", "1 pipeline: 1 mistake"],
    ],
    [
      "a slip in a kind of Peanut's, between objects of other kinds",
      [configMap, { apiVersion, kind: "PeanutPipelin" }, configMap],
      [],
      [
        '<stdin>:3: PeanutPipelin: there is no kind "PeanutPipelin"; did you mean "PeanutPipeline"?',
        "nothing of Peanut in <stdin>: 1 mistake; skipped 2 objects of other kinds",
      ],
    ],
  ]
  it.each(cases)("tells %s", async (_, objects, args, told) => {
    expect(await validate(objects, ...args)).toEqual({ code: 2, stdout: "", stderr: `${told.join("\n")}\n` })
  })

  it("takes stages and pipelines to be in the cluster with --allow-missing", async () => {
    const { code, stdout } = await validate([pipeline("web", ["build"]), execution("a", "b")], "--allow-missing")
    expect([code, stdout]).toEqual([0, "1 pipeline, 1 execution: no mistakes\n"])
  })

  it("looks for the types of the last stages where it looks for all others", async () => {
    const web = pipeline("web", ["build"], { finally: [{ name: "tidy", type: "broom" }] })
    expect((await validate([stage("build"), stage("broom"), web])).code).toBe(0)
    expect((await validate([stage("build"), web], "--allow-missing")).code).toBe(0)
  })

  it("skips objects of other kinds, also in a List, and says so", async () => {
    const list = { apiVersion: "v1", kind: "List", items: [configMap, stage("late")] }
    const { code, stdout } = await validate([configMap, ...fine, list])
    expect([code, stdout]).toEqual([
      0,
      "3 stages, 1 pipeline, 1 execution: no mistakes; skipped 2 objects of other kinds\n",
    ])
  })

  it("finds nothing wrong with files that have nothing of Peanut, as a hook gives it any", async () => {
    const { code, stdout } = await validate([configMap])
    expect([code, stdout]).toEqual([0, "nothing of Peanut in <stdin>: no mistakes; skipped 1 object of other kinds\n"])
  })

  it("reads files and directories, each with its own mistakes", async () => {
    const path = folder({
      "a.yaml": yaml([configMap, stage("build", { timeout: 3 })]),
      "b.yaml": yaml([pipeline("web", ["build"])]),
      "c.yaml": "a: [",
    })
    const { code, stderr } = await peanut(["validate", path, `${path}/none.yaml`]).ended
    expect(code).toBe(2)
    expect(stderr.replaceAll(`${path}/`, "").split("\n")).toEqual([
      "none.yaml: there is no such file or directory",
      expect.stringMatching(/^a\.yaml:3: PeanutStage "build": spec\.timeout must be a duration/),
      expect.stringMatching(/^c\.yaml:1: not YAML/),
      "1 stage, 1 pipeline: 3 mistakes; skipped 1 object of other kinds",
      "",
    ])
  })

  it("says with --quiet only what is wrong", async () => {
    expect(await validate(fine, "--quiet")).toEqual({ code: 0, stdout: "", stderr: "" })
    const { code, stderr } = await validate([pipeline("web", ["gone"])], "-q")
    expect([code, stderr.split("\n").length]).toEqual([2, 2])
  })

  it("uses the words of peanut run", async () => {
    const input = yaml([stage("build", { retries: "x" }), pipeline("web", ["biuld"]), execution("web-1", "web")])
    const run = await peanut(["run", "-"], { input }).ended
    const { code, stderr } = await peanut(["validate", "-", "--quiet"], { input }).ended
    expect([code, run.code]).toEqual([2, 2])
    expect(stderr).toBe(run.stderr)
  })

  it("checks a thousand pipelines and executions at once", async () => {
    const all = Array.from({ length: 1000 }, (_, i) => [pipeline(`p${i}`, ["build"]), execution(`e${i}`, `p${i}`)])
    const { code, stdout } = await validate([stage("build"), ...all.flat()])
    expect([code, stdout]).toEqual([0, "1 stage, 1000 pipelines, 1000 executions: no mistakes\n"])
  }, 60_000)
})

describe("peanut validate -o json", () => {
  it("writes every mistake as an object, and nothing else", async () => {
    const long = "a".repeat(200)
    const { code, stdout, stderr } = await validate(
      [
        configMap,
        stage(long, { retries: "\u001b[2J\n" }),
        execution("web-1", "web"),
        { apiVersion, kind: "PeanutStage" },
      ],
      ...["-o", "json"],
    )
    expect([code, stderr]).toEqual([2, ""])
    expect(JSON.parse(stdout)).toEqual([
      {
        ...{ file: "<stdin>", line: 3, kind: "PeanutStage", name: long },
        message: 'spec.retries must be a whole number, but is the text "\\u001b[2J\\n"',
      },
      { file: "<stdin>", line: 7, kind: "PeanutStage", name: null, message: "metadata is missing" },
      { file: "<stdin>", line: 7, kind: "PeanutStage", name: null, message: "spec is missing" },
    ])
  })

  it("writes null for what is not known", async () => {
    const { stdout } = await peanut(["validate", "/none.yaml", "-o", "json"]).ended
    expect(JSON.parse(stdout)).toEqual([
      { file: "/none.yaml", line: null, kind: null, name: null, message: "there is no such file or directory" },
    ])
  })

  it("writes an empty array where there is no mistake", async () => {
    expect(await validate([stage("build")], "-o", "json")).toEqual({ code: 0, stdout: "[]\n", stderr: "" })
  })
})
