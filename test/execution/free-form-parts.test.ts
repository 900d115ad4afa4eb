// A jobTemplate is partly free-form: an API server stores there what no Job can have. Whatever stands in any of its
// fields, nothing throws: null is absent, and another wrong type of what Peanut reads is a mistake with its place.

import { describe, expect, it } from "vitest"
import type { StageSpec } from "../../src/api/stage.ts"
import { accept } from "../../src/execution/accept.ts"
import { advance } from "../../src/execution/advance.ts"
import { pipelineStatus } from "../../src/execution/pipeline-status.ts"
import { findProblems } from "../../src/execution/problems.ts"
import { fillTemplate } from "../../src/execution/template/fill.ts"
import { referencesIn } from "../../src/execution/template/template.ts"
import { readObjects } from "../../src/manifests/object.ts"
import { stageJob } from "../../src/resources/job.ts"
import { graph } from "../builders/graph.ts"
import { accepted, execution, now, pipeline, stage } from "../builders/objects.ts"
import { observed } from "../builders/observed.ts"

type Step = string | number

/** Says something in every field that Peanut reads, and in some that it does not. */
const full = () => ({
  image: "busybox",
  params: [{ name: "x", default: "1" }],
  command: ["tool", "$(params.x)"],
  args: ["--", "$(params.x)"],
  env: [{ name: "A", value: "$(params.x)" }],
  envFrom: [{ configMapRef: { name: "c" } }],
  resources: { limits: { cpu: "1" } },
  timeout: "10m",
  retries: 1,
  jobTemplate: {
    metadata: { labels: { team: "a" }, annotations: { "a.b/c": "d" } },
    spec: {
      parallelism: 1,
      completions: 1,
      completionMode: "NonIndexed",
      backoffLimit: 1,
      backoffLimitPerIndex: 1,
      activeDeadlineSeconds: 9,
      podFailurePolicy: { rules: [] },
      template: {
        metadata: { labels: { team: "a" }, annotations: { note: "b" } },
        spec: {
          restartPolicy: "Never",
          nodeSelector: { disk: "ssd" },
          volumes: [{ name: "v", emptyDir: {} }],
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: "stage",
              image: "busybox",
              command: ["tool"],
              args: ["a"],
              env: [{ name: "B", value: "b" }],
              terminationMessagePath: "/out",
              ports: [{ containerPort: 80 }],
              volumeMounts: [{ name: "v", mountPath: "/v" }],
            },
            {
              name: "proxy",
              command: ["proxy"],
              args: ["a"],
              env: [
                { name: "C", value: "c" },
                { name: "N", valueFrom: { fieldRef: { fieldPath: "x" } } },
              ],
            },
          ],
          initContainers: [
            { name: "init", command: ["init"], args: ["a"], env: [{ name: "D", value: "d" }], volumeMounts: [] },
          ],
        },
      },
    },
  },
})

/** Fields that are passed on as they are: what is wrong in them, the API server says of the Job. */
const unread =
  /\.(nodeSelector|volumes|terminationGracePeriodSeconds|ports|volumeMounts)\b|^(envFrom|resources)[.[]|(podFailurePolicy|valueFrom)[.[]|initContainers\[0\]\.image/

const values = {
  null: null,
  number: 8080,
  text: "serve it",
  bool: true,
  list: [7],
  "list of null": [null],
  map: { a: 1 },
} as const

/** The ways to every part of a value. */
function pathsIn(value: unknown, path: readonly Step[] = []): readonly (readonly Step[])[] {
  if (typeof value !== "object" || value === null) return [path]
  const steps: readonly Step[] = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value)
  const inner = steps.flatMap((step) => pathsIn((value as never)[step], [...path, step]))
  return path.length === 0 ? inner : [path, ...inner]
}

/** The full stage with another value in one place; undefined removes a field. */
function changed(path: readonly Step[], value: unknown): StageSpec {
  const copy = full()
  const parent = path.slice(0, -1).reduce<never>((at, step) => at[step as never], copy as never) as Record<
    Step,
    unknown
  >
  const last = path.at(-1)!
  if (value === undefined) delete parent[last]
  else parent[last] = value
  return copy as StageSpec
}

const textOf = (path: readonly Step[]) =>
  path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`
    if (!/^\w+$/.test(step)) return `${text}[${JSON.stringify(step)}]`
    return text === "" ? step : `${text}.${step}`
  }, "")

const typeIn = (spec: StageSpec) => new Map([["task", spec]])
const messages = (spec: StageSpec) =>
  findProblems("web", { stages: graph("A") }, { stages: typeIn(spec) }).map(({ message }) => message)

/** Everything that Peanut makes of a stage. */
function everythingOf(spec: StageSpec) {
  const run = accepted({ graph: "A", stageSpecs: { task: spec } })
  const entry = { name: "A", type: "task" }
  // Of an execution that was accepted before anybody looked for such mistakes.
  const { create, status } = advance(observed({ graph: "A", stageSpecs: { task: spec } }), now)
  const view = { execution: run, statuses: new Map(), ignoring: new Set<string>() }
  return {
    problems: messages(spec),
    references: referencesIn(spec),
    status: pipelineStatus(pipeline("A"), { stages: typeIn(spec) }, now),
    accepted: accept(execution(), { pipeline: pipeline("A"), stages: new Map([["task", stage("task", spec)]]) }, now),
    job: stageJob(run, "A", fillTemplate(entry, spec, 0, view)),
    step: { create, stages: status.stages },
    manifest: readObjects("x.yaml", {
      value: { apiVersion: "pipeline.peanut.dev/v1alpha1", kind: "PeanutStage", metadata: { name: "task" }, spec },
      lineOf: () => 1,
    }).map(({ problems }) => problems.map(({ message }) => message)),
  }
}

const paths = pathsIn(full()).map((path) => ({ path, at: textOf(path) }))

describe("a stage with any value in any field", () => {
  it("is valid as it stands, so that what follows is found in one field alone", () => {
    expect(everythingOf(full() as StageSpec)).toMatchObject({
      problems: [],
      accepted: { phase: "Pending" },
      manifest: [[]],
    })
    expect(paths.length).toBeGreaterThan(70)
  })

  it.each(paths)("throws nowhere: $at", ({ path, at }) => {
    for (const [kind, value] of Object.entries(values)) {
      expect(() => everythingOf(changed(path, value)), `${at}: ${kind}`).not.toThrow()
    }
  })

  it.each(paths.filter(({ at, path }) => !unread.test(at) && typeof path.at(-1) !== "number"))(
    "takes null for absent: $at",
    ({ path }) => {
      expect(everythingOf(changed(path, null))).toEqual(everythingOf(changed(path, undefined)))
    },
  )

  it.each(paths.filter(({ at }) => unread.test(at)))("passes on what it does not read: $at", ({ path, at }) => {
    for (const value of Object.values(values)) {
      const { problems, job } = everythingOf(changed(path, value))
      expect(problems).toEqual([])
      expect(JSON.stringify(job), at).toContain(JSON.stringify(value))
    }
  })

  it.each(paths.filter(({ at }) => !unread.test(at)))("tells the place of what is of a wrong type: $at", (it) => {
    const right = it.path.reduce<unknown>((value, step) => (value as never)[step], full())
    const kindOf = (value: unknown) => (Array.isArray(value) ? "list" : typeof value)
    for (const value of [8080, "serve it", true, [7], { a: 1 }].filter((value) => kindOf(value) !== kindOf(right))) {
      const { problems, accepted, step, manifest } = everythingOf(changed(it.path, value))
      expect(problems).toEqual([expect.stringContaining(`stage "A": ${it.at}: expected `)])
      expect(accepted.phase).toBe("Failed")
      expect(step.create).toEqual([])
      expect(step.stages).toMatchObject([{ phase: "Failed", reason: "StageInvalid" }])
      expect(step.stages![0]!.message).toContain(`${it.at}: expected `)
      expect(manifest.flat().join("\n")).toContain(`spec.${it.at}`)
    }
  })
})

describe("the mistake of a part", () => {
  const container = ["jobTemplate", "spec", "template", "spec", "containers", 1] as const
  const says = (path: readonly Step[], value: unknown) => messages(changed([...container, ...path], value))
  const at = 'stage "A": jobTemplate.spec.template.spec.containers[1]'
  const inType = '(in PeanutStage "task")'

  it("says how it would be right, where that is plain", () => {
    expect(says(["env", 0, "value"], 8080)).toEqual([
      `${at}.env[0].value: expected text, is a number; write "8080" ${inType}`,
    ])
    expect(says(["args"], "serve --port 80")).toEqual([
      `${at}.args: expected a list, is text; write ["serve", "--port", "80"] ${inType}`,
    ])
    expect(says(["args"], "sh -c 'a b'")).toEqual([`${at}.args: expected a list, is text ${inType}`])
    expect(says(["env"], { A: "b" })).toEqual([`${at}.env: expected a list, is a map ${inType}`])
  })

  it("is told of an item that is null, as an item cannot be absent", () => {
    expect(says(["args"], [null])).toEqual([`${at}.args[0]: expected text, is null ${inType}`])
    expect(says(["env"], [null])).toEqual([`${at}.env[0]: expected a map, is null ${inType}`])
  })

  it("is told of a variable without a name", () => {
    expect(says(["env"], [{ value: "x" }])).toEqual([`${at}.env[0]: name is missing ${inType}`])
  })

  it("is told of a NUL character, which no program can be given", () => {
    const nul = "it has a NUL character, which no argument or environment variable can hold"
    for (const path of [
      ["command", 0],
      ["args", 0],
      ["env", 0, "value"],
    ]) {
      expect(says(path, "a\0b")).toEqual([`${at}${textOf(path).replace(/^/, ".")}: ${nul} ${inType}`])
    }
    expect(messages(changed(["params", 0, "default"], "\0"))).toEqual([
      `stage "A": params[0].default: ${nul} ${inType}`,
    ])
  })

  it("is told twenty times at most", () => {
    expect(says(["args"], Array(1000).fill(1))).toHaveLength(20)
  })
})
