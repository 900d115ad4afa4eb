// What a run is given by the command line, and what keeps a run from being played here: told before it begins.

import { describe, expect, it } from "vitest"
import { ignoredFields } from "../../../src/cli/play/ignored.ts"
import { prepareRun } from "../../../src/cli/play/prepare.ts"
import type { Given } from "../../../src/manifests/given.ts"
import { loadManifests } from "../../../src/manifests/load.ts"
import { formatProblem } from "../../../src/manifests/problem.ts"
import type { Choice } from "../../../src/manifests/select.ts"

const api = "apiVersion: pipeline.peanut.dev/v1alpha1"
const indented = (text: string) => text.replace(/^/gm, "  ")
const stage = `${api}\nkind: PeanutStage\nmetadata: { name: task }\nspec: { image: busybox }`
const oneStage = "stages:\n- { name: A, type: task }"
/** Their specs begin on lines 10 and 5. */
const pipelineOf = (spec: string) => `${api}\nkind: PeanutPipeline\nmetadata: { name: web }\nspec:\n${indented(spec)}`
const executionOf = (spec: string) =>
  `${api}\nkind: PeanutPipelineExecution\nmetadata: { name: web-1 }\nspec:\n${indented(`pipelineName: web\n${spec}`)}`

async function prepare(objects: readonly string[], request: Given & Choice & { readonly canAsk?: boolean } = {}) {
  const loaded = await loadManifests(["-"], async () => objects.join("\n---\n"))
  // An engine that is found: `sh` takes its place.
  const environment = { PATH: "/bin:/usr/bin" }
  return prepareRun(loaded, { runner: "process", environment, canAsk: true, ...request })
}

const shStage = stage.replace("{ image: busybox }", "{ image: busybox, command: [sh] }")
const told = async (...args: Parameters<typeof prepare>) => {
  const prepared = await prepare(
    args[0].map((text) => (text === stage ? shStage : text)),
    args[1],
  )
  return "run" in prepared ? [] : prepared.problems.map(formatProblem)
}
const given = async (...args: Parameters<typeof prepare>) => {
  const prepared = await prepare(
    args[0].map((text) => (text === stage ? shStage : text)),
    args[1],
  )
  if ("problems" in prepared) throw new Error(prepared.problems.map(formatProblem).join("\n"))
  return prepared.run.execution.object.spec
}

const declared = `params:\n- { name: version }\n- { name: env, default: test }\n${oneStage}`

describe("--param gives", () => {
  it("a value to a run that has no execution", async () => {
    const spec = await given([stage, pipelineOf(declared)], { pipeline: "web", params: ["version=1.2", "env="] })
    expect(spec).toEqual({
      pipelineName: "web",
      params: [
        { name: "version", value: "1.2" },
        { name: "env", value: "" },
      ],
    })
  })

  it("a value in place of that of an execution, and leaves its others", async () => {
    const execution = executionOf('params: [{ name: version, value: "1" }, { name: env, value: prod }]')
    const spec = await given([stage, pipelineOf(declared), execution], { params: ["version=a=b c"] })
    expect(spec).toMatchObject({
      params: [
        { name: "env", value: "prod" },
        { name: "version", value: "a=b c" },
      ],
    })
  })
})

describe("a run is refused for", () => {
  it("every parameter that is wrong, at once", async () => {
    const params = ["versoin=1", "novalue", "=x", "env=a", "env=b"]
    expect(await told([stage, pipelineOf(declared)], { pipeline: "web", params })).toEqual([
      "--param novalue: write it as NAME=VALUE",
      "--param =x: write it as NAME=VALUE",
      "--param env=b: it is given twice; give it once",
      '--param gives param "versoin", which pipeline "web" does not declare; did you mean "version"?',
    ])
  })

  it("a parameter without a value: at the execution, or where there is none, at large", async () => {
    const message = 'param "version" of pipeline "web" has no default and was given no value; use --param version=VALUE'
    expect(await told([stage, pipelineOf(declared)], { pipeline: "web" })).toEqual([message])
    const execution = executionOf("params:\n- { name: env, value: prod }\n- { name: x, value: z }")
    expect(await told([execution, stage, pipelineOf(declared)])).toEqual([
      `<stdin>:6: PeanutPipelineExecution "web-1": ${message}`,
      '<stdin>:8: PeanutPipelineExecution "web-1": the execution gives param "x", which pipeline "web" does not declare',
    ])
  })

  it("a malformed parameter, also where no run can be found", async () => {
    expect(await told([stage], { pipeline: "web", params: ["x"] })).toEqual([
      '--pipeline: there is no PeanutPipeline "web" in <stdin>',
      "--param x: write it as NAME=VALUE",
    ])
  })

  it("a value that no API server would take", async () => {
    const params = [`version=${"x".repeat(16_385)}`]
    expect(await told([stage, pipelineOf(declared)], { pipeline: "web", params })).toEqual([
      `--param version=${"x".repeat(49)}...: its value has 16385 characters, more than a parameter may have; put it in a file`,
    ])
    const most = [`version=${"x".repeat(16_384)}`]
    expect(await told([stage, pipelineOf(declared)], { pipeline: "web", params: most })).toEqual([])
  })

  it("what only a cluster remembers", async () => {
    expect(await told([executionOf("rerunOf: web-0"), stage, pipelineOf(oneStage)])).toEqual([
      '<stdin>:6: PeanutPipelineExecution "web-1": spec.rerunOf names an execution that only a cluster remembers; remove it, and all stages run',
    ])
  })

  it("an approval of a stage that there is not", async () => {
    const spec = "stages:\n- { name: Deploy, type: task, approval: true }"
    const execution = executionOf("approved:\n- Deploy\n- Deplyo")
    expect(await told([execution, stage, pipelineOf(spec)], { approve: ["Delpoy"] })).toEqual([
      '<stdin>:8: PeanutPipelineExecution "web-1": approved names "Deplyo", which is no stage of pipeline "web"; did you mean "Deploy"?',
      '--approve names "Delpoy", which is no stage of pipeline "web"; did you mean "Deploy"?',
    ])
  })

  it("more than the controller can keep", async () => {
    const [name, text] = ["x".repeat(40), "x".repeat(130_000)]
    const types = Array.from({ length: 6 }, (_, i) =>
      shStage.replace("name: task", `name: t${i}`).replace("command: [sh]", `command: [sh], args: [${name}, ${text}]`),
    )
    const stages = types.map((_, i) => `- { name: s${i}, type: t${i} }`)
    const [line, ...others] = await told([...types, pipelineOf(`stages:\n${stages.join("\n")}`)], { pipeline: "web" })
    expect(line).toMatch(
      /^<stdin>:\d+: PeanutPipeline "web": pipeline "web" and its stages take \d+ bytes, more than the /,
    )
    expect(others).toEqual([])
  })

  it("outputs written where only a container has a file, as a process", async () => {
    const spec = "{ image: busybox, command: [sh, -c, 'echo a=1 > /dev/termination-log'] }"
    const bad = stage.replace("{ image: busybox }", spec)
    expect(await told([bad, pipelineOf(oneStage)], { pipeline: "web" })).toEqual([
      '<stdin>:4: PeanutStage "task": /dev/termination-log is there only in a container; write to $PEANUT_OUTPUT instead',
    ])
    const container = "containers: [{ name: stage, image: busybox, command: [sh, -c], terminationMessagePath: /out/m }]"
    const own = stage.replace(
      "{ image: busybox }",
      `\n  args: ["echo > /out/m; echo > /dev/termination-log"]\n  jobTemplate: { spec: { template: { spec: { ${container} } } } }`,
    )
    expect(await told([own, pipelineOf(oneStage)], { pipeline: "web" })).toEqual([
      '<stdin>:5: PeanutStage "task": /out/m is there only in a container; write to $PEANUT_OUTPUT instead',
    ])
  })
})

describe("approvals without a terminal", () => {
  const spec = "stages:\n- name: A\n  type: task\n  approval: true\n- name: It's live\n  type: task\n  approval: true"
  const of = async (request: Given, execution = "approved: []") =>
    told([pipelineOf(spec), stage, executionOf(execution)], { canAsk: false, ...request })
  const waits = (line: number, name: string, word: string) =>
    `<stdin>:${line}: PeanutPipeline "web": stage "${name}" waits for an approval, and there is no terminal to ask at; use --approve ${word}, or --approve-all`

  it("must be given before, each of them", async () => {
    expect(await of({})).toEqual([waits(8, "A", "A"), waits(11, "It's live", `'It'\\''s live'`)])
    expect(await of({ approve: ["A"] })).toEqual([waits(11, "It's live", `'It'\\''s live'`)])
    expect(await of({ approve: ["A", "It's live"] })).toEqual([])
    expect(await of({ approveAll: true })).toEqual([])
    expect(await of({ approve: ["A"] }, 'approved: ["It\'s live"]')).toEqual([])
  })

  it("go into the execution", async () => {
    const objects = [pipelineOf(spec), stage, executionOf("approved: [A]")]
    expect(await given(objects, { approveAll: true })).toMatchObject({ approved: ["A", "It's live"] })
    expect(await given(objects, { approve: ["A"] })).toMatchObject({ approved: ["A"] })
  })
})

describe("checkPlayable", () => {
  const policy = (rules: string) =>
    stage.replace(
      "{ image: busybox }",
      `{ image: busybox, command: [sh], jobTemplate: { spec: { podFailurePolicy: { rules: ${rules} } } } }`,
    )

  it("lets a policy about disruptions pass, as there are none here", async () => {
    const rules = "[{ action: Ignore, onPodConditions: [{ type: DisruptionTarget }] }]"
    expect(await told([policy(rules), pipelineOf(oneStage)], { pipeline: "web" })).toEqual([])
  })

  it.each([
    "[]",
    "[{ action: FailJob, onExitCodes: { operator: In, values: [3] } }]",
    "[{ action: Ignore, onPodConditions: [{ type: DisruptionTarget }, { type: Other }] }]",
    "[{ action: Ignore, onPodConditions: [] }]",
  ])("refuses any other policy about failed pods: %s", async (rules) => {
    expect(await told([policy(rules), pipelineOf(oneStage)], { pipeline: "web" })).toEqual([
      '<stdin>:4: PeanutStage "task": spec.jobTemplate.spec.podFailurePolicy is not played without a cluster',
    ])
  })
})

describe("ignoredFields", () => {
  const ignored = async (pipeline: string, execution = "suspend: false") => {
    const prepared = await prepare([pipelineOf(pipeline), shStage, executionOf(execution)])
    if ("problems" in prepared) throw new Error(prepared.problems.map(formatProblem).join("\n"))
    return ignoredFields(prepared.run)
  }

  it("says nothing of a pipeline that is played whole", async () => {
    expect(await ignored(`concurrencyPolicy: Allow\nfailurePolicy: FailFast\ntimeout: 1h\n${oneStage}`)).toEqual([])
  })

  it("says what has no meaning here, and why", async () => {
    const pipeline = [
      "suspend: true",
      'schedules: [{ name: nightly, cron: "0 3 * * *" }]',
      "concurrencyPolicy: Queue",
      "successfulExecutionsHistoryLimit: 3",
      oneStage,
    ].join("\n")
    expect(await ignored(pipeline, "ttlSecondsAfterFinished: 60")).toEqual([
      "not played: schedules; only a cluster starts runs by the clock, this one starts now",
      "not played: concurrencyPolicy Queue; this run knows of no other",
      "not played: successfulExecutionsHistoryLimit and ttlSecondsAfterFinished; nothing is kept here",
      "not played: suspend of the pipeline; it holds events, and this run was asked for",
    ])
  })
})
