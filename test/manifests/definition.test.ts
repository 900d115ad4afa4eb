// What a pipeline and its stages say together: the controller's own findings, each at the line where it can be mended.

import { describe, expect, it } from "vitest"
import { prepareRun } from "../../src/cli/play/prepare.ts"
import { loadManifests } from "../../src/manifests/load.ts"
import { formatProblem } from "../../src/manifests/problem.ts"

const api = "apiVersion: pipeline.peanut.dev/v1alpha1"

/** The pipeline's spec begins on line 5; that of its stage after it, and the stage `plain` has no parameters. */
async function told(pipeline: string, stage: string): Promise<readonly string[]> {
  const documents = [
    `${api}\nkind: PeanutPipeline\nmetadata: { name: web }\nspec:\n${pipeline.replace(/^/gm, "  ")}`,
    `${api}\nkind: PeanutStage\nmetadata: { name: task }\nspec:\n  image: busybox\n${stage.replace(/^/gm, "  ")}`,
    `${api}\nkind: PeanutStage\nmetadata: { name: plain }\nspec: { image: busybox, command: ["true"] }`,
  ]
  const first = documents[0]!.split("\n").length + 1
  const loaded = await loadManifests(["-"], async () => documents.join("\n---\n"))
  const prepared = prepareRun(loaded, { pipeline: "web", runner: "docker", environment: { PATH: "" }, canAsk: true })
  if ("run" in prepared) return []
  return (
    prepared.problems
      .map(formatProblem)
      .filter((line) => !line.startsWith("--runner"))
      // Lines of the stage are told from its own beginning.
      .map((line) =>
        line.replace(/<stdin>:(\d+): (PeanutStage)/, (_, at, kind) => `stage:${Number(at) - first}: ${kind}`),
      )
  )
}

const atPipeline = (line: number, message: string) => `<stdin>:${line}: PeanutPipeline "web": ${message}`
const atStage = (line: number, message: string) => `stage:${line}: PeanutStage "task": ${message}`

const noParams = 'command: ["true"]'
const oneParam = 'params: [{ name: version }]\ncommand: [echo, "$(params.version)"]'
const one = "stages:\n- name: A\n  type: task"

describe("a definition is right with", () => {
  it.each([
    ["parameters given and used", `${one}\n  params: [{ name: version, value: "1" }]`, oneParam],
    [
      "outputs of a stage above",
      "stages:\n- { name: A, type: plain }\n- { name: B, type: task, dependsOn: [A] }",
      `command: [echo, "$(stages['A'].outputs.x)"]`,
    ],
    [
      "the phase of the run at its end",
      "stages:\n- { name: A, type: plain }\nfinally:\n- { name: B, type: task }",
      'command: [echo, "$(execution.phase)"]',
    ],
    [
      "a variable in a script",
      `${one}\n  params: [{ name: version, value: "1" }]`,
      'params: [{ name: version }]\ncommand: [sh, -c, "echo $VERSION"]\nenv: [{ name: VERSION, value: "$(params.version)" }]',
    ],
    ["dollars that begin no reference", one, 'command: [sh, -c, "echo $(date) $$(params.x) $HOME"]'],
    ["an expression", `params: [{ name: env, default: test }]\n${one}\n  when: params.env == 'prod'`, noParams],
  ])("%s", async (_, pipeline, stage) => expect(await told(pipeline, stage)).toEqual([]))
})

describe("a definition is told to be wrong, at the pipeline, for", () => {
  it.each([
    [
      "a parameter that the stage does not declare",
      `${one}\n  params:\n  - { name: version, value: "1" }\n  - { name: versoin, value: "1" }`,
      oneParam,
      atPipeline(
        10,
        'stage "A": it gives param "versoin", which PeanutStage "task" does not declare; did you mean "version"?',
      ),
    ],
    [
      "a parameter that the stage misses",
      `${one}\n  params: [{ name: version, value: "1" }]\n- name: B\n  type: task`,
      oneParam,
      atPipeline(9, 'stage "B": it gives no value for param "version" of PeanutStage "task", which has no default'),
    ],
    [
      "a parameter that the pipeline does not declare",
      `${one}\n  params:\n  - name: version\n    value: $(params.x)`,
      oneParam,
      atPipeline(10, `stage "A": $(params.x) names a param that the pipeline does not declare`),
    ],
    [
      "the output of a stage that is not above",
      "stages:\n- { name: A, type: plain }\n- name: B\n  type: task",
      `command: [echo, "$(stages['A'].outputs.x)"]`,
      atPipeline(
        8,
        `stage "B": $(stages['A'].outputs.x) names a stage that this one does not depend on, so it may not have ended; add it to dependsOn (in command[1] of its PeanutStage)`,
      ),
    ],
    [
      "the output of a stage that there is not",
      `${one}\n  dependsOn: [Build]\n  params: [{ name: version, value: "$(stages['Buidl'].outputs.x)" }]\n- name: Build\n  type: plain`,
      oneParam,
      atPipeline(
        9,
        `stage "A": $(stages['Buidl'].outputs.x) names a stage that is not in the pipeline; did you mean "Build"?`,
      ),
    ],
    [
      "a value of a matrix",
      `${one}\n  matrix:\n  - { name: version, values: ["1"] }\n  - { name: other, values: ["$(params.x)"] }`,
      'params: [{ name: version }, { name: other }]\ncommand: ["true"]',
      atPipeline(10, 'stage "A": $(params.x) names a param that the pipeline does not declare'),
    ],
    [
      "an expression about what there is not",
      `${one}\n  when: params.x == '1'`,
      noParams,
      atPipeline(8, 'stage "A": when: params.x is not declared by the pipeline'),
    ],
  ])("%s", async (_, pipeline, stage, expected) => expect(await told(pipeline, stage)).toEqual([expected]))

  it("an expression that is none", async () => {
    const [line, ...others] = await told(`${one}\n  when: 1 +`, noParams)
    expect(line).toMatch(/^<stdin>:8: PeanutPipeline "web": stage "A": when: 1 \+: ./)
    expect(others).toEqual([])
  })
})

describe("a definition is told to be wrong, at the stage, for", () => {
  const twice = "stages:\n- { name: A, type: task }\n- { name: B, type: task }"
  it.each([
    [
      "a reference in a script",
      'params: [{ name: x, default: "" }]\ncommand: [sh, -c]\nargs:\n- echo $(params.x)',
      atStage(
        9,
        'args[0]: $(params.x) may be run as a program, or taken for an option, by "sh"; pass it by env, and let the program read the variable: "$NAME" in a shell',
      ),
    ],
    [
      "a parameter that it does not declare",
      'params: [{ name: version, default: "" }]\nenv:\n- name: A\n  value: b\n- name: V\n  value: $(params.versoin)',
      atStage(
        11,
        `env V: $(params.versoin) names a param that the stage's type does not declare; did you mean "version"?`,
      ),
    ],
    [
      "a reference where none is replaced",
      "resources:\n  limits:\n    cpu: $(params.x)",
      atStage(8, "resources.limits.cpu: $(params.x) is replaced only in command, args and values of env"),
    ],
    [
      "what is no reference",
      "command:\n- echo\n- $(params.x.y)",
      atStage(
        8,
        "command[1]: $(params.x.y) is not a reference; write $(params.NAME), $(stages['NAME'].outputs.KEY) or $(execution.name), or $$( for a plain $(",
      ),
    ],
    [
      "a reference in the script of the container of the stage",
      "jobTemplate:\n  spec:\n    template:\n      spec:\n        containers:\n        - name: stage\n          command:\n          - sh\n          - -c\n          - echo $(params.x)",
      atStage(
        15,
        'command[2]: $(params.x) may be run as a program, or taken for an option, by "sh"; pass it by env, and let the program read the variable: "$NAME" in a shell',
      ),
    ],
    [
      "the phase of the run before its end",
      'command: [echo, "$(execution.phase)"]',
      atStage(6, "command[1]: $(execution.phase) is known only to stages of finally; there is name, namespace, uid"),
    ],
  ])("%s, once", async (_, stage, expected) => expect(await told(twice, stage)).toEqual([expected]))
})
