import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { customResourceDefinition, definitions } from "../../src/api/crds.ts"
import { pipelineSpec } from "../../src/api/pipeline.ts"
import { stageSpec } from "../../src/api/stage.ts"
import { loadManifests } from "../../src/manifests/load.ts"
import { formatProblem } from "../../src/manifests/problem.ts"

const v = "apiVersion: pipeline.peanut.dev/v1alpha1"
const stage = (spec: string) => `${v}\nkind: PeanutStage\nmetadata: { name: build }\nspec:\n${indented(spec)}`
const pipeline = (stages: string) =>
  `${v}\nkind: PeanutPipeline\nmetadata: { name: web }\nspec:\n  stages:\n${indented(stages, 4)}`
const execution = (spec: string) =>
  `${v}\nkind: PeanutPipelineExecution\nmetadata: { name: web-1 }\nspec:\n${indented(spec)}`
const fine = stage("image: busybox")

function indented(text: string, by = 2) {
  return text.replace(/^/gm, " ".repeat(by))
}

const load = (text: string) => loadManifests(["-"], async () => text)
const told = async (text: string) => (await load(text)).problems.map(formatProblem)

type Case = readonly [name: string, text: string, ...told: string[]]

describe("loadManifests takes", () => {
  const taken: readonly (readonly [name: string, text: string, ...read: string[]])[] = [
    ["nothing", ""],
    ["empty documents and comments", `---\n---\n# a comment\n---\n${fine}\n---\n`, 'PeanutStage "build"'],
    ["a byte order mark", `\ufeff${fine}`, 'PeanutStage "build"'],
    [
      "JSON indented with tabs",
      `{\n\t"apiVersion": "pipeline.peanut.dev/v1alpha1",\n\t"kind": "PeanutStage",\n\t"metadata": {"name": "build"},\n\t"spec": {"image": "busybox"}\n}`,
      'PeanutStage "build"',
    ],
    [
      "several documents",
      `${fine}\n---\n${pipeline("- { name: Build, type: build }")}\n---\n${execution("pipelineName: web")}`,
      'PeanutStage "build"',
      'PeanutPipeline "web"',
      'PeanutPipelineExecution "web-1"',
    ],
    [
      "a List, as kubectl prints it, with what a server adds",
      `apiVersion: v1\nkind: List\nitems:\n- ${indented(fine).trim()}\n  status: {phase: 3}\n`,
      'PeanutStage "build"',
    ],
    ["a PeanutStageList", `${v}\nkind: PeanutStageList\nitems:\n- ${indented(fine).trim()}\n`, 'PeanutStage "build"'],
    ["an empty List", "apiVersion: v1\nkind: List\nitems:\n"],
    [
      "a status, which is not the author's",
      `${execution("pipelineName: web")}\nstatus: 3`,
      'PeanutPipelineExecution "web-1"',
    ],
    [
      "fields without a value, which count as absent",
      stage("image: busybox\nargs:\ntimeout: null"),
      'PeanutStage "build"',
    ],
    [
      "anchors, aliases and merge keys",
      stage("image: &i busybox\nenv:\n- &e { name: A, value: *i }\n- { <<: *e, name: B }"),
      'PeanutStage "build"',
    ],
    [
      "unknown fields where Kubernetes has them",
      stage("image: busybox\njobTemplate: { spec: { template: { spec: { dnsPolicy: Default } } } }"),
      'PeanutStage "build"',
    ],
    [
      "quantities as numbers and as text",
      stage("image: busybox\nresources: { limits: { cpu: 2, memory: 1Gi } }"),
      'PeanutStage "build"',
    ],
    [
      "values at their bounds",
      stage("image: busybox\nretries: 1000\ntimeout: 1s").replace("build", "a".repeat(253)),
      `PeanutStage "${"a".repeat(253)}"`,
    ],
    ["as few retries as can be", stage("image: busybox\nretries: 0"), 'PeanutStage "build"'],
    [
      "an image only in the container of the stage",
      stage("jobTemplate: { spec: { template: { spec: { containers: [{ name: stage, image: a }] } } } }"),
      'PeanutStage "build"',
    ],
  ]
  it.each(taken)("%s", async (_, text, ...read) => {
    const { manifests, problems, isWhole } = await load(text)
    expect(problems.map(formatProblem)).toEqual([])
    expect(isWhole).toBe(true)
    expect(manifests.map(({ kind, name }) => `${kind} "${name}"`)).toEqual(read)
  })

  it("an object as an API server would: without status and without nulls, but with those Kubernetes may mean", async () => {
    const text = stage("image: busybox\nargs:\njobTemplate: { spec: { template: { spec: { affinity: null } } } }")
    const { manifests } = await load(`${text}\nstatus: {}`)
    expect(manifests[0]!.object).toEqual({
      apiVersion: "pipeline.peanut.dev/v1alpha1",
      kind: "PeanutStage",
      metadata: { name: "build" },
      spec: { image: "busybox", jobTemplate: { spec: { template: { spec: { affinity: null } } } } },
    })
  })

  it("the namespace default, unless another is written", async () => {
    const { manifests } = await load(`${fine}\n---\n${fine.replace("build }", "build, namespace: ci }")}`)
    expect(manifests.map(({ namespace }) => namespace)).toEqual(["default", "ci"])
  })
})

describe("loadManifests tells of YAML", () => {
  const cases: readonly Case[] = [
    ["with a tab in the indentation", "a:\n\tb: 1", "<stdin>:2: not YAML: a tab in the indentation; use spaces"],
    [
      "with a field twice, each time",
      'spec:\n  image: a\n  "image": b\n  args: []\n  args: []',
      '<stdin>:3: field "image" is there twice in one object; remove one',
      '<stdin>:5: field "args" is there twice in one object; remove one',
    ],
    [
      "with a list that does not end, once",
      "a: [1,\nb: 2\nc: 3",
      "<stdin>:2: not YAML: flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    [
      "with a colon in unquoted text",
      "a: 1\nb: c: d",
      '<stdin>:2: not YAML: a field within the text of another; check the indentation, and quote text that has ": " in it',
    ],
    [
      "with an unknown alias",
      "a:\n- &x 1\n- *x\n- *y",
      '<stdin>:4: not YAML: there is no anchor "&y" before the alias "*y"',
    ],
    [
      "with an anchor around its own alias",
      "\na: &a [*a]",
      "<stdin>:2: not a manifest: an anchor holds an alias of itself",
    ],
    [
      "with a bomb of aliases",
      ["a0: &a0 [x, x]", ...Array.from({ length: 40 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)].join("\n"),
      "<stdin>:1: not a manifest: its aliases unfold to more than Peanut takes; write it out",
    ],
    ["with a merge key of text", "a:\n  <<: b", "<stdin>:1: not YAML: merge sources must be maps or map aliases"],
    ["without end of depth", "[".repeat(20_000), "<stdin>:1: not a manifest: nested too deeply"],
    [
      "in one document of several, and reads the others",
      `${fine}\n---\na: [\n---\nb: 1`,
      "<stdin>:8: not YAML: flow sequence in block collection must be sufficiently indented and end with a ]",
      "<stdin>:9: kind is missing; Peanut runs PeanutStage, PeanutPipeline, PeanutPipelineExecution",
    ],
  ]
  it.each(cases)("%s", async (_, text, ...expected) => expect(await told(text)).toEqual(expected))
})

describe("loadManifests tells of an object", () => {
  const kinds = "PeanutStage, PeanutPipeline, PeanutPipelineExecution"
  const cases: readonly Case[] = [
    ["that is none", "\n- a", "<stdin>:2: must be an object with apiVersion, kind, metadata and spec, but is a list"],
    [
      "that is text",
      "hello",
      '<stdin>:1: must be an object with apiVersion, kind, metadata and spec, but is the text "hello"',
    ],
    [
      "in a List that is none",
      "apiVersion: v1\nkind: List\nitems: [3]",
      "<stdin>:3: must be an object with apiVersion, kind, metadata and spec, but is the number 3",
    ],
    [
      "that is a List without list",
      "apiVersion: v1\nkind: List\nitems: 3",
      "<stdin>:3: List: items must be a list of objects, but is the number 3",
    ],
    ["without kind", `${v}\nmetadata: { name: a }`, `<stdin>:1: kind is missing; Peanut runs ${kinds}`],
    ["whose kind is no text", `${v}\nkind: [a]`, "<stdin>:2: kind must be text, but is a list"],
    [
      "of a mistyped kind",
      `${v}\nkind: PeanutPipelin\nmetadata: { name: web }`,
      '<stdin>:2: PeanutPipelin "web": there is no kind "PeanutPipelin"; did you mean "PeanutPipeline"?',
    ],
    ["of an unknown kind", `${v}\nkind: Cron`, `<stdin>:2: Cron: there is no kind "Cron", but ${kinds}`],
    [
      "of Kubernetes",
      "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }",
      `<stdin>:2: ConfigMap "settings": kind "ConfigMap" of "v1" means nothing without a cluster; leave it out: Peanut runs ${kinds}`,
    ],
    [
      "without apiVersion",
      fine.replace(`${v}\n`, ""),
      '<stdin>:1: PeanutStage "build": apiVersion is missing; write apiVersion: pipeline.peanut.dev/v1alpha1',
    ],
    [
      "of another version",
      fine.replace("v1alpha1", "v1"),
      '<stdin>:1: PeanutStage "build": apiVersion must be "pipeline.peanut.dev/v1alpha1", but is "pipeline.peanut.dev/v1"',
    ],
    ["without metadata", `${v}\nkind: PeanutStage\nspec: { image: a }`, "<stdin>:1: PeanutStage: metadata is missing"],
    [
      "without name",
      `${v}\nkind: PeanutStage\nmetadata: {}\nspec: { image: a }`,
      "<stdin>:3: PeanutStage: metadata.name is missing",
    ],
    [
      "whose name a cluster would generate",
      `${v}\nkind: PeanutStage\nmetadata:\n  generateName: a-\nspec: { image: a }`,
      "<stdin>:4: PeanutStage: metadata.name is missing; only a cluster can generate one",
    ],
    [
      "with a name that is no DNS name",
      fine.replace("build", "My_Stage"),
      '<stdin>:3: PeanutStage "My_Stage": metadata.name must be a name of lower-case letters, digits, "-" and ".", with a letter or digit at both ends, but is "My_Stage"; try "my-stage"',
    ],
    [
      "with a number for a name",
      fine.replace("build", "1"),
      '<stdin>:3: PeanutStage: metadata.name must be a name of lower-case letters, digits, "-" and ".", with a letter or digit at both ends, but YAML reads it as the number 1; put it in quotes',
    ],
    [
      "with a name that is too long",
      fine.replace("build", "a".repeat(254)),
      `<stdin>:3: PeanutStage "${"a".repeat(77)}...": metadata.name must have at most 253 characters, but has 254`,
    ],
    [
      "with a label that is no text",
      fine.replace("build", "build, labels: { app/version: 1.1 }"),
      '<stdin>:3: PeanutStage "build": metadata.labels["app/version"] must be text, but YAML reads it as the number 1.1; put it in quotes',
    ],
    [
      "without spec",
      `${v}\nkind: PeanutStage\nmetadata: { name: build }`,
      '<stdin>:1: PeanutStage "build": spec is missing',
    ],
    [
      "that is there twice",
      `${fine}\n---\n${fine}\n---\n${fine.replace("build", "build, namespace: ci")}`,
      '<stdin>:9: PeanutStage "build": is there already, in <stdin>:1; rename or remove one',
    ],
  ]
  it.each(cases)("%s", async (_, text, ...expected) => expect(await told(text)).toEqual(expected))
})

describe("loadManifests tells of a stage", () => {
  const at = (line: number, message: string) => `<stdin>:${line}: PeanutStage "build": ${message}`
  const cases: readonly Case[] = [
    ["with an unknown field at the top", `${fine}\nspek: 1`, at(6, 'there is no field spek; did you mean "spec"?')],
    [
      "with a mistyped field",
      stage("image: a\ncomand: [a]"),
      at(6, 'there is no field spec.comand; did you mean "command"?'),
    ],
    [
      "with parts of a wrong type where the schema leaves them open",
      stage(
        'image: a\njobTemplate:\n  spec:\n    template:\n      spec:\n        restartPolicy: 1\n        initContainers:\n          - name: i\n            args: "serve it"\n            env: { A: b }',
      ),
      at(10, 'spec.jobTemplate.spec.template.spec.restartPolicy: expected text, is a number; write "1"'),
      at(
        13,
        'spec.jobTemplate.spec.template.spec.initContainers[0].args: expected a list, is text; write ["serve", "it"]',
      ),
      at(14, "spec.jobTemplate.spec.template.spec.initContainers[0].env: expected a list, is a map"),
    ],
    [
      "once, with parts of a wrong type that the schema knows",
      stage("image: a\nargs: [8]\nenv: [{ value: b }]"),
      at(6, "spec.args[0] must be text, but YAML reads it as the number 8; put it in quotes"),
      at(7, "spec.env[0].name is missing"),
    ],
    [
      "with a NUL",
      stage('image: a\nargs: ["a\\0b"]'),
      at(6, "spec.args[0]: it has a NUL character, which no argument or environment variable can hold"),
    ],
    [
      "with null in parts that the schema leaves open",
      stage(
        "image: a\njobTemplate:\n  spec:\n    template:\n      spec:\n        initContainers:\n          - { name: i, args: , env: [{ name: A, value: }] }",
      ),
    ],
    [
      "with a field that is like no other",
      stage("image: a\njobTemplate:\n  xyzzy: 1"),
      at(7, "there is no field spec.jobTemplate.xyzzy; there are metadata, spec"),
    ],
    [
      "with hostile field names",
      stage("image: a\n__proto__: { image: b }\nconstructor: 1"),
      at(
        6,
        "there is no field spec.__proto__; there are params, image, command, args, env, envFrom, resources, timeout, retries, jobTemplate",
      ),
      at(
        7,
        "there is no field spec.constructor; there are params, image, command, args, env, envFrom, resources, timeout, retries, jobTemplate",
      ),
    ],
    [
      "without image",
      stage("command: [a]"),
      at(4, 'spec.image is missing; set it, or the image of container "stage" in spec.jobTemplate'),
    ],
    [
      "with an image in another container only",
      stage("jobTemplate: { spec: { template: { spec: { containers: [{ name: main, image: a }] } } } }"),
      at(4, 'spec.image is missing; set it, or the image of container "stage" in spec.jobTemplate'),
    ],
    ["with an empty image", stage('image: ""'), at(5, "spec.image must not be empty")],
    [
      "whose spec is text",
      `${v}\nkind: PeanutStage\nmetadata: { name: build }\nspec: a`,
      at(4, 'spec must be an object, but is the text "a"'),
    ],
    [
      "with a command in one line",
      stage("image: a\ncommand: make all"),
      at(6, 'spec.command must be a list of text, but is the text "make all"; write ["make all"]'),
    ],
    [
      "with arguments that YAML does not read as text",
      stage("image: a\nargs:\n- 10\n- yes\n-\n- [b]"),
      at(7, "spec.args[0] must be text, but YAML reads it as the number 10; put it in quotes"),
      at(8, "spec.args[1] must be text, but YAML reads it as true; put it in quotes"),
      at(9, "spec.args[2] must be text, but is empty"),
      at(10, "spec.args[3] must be text, but is a list"),
    ],
    [
      "with env as in a compose file",
      stage("image: a\nenv:\n  A: b"),
      at(6, 'spec.env must be a list of objects, but is an object; begin each item with "- "'),
    ],
    ["with a variable without name", stage("image: a\nenv:\n- value: b"), at(7, "spec.env[0].name is missing")],
    [
      "with retries in quotes",
      stage('image: a\nretries: "3"'),
      at(6, 'spec.retries must be a whole number, but is the text "3"; leave out the quotes'),
    ],
    [
      "with half a retry",
      stage("image: a\nretries: 0.5"),
      at(6, "spec.retries must be a whole number, but is the number 0.5"),
    ],
    ["with too few retries", stage("image: a\nretries: -1"), at(6, "spec.retries must be at least 0, but is -1")],
    [
      "with too many retries",
      stage("image: a\nretries: 1001"),
      at(6, "spec.retries must be at most 1000, but is 1001"),
    ],
    ...[
      ["ten minutes", '"ten minutes"'],
      ["10 m", '"10 m"'],
      ["0s", '"0s"'],
      ["'5'", '"5"'],
      ['""', "empty"],
      ["90", "the number 90"],
    ].map(
      ([timeout, is]): Case => [
        `with a timeout of ${timeout}`,
        stage(`image: a\ntimeout: ${timeout}`),
        at(6, `spec.timeout must be a duration of at least 1s, such as 90s, 10m or 1h30m, but is ${is}`),
      ],
    ),
    [
      "with a mistyped word of several",
      stage("image: a\njobTemplate:\n  spec:\n    completionMode: indexd"),
      at(
        8,
        'spec.jobTemplate.spec.completionMode must be "NonIndexed" or "Indexed", but is "indexd"; did you mean "Indexed"?',
      ),
    ],
    [
      "with a switch that is text",
      stage('image: a\njobTemplate: { spec: { suspend: "true" } }'),
      at(6, 'spec.jobTemplate.spec.suspend must be true or false, but is the text "true"; leave out the quotes'),
    ],
    [
      "with a quantity that is neither number nor text",
      stage("image: a\nresources: { limits: { cpu: [1] } }"),
      at(6, "spec.resources.limits.cpu must be text or a whole number, but is a list"),
    ],
    [
      "with two containers of a name",
      stage(
        "image: a\njobTemplate: { spec: { template: { spec: { containers: [\n  { name: b },\n  { name: b }] } } } }",
      ),
      at(
        8,
        'spec.jobTemplate.spec.template.spec.containers[1].name is "b", as spec.jobTemplate.spec.template.spec.containers[0].name is already; give it another',
      ),
    ],
    [
      "with what a reader would mistake, escaped",
      stage('image: a\nretries: "\\e[2J\\u202e"'),
      at(6, 'spec.retries must be a whole number, but is the text "\\u001b[2J\\u202e"'),
    ],
  ]
  it.each(cases)("%s", async (_, text, ...expected) => expect(await told(text)).toEqual(expected))
})

describe("loadManifests tells of a pipeline", () => {
  const at = (line: number, message: string) => `<stdin>:${line}: PeanutPipeline "web": ${message}`
  const cases: readonly Case[] = [
    [
      "without stages",
      `${v}\nkind: PeanutPipeline\nmetadata: { name: web }\nspec: {}`,
      at(4, "spec.stages is missing"),
    ],
    ["with an empty list of stages", pipeline("[]"), at(5, "spec.stages must have at least 1 item, but is empty")],
    [
      "with too many stages",
      pipeline(Array.from({ length: 1001 }, (_, i) => `- { name: s${i}, type: a }`).join("\n")),
      at(5, "spec.stages must have at most 1000 items, but has 1001"),
    ],
    ["whose stage has no type", pipeline("- name: a"), at(6, "spec.stages[0].type is missing")],
    [
      "whose stage depends on text",
      pipeline("- name: a\n  type: t\n- name: b\n  type: t\n  dependsOn: a"),
      at(10, 'spec.stages[1].dependsOn must be a list of text, but is the text "a"; write ["a"]'),
    ],
    [
      "with a mistyped dependency",
      pipeline("- { name: Build, type: t }\n- name: Deploy\n  type: t\n  dependsOn:\n  - Build\n  - Bild"),
      at(11, 'stage "Deploy" depends on "Bild", which is not in pipeline "web"; did you mean "Build"?'),
    ],
    [
      "whose stage depends on itself",
      pipeline("- name: a\n  type: t\n  dependsOn:\n  - a"),
      at(9, 'stage "a" depends on itself'),
    ],
    [
      "with a cycle",
      pipeline(
        "- name: a\n  type: t\n  dependsOn:\n  - c\n  - b\n- { name: b, type: t, dependsOn: [a] }\n- { name: c, type: t }",
      ),
      at(10, 'stages of pipeline "web" wait for each other: a → b → a'),
    ],
    [
      "with two stages of a name",
      pipeline("- { name: a, type: t }\n- { name: a, type: t }"),
      at(7, 'spec.stages[1].name is "a", as spec.stages[0].name is already; give it another'),
    ],
    [
      "whose stage depends on another twice",
      pipeline("- { name: a, type: t }\n- { name: b, type: t, dependsOn: [a,\n    a] }"),
      at(8, 'spec.stages[1].dependsOn[1] is "a", as spec.stages[1].dependsOn[0] is already; list it once'),
    ],
    [
      "with several mistakes, in the order of lines",
      pipeline("- { name: a, type: A }\n- name: b\n  typ: t\n  dependsOn: [c]"),
      at(
        6,
        'spec.stages[0].type must be a name of lower-case letters, digits, "-" and ".", with a letter or digit at both ends, but is "A"',
      ),
      at(7, "spec.stages[1].type is missing"),
      at(8, 'there is no field spec.stages[1].typ; did you mean "type"?'),
      at(9, 'stage "b" depends on "c", which is not in pipeline "web"'),
    ],
    [
      "but not of dependencies while a name is unknown",
      pipeline("- { type: t }\n- { name: b, type: t, dependsOn: [a] }"),
      at(6, "spec.stages[0].name is missing"),
    ],
  ]
  it.each(cases)("%s", async (_, text, ...expected) => expect(await told(text)).toEqual(expected))
})

describe("loadManifests tells of an execution", () => {
  const at = (line: number, message: string) => `<stdin>:${line}: PeanutPipelineExecution "web-1": ${message}`
  const cases: readonly Case[] = [
    ["without pipeline", execution("suspend: true"), at(4, "spec.pipelineName is missing")],
    [
      "with a mistyped field",
      execution("pipelinename: web"),
      at(4, "spec.pipelineName is missing"),
      at(5, 'there is no field spec.pipelinename; did you mean "pipelineName"?'),
    ],
    [
      "with a switch that is a number",
      execution("pipelineName: web\ncancel: 1"),
      at(6, "spec.cancel must be true or false, but is the number 1"),
    ],
  ]
  it.each(cases)("%s", async (_, text, ...expected) => expect(await told(text)).toEqual(expected))
})

describe("loadManifests finds the lines", () => {
  it("of fields through a List, an alias and a merge key", async () => {
    const text = [
      "apiVersion: v1",
      "kind: List",
      "items:",
      `- ${v}`,
      "  kind: PeanutStage",
      "  metadata: { name: a }",
      "  spec: &s",
      "    image: 1",
      `- ${v}`,
      "  kind: PeanutStage",
      "  metadata: { name: b }",
      "  spec: *s",
      `- ${v}`,
      "  kind: PeanutStage",
      "  metadata: { name: c }",
      "  spec:",
      "    <<: *s",
    ].join("\n")
    const wrong = "spec.image must be text, but YAML reads it as the number 1; put it in quotes"
    expect(await told(text)).toEqual([
      `<stdin>:8: PeanutStage "a": ${wrong}`,
      `<stdin>:8: PeanutStage "b": ${wrong}`,
      `<stdin>:16: PeanutStage "c": ${wrong}`,
    ])
  })

  it("of ten thousand documents", async () => {
    const document = (i: number) => `${fine.replace("build", `build-${i}`)}\n---\n`
    const text = Array.from({ length: 10_000 }, (_, i) => document(i)).join("")
    const { manifests, problems } = await load(`${text}${stage("image: 1")}`)
    expect(manifests).toHaveLength(10_001)
    expect(problems.map((problem) => problem.line)).toEqual([60_005])
  }, 60_000)
})

describe("loadManifests agrees with the API", () => {
  it("knows every rule in CEL: those it restates and those that concern later changes alone", () => {
    const rules = JSON.stringify(definitions.map(customResourceDefinition)).matchAll(/"rule":"((?:[^"\\]|\\.)*)"/g)
    const known = [
      /^has\(self\.image\)/, // imageMistakes
      /^duration\(self\) >=/, // the format of a duration
      /^!has\(self\.dependsOn\) \|\| /, // graphMistakes
      /self\.all\(s, !has\(s\.dependsOn\)/, // graphMistakes
      /^!has\(self\.finally\) \|\| /, // graphMistakes
      /^!has\(self\.triggerRule\) \|\| /, // graphMistakes
      /^!has\(self\.maxParallel\) \|\| has\(self\.matrix\)$/, // graphMistakes
      /values\.size\(\).* <= 256$/, // graphMistakes
      /^!has\(self\.rerunOf\) \|\| !has\(self\.params\)$/, // rerunMistakes
      /^\(has\(self\.command\) \? self\.command\.map/, // weightMistakes
      /^self\.size\(\) == 0$/, // shapeMistakes
      /oldSelf/,
    ]
    expect([...rules].map(([, rule]) => rule!).filter((rule) => !known.some((k) => k.test(rule)))).toEqual([])
  })

  it("passes only what the code can parse", async () => {
    const text = `${stage("image: a\nenv: [{ name: A, value: b }]\ntimeout: 1m\nargs:")}\n---\n${pipeline("- { name: a, type: b }")}`
    const { manifests, problems } = await load(text)
    expect(problems).toEqual([])
    expect(stageSpec.safeParse(manifests[0]!.object.spec).success).toBe(true)
    expect(pipelineSpec.safeParse(manifests[1]!.object.spec).success).toBe(true)
  })
})

describe("loadManifests reads", () => {
  const folders: string[] = []
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
  })

  /** A folder with these files; `read` loads paths of it and leaves its own path out of what it returns. */
  function folder(files: Readonly<Record<string, string | Uint8Array>>) {
    const path = mkdtempSync(join(tmpdir(), "peanut-load-"))
    folders.push(path)
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(path, name, ".."), { recursive: true })
      writeFileSync(join(path, name), text)
    }
    const read = async (...names: string[]) => {
      const paths = names.map((name) => (name === "-" ? name : join(path, name)))
      const { manifests, problems } = await loadManifests(paths, async () => fine.replace("build", "piped"))
      return {
        names: manifests.map(({ name, where }) => `${where.file.replace(`${path}/`, "")} ${name}`),
        problems: problems.map((problem) => formatProblem(problem).replaceAll(`${path}/`, "").replaceAll(path, ".")),
      }
    }
    return { path, read }
  }

  it("the manifests of a folder in the order of their names, not those of folders in it", async () => {
    const { path, read } = folder({
      "in/c.json": JSON.stringify({
        ...{ apiVersion: "pipeline.peanut.dev/v1alpha1", kind: "PeanutStage" },
        metadata: { name: "c" },
        spec: { image: "a" },
      }),
      "in/b.yml": fine.replace("build", "b"),
      "in/a.yaml": fine.replace("build", "a"),
      "in/notes.txt": "a: b: c",
      "in/kustomization.yaml": "resources: [a.yaml]",
      "in/below/d.yaml": fine,
      "in/folder.yaml/e.yaml": fine,
      "linked.yaml": fine.replace("build", "linked"),
    })
    symlinkSync("../linked.yaml", join(path, "in/link.yaml"))
    expect(await read("in")).toEqual({
      names: ["in/a.yaml a", "in/b.yml b", "in/c.json c", "in/link.yaml linked"],
      problems: [],
    })
    expect((await read("in/folder.yaml")).names).toEqual(["in/folder.yaml/e.yaml build"])
  })

  it("a file once, and standard input once, however often they are named", async () => {
    const { read } = folder({ "in/a.yaml": fine })
    expect(await read("in/a.yaml", "-", "in", "in/../in/a.yaml", "-")).toEqual({
      names: ["in/a.yaml build", "<stdin> piped"],
      problems: [],
    })
  })

  it("no folder without manifests", async () => {
    const { read } = folder({ "in/notes.txt": "" })
    expect((await read("in")).problems).toEqual([
      "in: is a directory without .yaml, .yml or .json files; give the one that has them",
    ])
  })

  it("no file that is not there, and says which is meant", async () => {
    const { read } = folder({ "web.yaml": fine })
    expect((await read("wbe.yaml", "other/x.yaml", "web.yaml/x")).problems).toEqual([
      'wbe.yaml: there is no such file or directory; did you mean "web.yaml"?',
      "other/x.yaml: there is no such file or directory",
      "web.yaml/x: cannot be read: not a directory",
    ])
  })

  it("no link to nowhere in a folder", async () => {
    const { path, read } = folder({ "in/a.yaml": fine })
    symlinkSync("nowhere", join(path, "in/b.yaml"))
    expect((await read("in")).problems).toEqual(["in/b.yaml: cannot be read: no such file or directory"])
  })

  it.skipIf(process.getuid?.() === 0)("no file without permission (root may read all)", async () => {
    const { path, read } = folder({ "a.yaml": fine })
    chmodSync(join(path, "a.yaml"), 0)
    expect((await read("a.yaml")).problems).toEqual(["a.yaml: cannot be read: permission denied"])
  })

  it("no binary, and no text in another encoding", async () => {
    const { read } = folder({ a: new Uint8Array([127, 69, 76, 70, 0, 1]), b: new Uint8Array([97, 58, 32, 228]) })
    expect((await read("a", "b")).problems).toEqual([
      "a: is not a text file; give YAML or JSON",
      "b: is not text in UTF-8; save it as UTF-8",
    ])
  })

  it("all files before it tells of their mistakes, in the order of files and lines", async () => {
    const { read } = folder({
      "b.yaml": stage("retries: x\nimage: 1"),
      "a.yaml": `${fine}\n---\n${v}\nkind: PeanutPipelin\n---\na: [`,
    })
    expect((await read("b.yaml", "missing.txt", "a.yaml")).problems).toEqual([
      "missing.txt: there is no such file or directory",
      'b.yaml:5: PeanutStage "build": spec.retries must be a whole number, but is the text "x"',
      'b.yaml:6: PeanutStage "build": spec.image must be text, but YAML reads it as the number 1; put it in quotes',
      'a.yaml:3: PeanutStage "build": is there already, in b.yaml:1; rename or remove one',
      'a.yaml:8: PeanutPipelin: there is no kind "PeanutPipelin"; did you mean "PeanutPipeline"?',
      "a.yaml:10: not YAML: flow sequence in block collection must be sufficiently indented and end with a ]",
    ])
  })
})
