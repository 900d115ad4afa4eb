import { describe, expect, it } from "vitest"
import type { Execution } from "../../src/api/execution.ts"
import type { PipelineStage } from "../../src/api/pipeline.ts"
import { accept, isAccepted, refused, surroundings } from "../../src/execution/accept.ts"
import { expressions } from "../../src/execution/expressions.ts"
import { queued } from "../../src/execution/rules/concurrency-policy.ts"
import { graph } from "../builders/graph.ts"
import {
  accepted,
  earlier,
  execution,
  meta,
  namespace,
  now,
  pipeline,
  stage,
  stages,
  taskSpec,
} from "../builders/objects.ts"

const ofStages = (list: string | PipelineStage[], ...types: string[]) =>
  accept(execution(), { pipeline: pipeline(list), stages: stages(...(types.length > 0 ? types : ["task"])) }, now)

describe("accept", () => {
  it("takes a snapshot and lets every stage wait", () => {
    const status = accept(
      execution({}, { generation: 2 }),
      { pipeline: pipeline("a → b", { metadata: meta("web", { generation: 7 }) }), stages: stages("task", "unused") },
      now,
    )
    expect(status).toStrictEqual({
      observedGeneration: 2,
      phase: "Pending",
      summary: "0/2 succeeded",
      startTime: now,
      conditions: [
        { type: "Succeeded", status: "Unknown", reason: "Pending", message: "0/2 succeeded", lastTransitionTime: now },
      ],
      stages: [
        { name: "a", phase: "Waiting" },
        { name: "b", phase: "Waiting" },
      ],
      snapshot: { pipelineGeneration: 7, stages: graph("a → b"), stageSpecs: { task: taskSpec } },
    })
  })

  it("asks what knows CEL about every when, where it is given", () => {
    const list = graph("a").map((stage) => ({ ...stage, when: "1 +" }))
    const definition = { pipeline: pipeline(list), stages: stages("task") }
    expect(accept(execution(), definition, now).phase).toBe("Pending")
    expect(accept(execution(), { ...definition, expressions }, now).conditions).toMatchObject([
      { reason: "PipelineInvalid", message: 'stage "a": when: 1 +: Unexpected token: EOF' },
    ])
  })

  it("keeps each type once, and only those that the pipeline uses", () => {
    const list = [...graph("a, b", "one"), ...graph("c", "constructor")]
    expect(Object.keys(ofStages(list, "one", "two", "constructor").snapshot!.stageSpecs)).toEqual([
      "one",
      "constructor",
    ])
  })

  it("says that it is suspended from the start", () => {
    const status = accept(execution({ suspend: true }), { pipeline: pipeline("a"), stages: stages("task") }, now)
    expect(status.conditions).toMatchObject([{ status: "Unknown", reason: "Suspended" }])
  })

  it("fails an execution of a pipeline that is not there, naming pipeline and namespace", () => {
    expect(accept(execution(), { pipeline: undefined, stages: stages() }, now)).toEqual({
      observedGeneration: 1,
      phase: "Failed",
      summary: "not started",
      startTime: now,
      completionTime: now,
      conditions: [
        {
          type: "Succeeded",
          status: "False",
          reason: "PipelineNotFound",
          message: `there is no PeanutPipeline "web" in namespace "${namespace}"`,
          lastTransitionTime: now,
        },
      ],
    })
  })

  it("fails an execution of an invalid pipeline with every mistake in one message", () => {
    const status = ofStages([...graph("a → b → a"), { name: "c", type: "tsk", dependsOn: ["ghost"] }])
    expect(status).toMatchObject({ phase: "Failed", summary: "not started" })
    expect(status).not.toHaveProperty("snapshot")
    expect(status.conditions?.[0]).toMatchObject({ status: "False", reason: "PipelineInvalid" })
    expect(status.conditions?.[0]?.message.split("; ")).toEqual([
      'stage "c" is of type "tsk", but there is no PeanutStage of that name',
      'did you mean "task"?',
      'stage "c" depends on "ghost", which is not in pipeline "web"',
      'stages of pipeline "web" wait for each other: a → b → a',
    ])
  })

  // The schema takes 32,768 characters: the API server would refuse the whole status for one more.
  it("keeps the message of the worst pipeline within what a condition may say", () => {
    const list = Array.from({ length: 1000 }, (_, index) => ({ name: `stage ${index}`, type: "missing" }))
    const message = ofStages(list).conditions![0]!.message
    expect(message.length).toBeLessThanOrEqual(32_768)
  })

  const annotated = (text: string) => ({ ...taskSpec, jobTemplate: { metadata: { annotations: { text } } } })

  it("fails an execution whose snapshot would not fit into etcd, and says how large it is", () => {
    const big = stage("task", annotated("🥜".repeat(175_000)))
    const status = accept(execution(), { pipeline: pipeline("a"), stages: new Map([["task", big]]) }, now)
    expect(status).toMatchObject({ phase: "Failed", conditions: [{ reason: "PipelineTooLarge" }] })
    expect(status.conditions?.[0]?.message).toMatch(/take 700\d{3} bytes, more than the 700000/)
    expect(JSON.stringify(status).length).toBeLessThan(1000)
  })

  it("takes a snapshot of 700,000 bytes, and none of one more", () => {
    const sized = (length: number) => stage("task", annotated("x".repeat(length)))
    const accepting = (length: number) =>
      accept(execution(), { pipeline: pipeline("a"), stages: new Map([["task", sized(length)]]) }, now)
    const rest = JSON.stringify(accepting(0).snapshot).length
    expect(accepting(700_000 - rest)).toMatchObject({ phase: "Pending" })
    expect(accepting(700_001 - rest)).toMatchObject({ phase: "Failed" })
  })

  it("takes a template of 200 levels, and none of one more", () => {
    const levels = (value: unknown): number =>
      typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(levels)) : 0
    const accepting = (depth: number) => {
      let affinity: object = { empty: null, leaf: "x" }
      for (let level = 0; level < depth; level++) affinity = { next: affinity, list: [{}, "x"] }
      const jobTemplate = { spec: { template: { spec: { affinity } } } }
      const deep = stage("task", { ...taskSpec, jobTemplate })
      return accept(execution(), { pipeline: pipeline("a"), stages: new Map([["task", deep]]) }, now)
    }
    const rest = levels(accepting(0).snapshot)
    expect(accepting(200 - rest)).toMatchObject({ phase: "Pending" })
    const message = 'a stage of pipeline "web" is nested more than 200 levels deep in its jobTemplate; no Job is'
    expect(accepting(201 - rest)).toMatchObject({
      phase: "Failed",
      conditions: [{ reason: "PipelineTooLarge", message }],
    })
  })

  it("takes 1,000 stages with long names", () => {
    const list = Array.from({ length: 1000 }, (_, index) => ({
      name: `${index}`.padEnd(253, "x"),
      type: "task",
      ...(index > 0 && { dependsOn: [`${index - 1}`.padEnd(253, "x")] }),
    }))
    expect(ofStages(list).phase).toBe("Pending")
  })

  it("does not fail an execution that has ended", () => {
    const run = accepted({ graph: "a", stages: new Map([["a", "Succeeded"]]) })
    expect(accept(run, { pipeline: undefined, stages: stages() }, now)).toEqual(run.status)
  })
})

describe("accept, of parameters and approvals", () => {
  const declared = { stages: graph("a → b"), params: [{ name: "env" }, { name: "region", default: "eu" }] }
  const accepting = (spec: Partial<Execution["spec"]>, more: Partial<typeof declared> & object = {}) =>
    accept(
      execution(spec),
      { pipeline: { ...pipeline("a"), spec: { ...declared, ...more } }, stages: stages("task") },
      now,
    )

  it("keeps the values of the run in its snapshot", () => {
    const status = accepting({ params: [{ name: "env", value: "prod" }] })
    expect(status.snapshot?.params).toEqual({ env: "prod", region: "eu" })
  })

  it.each<[of: string, spec: Partial<Execution["spec"]>, message: string]>([
    ["a missing value", {}, 'the execution gives no value for param "env" of pipeline "web", which has no default'],
    [
      "an unknown param and an unknown approval, together",
      {
        params: [
          { name: "env", value: "" },
          { name: "regoin", value: "" },
        ],
        approved: ["a", "bb", "zzzz"],
      },
      'the execution gives param "regoin", which pipeline "web" does not declare; did you mean "region"?; approved names "bb", which is no stage of pipeline "web"; did you mean "b"?; approved names "zzzz", which is no stage of pipeline "web"',
    ],
  ])("refuses %s before anything runs", (_, spec, message) => {
    const status = accepting(spec)
    expect(status).toMatchObject({ phase: "Failed", conditions: [{ reason: "ExecutionInvalid", message }] })
    expect(status).not.toHaveProperty("stages")
  })

  it("lists the stages of finally after the others", () => {
    const status = accepting({ params: [{ name: "env", value: "" }] }, { finally: graph("z", "end") } as never)
    expect(status).toMatchObject({ phase: "Failed" })
    const both = accept(
      execution(),
      {
        pipeline: { ...pipeline("a"), spec: { stages: graph("a"), finally: graph("z", "end") } },
        stages: stages("task", "end"),
      },
      now,
    )
    expect(both.stages?.map(({ name }) => name)).toEqual(["a", "z"])
    expect(both.summary).toBe("0/2 succeeded")
    expect(Object.keys(both.snapshot!.stageSpecs)).toEqual(["task", "end"])
    expect(both.snapshot?.finally).toEqual(graph("z", "end"))
  })

  it("keeps what the pipeline says of the run, and lets the execution's timeout win", () => {
    const more = {
      timeout: "1h",
      failurePolicy: "FailFast",
      maxParallel: 3,
      concurrencyPolicy: "Queue",
      params: [],
    } as const
    const of = (spec: Partial<Execution["spec"]>) => accepting(spec, more as never).snapshot
    expect(of({})).toMatchObject({
      timeout: "1h",
      failurePolicy: "FailFast",
      maxParallel: 3,
      concurrencyPolicy: "Queue",
    })
    expect(of({ timeout: "5m" })).toMatchObject({ timeout: "5m" })
  })
})

describe("refused", () => {
  it("may say Cancelled, and changes nothing of what has ended", () => {
    expect(refused(execution(), "Cancelled", "why", now, "Cancelled")).toMatchObject({
      phase: "Cancelled",
      startTime: now,
      completionTime: now,
      conditions: [{ status: "False", reason: "Cancelled", message: "why" }],
    })
    const run = accepted({ graph: "a", stages: new Map([["a", "Succeeded"]]) })
    expect(refused(run, "Cancelled", "why", now)).toBe(run.status)
  })
})

describe("refused, of an execution that waited for its turn", () => {
  it("keeps what else its status says", () => {
    const waited = queued(execution(), { _tag: "Hold" }, earlier)
    const other = { type: "Ready", status: "True", reason: "Ready", message: "", lastTransitionTime: earlier } as const
    const run = { ...execution(), status: { ...waited, stages: [], conditions: [other, ...waited.conditions!] } }
    expect(refused(run, "Cancelled", "why", now)).toMatchObject({
      stages: [],
      summary: "not started",
      conditions: [other, { type: "Succeeded", status: "False", reason: "Cancelled", lastTransitionTime: now }],
    })
  })
})

describe("surroundings", () => {
  it("are the specs of the stages by name, and what knows CEL where it is given", () => {
    const specs = new Map([["task", taskSpec]])
    expect(surroundings({ stages: stages("task") })).toStrictEqual({ stages: specs })
    expect(surroundings({ stages: stages("task"), expressions })).toStrictEqual({ stages: specs, expressions })
  })
})

describe("isAccepted", () => {
  it.each<{ state: string; run: Execution; is: boolean }>([
    { state: "new", run: execution(), is: false },
    { state: "accepted", run: accepted({ graph: "a" }), is: true },
    { state: "refused", run: { ...execution(), status: { phase: "Failed" } }, is: false },
    {
      state: "without its stages",
      run: { ...execution(), status: { snapshot: accepted({ graph: "a" }).status.snapshot } },
      is: false,
    },
  ])("is $is of an execution that is $state", ({ run, is }) => {
    expect(isAccepted(run)).toBe(is)
  })
})
