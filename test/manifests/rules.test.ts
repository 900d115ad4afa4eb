// The rules between fields that the CRDs state in CEL: peanut says the same, without a cluster, and where.

import { describe, expect, it } from "vitest"
import { loadManifests } from "../../src/manifests/load.ts"
import { formatProblem } from "../../src/manifests/problem.ts"

const head = (kind: string, name: string) =>
  `apiVersion: pipeline.peanut.dev/v1alpha1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec:\n`

const told = async (text: string) => (await loadManifests(["-"], async () => text)).problems.map(formatProblem)
/** Its first line of spec is line 5. */
const pipeline = (spec: string) => told(head("PeanutPipeline", "web") + spec.replace(/^/gm, "  "))
const execution = (spec: string) => told(head("PeanutPipelineExecution", "web-1") + spec.replace(/^/gm, "  "))
const at = (line: number, message: string) => `<stdin>:${line}: PeanutPipeline "web": ${message}`

const values = (count: number) => JSON.stringify(Array.from({ length: count }, (_, i) => `v${i}`))
const matrix = (...counts: number[]) =>
  `[${counts.map((count, i) => `{ name: p${i}, values: ${values(count)} }`).join(", ")}]`

describe("a pipeline's entry", () => {
  it.each([
    [
      "a triggerRule with parents",
      "stages:\n- { name: a, type: t }\n- { name: b, type: t, dependsOn: [a], triggerRule: AllDone }",
    ],
    ["the default triggerRule without parents", "stages:\n- { name: a, type: t, triggerRule: AllSucceeded }"],
    ["maxParallel with a matrix", `stages:\n- { name: a, type: t, maxParallel: 2, matrix: ${matrix(2)} }`],
    ["maxParallel of the pipeline without one", "maxParallel: 2\nstages:\n- { name: a, type: t }"],
    ["a matrix of 256", `stages:\n- { name: a, type: t, matrix: ${matrix(16, 16)} }`],
    ["finally", "stages:\n- { name: a, type: t }\nfinally:\n- { name: b, type: t }"],
  ])("may have %s", async (_, spec) => expect(await pipeline(spec)).toEqual([]))

  it.each([
    [
      "a triggerRule without parents",
      "stages:\n- name: a\n  type: t\n  triggerRule: AnyFailed",
      at(8, 'stage "a": triggerRule needs dependsOn: there is no stage whose outcome it could wait for'),
    ],
    [
      "maxParallel without a matrix",
      "stages:\n- name: a\n  type: t\n  maxParallel: 2",
      at(8, 'stage "a": maxParallel needs a matrix; without one, set maxParallel of the pipeline'),
    ],
    [
      "maxParallel without a matrix in finally",
      "stages:\n- { name: a, type: t }\nfinally:\n- name: b\n  type: t\n  maxParallel: 2",
      at(10, 'stage "b": maxParallel needs a matrix; without one, set maxParallel of the pipeline'),
    ],
    [
      "a matrix that is too large",
      `stages:\n- name: a\n  type: t\n  matrix: ${matrix(16, 17)}`,
      at(
        8,
        'stage "a": its matrix has 272 combinations, more than the 256 that it may have; leave out values, or split the stage',
      ),
    ],
    ...["{ when: 'true' }", "{ params: [] }", "{ filter: {} }"].map((entry): [string, string, string] => [
      `an entry of events that says ${entry}, which would let in every event if it were dropped`,
      `events:\n- ${entry}\nstages:\n- { name: a, type: t }`,
      at(6, "spec.events[0] must be {}: it has no fields in this version"),
    ]),
    [
      "in finally the name of another stage",
      "stages:\n- { name: a, type: t }\nfinally:\n- { name: b, type: t }\n- type: t\n  name: a",
      at(10, 'stage "a" of finally has the name of another stage of this pipeline; give it another'),
    ],
    [
      "in finally what only the graph knows",
      "stages:\n- { name: a, type: t }\nfinally:\n- name: b\n  type: t\n  dependsOn: [a]\n  approval: true",
      at(
        10,
        "there is no field spec.finally[0].dependsOn; there are name, type, params, when, onFailure, retries, timeout, matrix, maxParallel",
      ),
      at(
        11,
        "there is no field spec.finally[0].approval; there are name, type, params, when, onFailure, retries, timeout, matrix, maxParallel",
      ),
    ],
    [
      "words that there are not",
      "failurePolicy: FailSlow\nconcurrencyPolicy: queue\nstages:\n- { name: a, type: t, onFailure: ignore }",
      at(5, 'spec.failurePolicy must be "ContinueBranches" or "FailFast", but is "FailSlow"'),
      at(
        6,
        'spec.concurrencyPolicy must be "Allow", "Forbid", "Replace" or "Queue", but is "queue"; did you mean "Queue"?',
      ),
      at(8, 'spec.stages[0].onFailure must be "Fail" or "Ignore", but is "ignore"; did you mean "Ignore"?'),
    ],
    [
      "params that are no text",
      "params: [{ name: version, default: 1.0 }]\nstages:\n- { name: a, type: t, params: [{ name: b, value: true }] }",
      at(5, "spec.params[0].default must be text, but YAML reads it as the number 1; put it in quotes"),
      at(7, "spec.stages[0].params[0].value must be text, but YAML reads it as true; put it in quotes"),
    ],
  ])("may not have %s", async (_, spec, ...expected) => expect(await pipeline(spec)).toEqual(expected))
})

describe("an execution", () => {
  it("gives parameters or repeats another, not both", async () => {
    expect(await execution("pipelineName: web\nrerunOf: web-0\nparams: [{ name: a, value: b }]")).toEqual([
      '<stdin>:7: PeanutPipelineExecution "web-1": spec.params and spec.rerunOf exclude each other: a rerun takes the parameters of the run that it repeats',
    ])
    expect(await execution("pipelineName: web\nrerunOf: web-0\nparams:")).toEqual([])
  })
})
