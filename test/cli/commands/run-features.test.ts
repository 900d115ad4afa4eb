// What a run can do beyond its graph, by the real program: parameters, outputs, conditions, matrices, stages at the end.

import { describe, expect, it } from "vitest"
import { type Ended, peanut, stagesIn, yaml } from "../run-peanut.ts"

const apiVersion = "pipeline.peanut.dev/v1alpha1"

/** A stage that runs a script of sh, with these parameters as variables of the same name. */
const stage = (name: string, sh: string, params: readonly object[] = [], spec: object = {}) => ({
  apiVersion,
  kind: "PeanutStage",
  metadata: { name },
  spec: {
    image: "busybox",
    params,
    command: ["sh", "-c", sh],
    env: (params as readonly { readonly name: string }[]).map(({ name }) => ({ name, value: `$(params.${name})` })),
    ...spec,
  },
})
const pipeline = (spec: object) => ({ apiVersion, kind: "PeanutPipeline", metadata: { name: "web" }, spec })

const run = (objects: readonly object[], ...args: readonly string[]): Promise<Ended> =>
  peanut(["run", "-", "--pipeline", "web", "-o", "json", ...args], { input: yaml(objects) }).ended

const outputOf = ({ stderr }: Ended, prefix: string) =>
  stderr.split("\n").flatMap((line) => (line.startsWith(`${prefix} | `) ? [line.slice(prefix.length + 3)] : []))
const phasesIn = ({ stdout }: Ended) =>
  Object.fromEntries(Object.values(stagesIn(stdout)).map(({ name, phase, reason }) => [name, [phase, reason]]))

describe.concurrent("peanut run", () => {
  const build = stage("build", 'echo "image=web:$version" >> "$PEANUT_OUTPUT"', [{ name: "version" }])
  const show = stage("show", 'printf "%s\\n" "$what"', [{ name: "what" }])
  const params = [{ name: "version", default: "0" }]
  const give = (name: string, value: string) => ({ params: [{ name, value }] })
  const chain = pipeline({
    params,
    stages: [
      { name: "Build", type: "build", ...give("version", "$(params.version)") },
      { name: "Show", type: "show", dependsOn: ["Build"], ...give("what", "$(stages['Build'].outputs.image)") },
    ],
  })

  it("gives parameters to stages, and outputs to the stages below", async () => {
    const ended = await run([build, show, chain], "--param", "version=1.2")
    expect(outputOf(ended, "Show")).toEqual(["web:1.2"])
    expect(stagesIn(ended.stdout).Build?.outputs).toEqual({ image: "web:1.2" })
    expect(ended.code).toBe(0)
  })

  const hostile = [
    "$(version)",
    "$$(version) $$$",
    "`id`",
    '"; exit 7; "',
    "$(params.version)",
    "a=b=c",
    " ",
    "🥜",
    "-n",
  ]
  it.each(hostile)("takes a parameter for data, whatever it is: %j", async (value) => {
    const ended = await run([build, show, chain], `--param=version=${value}`)
    expect(outputOf(ended, "Show")).toEqual([`web:${value}`])
    expect(ended.code).toBe(0)
  })

  it("fails a stage whose outputs are too large, and says why", async () => {
    const big = stage("build", 'head -c 5000 /dev/zero | tr "\\0" x >> "$PEANUT_OUTPUT"', [{ name: "version" }])
    const ended = await run([big, show, chain])
    expect(phasesIn(ended)).toEqual({ Build: ["Failed", "OutputsTooLarge"], Show: ["Skipped", "ParentFailed"] })
    expect(ended.stderr).toContain("Build: Failed (OutputsTooLarge): it wrote 4096 bytes or more to $PEANUT_OUTPUT")
    expect(ended.code).toBe(1)
  })

  it("fails a stage that needs an output which was not written", async () => {
    const ended = await run([stage("build", "true", [{ name: "version" }]), show, chain])
    expect(phasesIn(ended)).toEqual({ Build: ["Succeeded", undefined], Show: ["Failed", "OutputMissing"] })
  })

  it("decides by expressions", async () => {
    const spec = {
      params,
      stages: [
        { name: "Build", type: "build", ...give("version", "$(params.version)") },
        { name: "Show", type: "show", dependsOn: ["Build"], when: "params.version != '0'", ...give("what", "x") },
        { name: "Then", type: "show", dependsOn: ["Show"], ...give("what", "y") },
      ],
    }
    const skipped = await run([build, show, pipeline(spec)])
    expect(phasesIn(skipped)).toMatchObject({ Show: ["Skipped", "WhenFalse"], Then: ["Succeeded", undefined] })
    expect(skipped.code).toBe(0)
    const taken = await run([build, show, pipeline(spec)], "-p", "version=1")
    expect(phasesIn(taken)).toMatchObject({ Show: ["Succeeded", undefined] })
  })

  it("runs every combination of a matrix, a few at once, and tells whose output it is", async () => {
    const both = stage("both", 'echo "$a$b"; sleep 0.2', [{ name: "a" }, { name: "b" }])
    const matrix = [
      { name: "a", values: ["1", "2"] },
      { name: "b", values: ["x", "y"] },
    ]
    const ended = await run([both, pipeline({ stages: [{ name: "M", type: "both", matrix, maxParallel: 2 }] })])
    expect(outputOf(ended, "M (a=1, b=x)")).toEqual(["1x"])
    expect(outputOf(ended, "M (a=2, b=y)")).toEqual(["2y"])
    expect(ended.stderr).toContain("M: ● Running (0/4 succeeded, 2 running)")
    expect(ended.stderr).toMatch(/M: ● Running \([123]\/4 succeeded/)
    expect(ended.stderr).not.toMatch(/[34] running/)
    expect(ended.stderr).toMatch(/M: ✔ Succeeded \(\d\.\ds, 4\/4 succeeded\)/)
    expect(stagesIn(ended.stdout).M).toMatchObject({ phase: "Succeeded", combinations: "SSSS" })
  })

  it("runs the stages of finally in the end, which know how it went", async () => {
    const fail = stage("fail", "exit 3")
    const spec = {
      stages: [
        { name: "Bad", type: "fail" },
        { name: "Rest", type: "fail", dependsOn: ["Bad"] },
      ],
      finally: [{ name: "Tell", type: "show", ...give("what", "$(execution.phase)") }],
    }
    const ended = await run([fail, show, pipeline(spec)])
    expect(outputOf(ended, "Tell")).toEqual(["Failed"])
    expect(ended.stderr).toMatch(/Tell \(finally\) +✔ Succeeded/)
    expect(ended.code).toBe(1)
  })

  it("fails fast: stops what runs, and starts nothing new", async () => {
    const slow = stage("slow", "sleep 30")
    const fail = stage("fail", "sleep 0.3; exit 3")
    const stages = [
      { name: "Slow", type: "slow" },
      { name: "Bad", type: "fail" },
      { name: "Next", type: "slow", dependsOn: ["Slow"] },
    ]
    const ended = await run([slow, fail, pipeline({ failurePolicy: "FailFast", stages })])
    expect(phasesIn(ended)).toMatchObject({ Slow: ["Cancelled", "FailFast"], Next: ["Skipped", "FailFast"] })
    expect(ended.code).toBe(1)
  })

  it("ends at the timeout of the run", async () => {
    const stages = [
      { name: "Slow", type: "slow" },
      { name: "Next", type: "slow", dependsOn: ["Slow"] },
    ]
    const ended = await run([stage("slow", "sleep 30"), pipeline({ timeout: "2s", stages })])
    expect(phasesIn(ended)).toEqual({ Slow: ["Failed", "ExecutionTimeout"], Next: ["Skipped", "ExecutionTimeout"] })
  })

  it("overrides retries and timeouts in the pipeline's entry, and goes on after a failure that it ignores", async () => {
    const stages = [
      { name: "Again", type: "fail", retries: 1, onFailure: "Ignore" },
      { name: "Slow", type: "slow", timeout: "1s", onFailure: "Ignore" },
      { name: "After", type: "show", dependsOn: ["Again", "Slow"], ...give("what", "x") },
    ]
    const ended = await run([stage("fail", "echo try; exit 3"), stage("slow", "sleep 30"), show, pipeline({ stages })])
    expect(outputOf(ended, "Again")).toEqual(["try", "try"])
    expect(phasesIn(ended)).toMatchObject({
      Slow: ["Failed", "DeadlineExceeded"],
      After: ["Succeeded", undefined],
    })
    expect(ended.code).toBe(0)
  })

  it("says what it does not play", async () => {
    const spec = { concurrencyPolicy: "Replace", stages: [{ name: "A", type: "show", ...give("what", "x") }] }
    const { stderr } = await run([show, pipeline(spec)])
    expect(stderr.split("\n")[1]).toBe("not played: concurrencyPolicy Replace; this run knows of no other")
  })

  describe("without a terminal", () => {
    const spec = { stages: [{ name: "Deploy", type: "show", approval: true, ...give("what", "live") }] }

    it("needs approvals before it begins", async () => {
      const ended = await run([show, pipeline(spec)])
      expect(ended.stderr).toContain("waits for an approval, and there is no terminal to ask at; use --approve Deploy")
      expect([ended.code, ended.stdout]).toEqual([2, ""])
    })

    it.each([[["--approve", "Deploy"]], [["--approve-all"]]])("takes them from %j", async (args) => {
      const ended = await run([show, pipeline(spec)], ...args)
      expect(outputOf(ended, "Deploy")).toEqual(["live"])
      expect(ended.code).toBe(0)
    })
  })

  it("refuses all parameters that are wrong at once, before anything runs", async () => {
    const ended = await run(
      [build, show, pipeline({ ...chain.spec, params: [{ name: "version" }] })],
      "-p",
      "x=1",
      "-p",
      "y=2",
    )
    expect(ended.stderr.trimEnd().split("\n")).toEqual([
      '--param gives param "x", which pipeline "web" does not declare',
      '--param gives param "y", which pipeline "web" does not declare',
      'param "version" of pipeline "web" has no default and was given no value; use --param version=VALUE',
    ])
    expect([ended.code, ended.stdout]).toEqual([2, ""])
  })
})
