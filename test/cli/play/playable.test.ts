import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { checkPlayable } from "../../../src/cli/play/playable.ts"
import type { Runner } from "../../../src/cluster/local.ts"
import { loadManifests } from "../../../src/manifests/load.ts"
import { formatProblem } from "../../../src/manifests/problem.ts"
import { selectRun } from "../../../src/manifests/select.ts"

// A PATH of our own, so that nothing depends on what is installed.
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "peanut-playable-"))
  for (const name of ["sleep", "docker", "data"]) writeFileSync(join(folder, name), "")
  for (const name of ["sleep", "docker"]) chmodSync(join(folder, name), 0o755)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const head = "apiVersion: pipeline.peanut.dev/v1alpha1\nkind:"
const indented = (text: string) => text.replace(/^/gm, "  ")

async function told(runner: Runner, spec: string, options: { suspend?: boolean; PATH?: string } = {}) {
  const text = [
    `${head} PeanutStage\nmetadata: { name: build }\nspec:\n${indented(spec)}`,
    `${head} PeanutPipeline\nmetadata: { name: web }\nspec: { stages: [{ name: Build, type: build }] }`,
    `${head} PeanutPipelineExecution\nmetadata: { name: web-1 }\nspec: { pipelineName: web, suspend: ${options.suspend ?? false} }`,
  ].join("\n---\n")
  const selected = selectRun(await loadManifests(["-"], async () => text), {})
  if ("problems" in selected) throw new Error(selected.problems.map(formatProblem).join("\n"))
  const problems = checkPlayable(selected.run, runner, { PATH: options.PATH ?? folder })
  return problems.map((problem) => formatProblem(problem).replaceAll(folder, "FOLDER"))
}

const at = (line: number, message: string) => `<stdin>:${line}: PeanutStage "build": ${message}`
const podSpec = (spec: string) =>
  `image: a\ncommand: [sleep]\njobTemplate:\n  spec:\n    template:\n      spec:\n${spec.replace(/^/gm, "        ")}`

describe("checkPlayable lets through, for processes,", () => {
  const cases: readonly (readonly [name: string, spec: () => string])[] = [
    ["a program in PATH", () => "image: a\ncommand: [sleep]"],
    ["a program by its path", () => `image: a\ncommand: ["${folder}/sleep"]`],
    [
      "a program relative to the working directory",
      () => `image: a\ncommand: ["./${relative(process.cwd(), folder)}/sleep"]`,
    ],
    [
      "a program in the PATH of the stage",
      () => `image: a\ncommand: [sleep]\nenv: [{ name: PATH, value: "/nowhere:${folder}" }]`,
    ],
    ["a program that a variable names", () => 'image: a\ncommand: ["$(TOOL)"]'],
    [
      "a command in the container of the stage",
      () =>
        "jobTemplate: { spec: { template: { spec: { containers: [{ name: stage, image: a, command: [sleep] }] } } } }",
    ],
    [
      "many pods",
      () =>
        "image: a\ncommand: [sleep]\njobTemplate: { spec: { completions: 3, parallelism: 2, completionMode: Indexed } }",
    ],
    [
      "a Job that is not suspended, and no volumes",
      () =>
        "image: a\ncommand: [sleep]\njobTemplate: { spec: { suspend: false, template: { spec: { volumes: [] } } } }",
    ],
    [
      "what is optional",
      () =>
        "image: a\ncommand: [sleep]\nenvFrom: [{ secretRef: { name: s, optional: true } }]\nenv: [{ name: A, valueFrom: { configMapKeyRef: { name: c, key: k, optional: true } } }]",
    ],
  ]
  it.each(cases)("%s", async (_, spec) => expect(await told("process", spec())).toEqual([]))

  it("a program where PATH is not set, in the folders of the system", async () => {
    const selected = selectRun(
      await loadManifests(
        ["-"],
        async () =>
          `${head} PeanutStage\nmetadata: { name: build }\nspec: { image: a, command: [sh] }\n---\n${head} PeanutPipeline\nmetadata: { name: web }\nspec: { stages: [{ name: Build, type: build }] }`,
      ),
      { pipeline: "web" },
    )
    expect("run" in selected && checkPlayable(selected.run, "process", {})).toEqual([])
  })
})

describe("checkPlayable refuses, for processes,", () => {
  const unknown =
    "the image is not used with --runner process, so its entry point is unknown; set spec.command, or use --runner docker"
  const cases: readonly (readonly [name: string, spec: string, ...told: string[]])[] = [
    ["a stage without command", "image: a\nargs: [b]", at(4, unknown)],
    ["a stage with an empty command", "image: a\ncommand: []", at(4, unknown)],
    ["a stage whose program has no name", 'image: a\ncommand: [""]', at(6, unknown)],
    [
      "a mistyped program",
      "image: a\ncommand:\n- slep",
      at(7, 'there is no program "slep" in PATH; did you mean "sleep"?'),
    ],
    [
      "an unknown program",
      "image: a\ncommand: [kaniko]",
      at(6, 'there is no program "kaniko" in PATH; install it, or use --runner docker'),
    ],
    [
      "a program by a wrong path",
      "image: a\ncommand: [/app/run]",
      at(6, 'there is no program "/app/run"; install it, or use --runner docker'),
    ],
    [
      "a line for a program",
      'image: a\ncommand: ["sleep 10"]',
      at(6, 'there is no program "sleep 10" in PATH; a command is a list of words: ["sleep","10"]'),
    ],
    [
      "a program outside the PATH of the stage",
      "image: a\ncommand: [sleep]\nenv: [{ name: PATH, value: /nowhere }]",
      at(6, 'there is no program "sleep" in PATH; install it, or use --runner docker'),
    ],
    [
      "a file that may not be executed",
      "image: a\ncommand: [data]",
      at(6, 'program "data" is not executable; run chmod +x on it, or name its interpreter first'),
    ],
    [
      "an unknown program of the container of the stage",
      "jobTemplate:\n  spec:\n    template:\n      spec:\n        containers:\n        - name: stage\n          image: a\n          command:\n          - slep",
      at(13, 'there is no program "slep" in PATH; did you mean "sleep"?'),
    ],
  ]
  it.each(cases)("%s", async (_, spec, ...expected) => expect(await told("process", spec)).toEqual(expected))
})

describe("checkPlayable refuses, for every runner,", () => {
  const advice = "which there is none of without a cluster; give a value, or make it optional"
  const cases: readonly (readonly [name: string, spec: string, ...told: string[]])[] = [
    [
      "helpers beside the stage",
      podSpec("initContainers:\n- { name: fetch }\ncontainers:\n- { name: stage }\n- { name: proxy }"),
      at(12, 'container "fetch" is not played without a cluster, only container "stage" is'),
      at(15, 'container "proxy" is not played without a cluster, only container "stage" is'),
    ],
    [
      "volumes",
      podSpec("volumes:\n- { name: data, emptyDir: {} }"),
      at(11, "spec.jobTemplate.spec.template.spec.volumes is not played without a cluster"),
    ],
    [
      "what only the Job controller does",
      "image: a\ncommand: [sleep]\njobTemplate:\n  spec:\n    suspend: true\n    podFailurePolicy: {}\n    successPolicy: {}\n    backoffLimitPerIndex: 1\n    maxFailedIndexes: 1\n    managedBy: me",
      ...["suspend", "podFailurePolicy", "successPolicy", "backoffLimitPerIndex", "maxFailedIndexes", "managedBy"].map(
        (field, index) => at(9 + index, `spec.jobTemplate.spec.${field} is not played without a cluster`),
      ),
    ],
    [
      "values from a cluster",
      "image: a\ncommand: [sleep]\nenv:\n- name: A\n  valueFrom: { secretKeyRef: { name: s, key: k } }\n- name: B\n  valueFrom: { configMapKeyRef: { name: c, key: k } }\n- name: C\n  valueFrom: { fieldRef: { fieldPath: metadata.name } }\nenvFrom:\n- secretRef: { name: s }\n- configMapRef: { name: c, optional: false }",
      at(9, `variable "A" reads a Secret, ${advice}`),
      at(11, `variable "B" reads a ConfigMap, ${advice}`),
      at(13, 'variable "C" reads a field of its pod, which there is none of without a cluster; give a value'),
      at(15, `envFrom reads a Secret, ${advice}`),
      at(16, `envFrom reads a ConfigMap, ${advice}`),
    ],
    [
      "values from a cluster in the container of the stage",
      podSpec("containers:\n- name: stage\n  envFrom:\n  - secretRef: { name: s }"),
      at(14, `envFrom reads a Secret, ${advice}`),
    ],
  ]
  describe.each<Runner>(["process", "docker"])("%s:", (runner) => {
    it.each(cases)("%s", async (_, spec, ...expected) => expect(await told(runner, spec)).toEqual(expected))
  })

  it("an execution that is held", async () => {
    expect(await told("process", "image: a\ncommand: [sleep]", { suspend: true })).toEqual([
      '<stdin>:16: PeanutPipelineExecution "web-1": spec.suspend holds the run, and nothing would end it; remove it',
    ])
  })
})

describe("checkPlayable, for containers,", () => {
  it("asks for no command, as the image has one", async () => {
    expect(await told("docker", "image: a")).toEqual([])
  })

  it("refuses what its engine would take for an option, or could not be told", async () => {
    const spec =
      'image: "dir:/etc"\nenv:\n- { name: "#", value: a }\n- { name: "*", value: b }\n- { name: PATH, value: "a\\nb" }'
    expect(await told("docker", spec)).toEqual([
      at(5, '"dir:/etc" is not the name of an image'),
      at(7, 'variable "#" has a name that engines cannot be told'),
      at(9, 'the value of variable "PATH", which the engine itself may heed, has a line break in it or is too long'),
    ])
    const path = podSpec('containers: [{ name: stage, terminationMessagePath: "/etc:rw" }]')
    expect(await told("docker", path)).toEqual([
      at(11, 'its terminationMessagePath "/etc:rw" is not an absolute path without a colon'),
    ])
  })

  it("asks for the program that runs them", async () => {
    expect(await told("podman", "image: a")).toEqual([
      '--runner podman: there is no program "podman" in PATH; install it, or use --runner process',
    ])
  })
})
