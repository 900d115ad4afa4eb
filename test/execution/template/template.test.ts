// All that is put into a template is data: whatever a stage prints or a user gives, the pod keeps its shape, every
// argument stays one argument, and the program gets exactly the value.

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type StageSpec, stageSpec } from "../../../src/api/stage.ts"
import { checkOutputs, fillTemplate, referencesOf, type View } from "../../../src/execution/template/fill.ts"
import { referencesIn } from "../../../src/execution/template/template.ts"
import { stageJob } from "../../../src/resources/job.ts"
import { accepted, namespace } from "../../builders/objects.ts"

const spec: StageSpec = {
  image: "busybox",
  params: [{ name: "x" }],
  command: ["tool", "$(params.x)", "--out=$(stages['A'].outputs.k)", "$(HOME)$$(params.x)"],
  args: ["<$(params.x)|$(params.x)>", "$(execution.name)"],
  env: [
    { name: "X", value: "$(params.x)" },
    { name: "SECRET", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
  ],
  jobTemplate: {
    spec: {
      template: {
        spec: {
          containers: [
            { name: "proxy", command: ["proxy", "$(params.x)"], env: [{ name: "P", value: "$(params.x)" }] },
          ],
          initContainers: [{ name: "init", image: "busybox", args: ["--", "$(params.x)"] }],
        },
      },
    },
  },
}

/** The Job of a stage `B` that is given this value as parameter, and this as output of `A`. */
function jobWith(given: string, output: string, of: StageSpec = spec) {
  const entry = { name: "B", type: "task", dependsOn: ["A"], params: [{ name: "x", value: "$(params.run)" }] }
  const graph = [{ name: "A", type: "task" }, entry]
  const execution = accepted({ graph, stageSpecs: { task: of }, snapshot: { params: { run: given } } })
  const statuses = new Map([["A", { name: "A", phase: "Succeeded" as const, outputs: { k: output } }]])
  const view: View = { execution, statuses, ignoring: new Set() }
  return stageJob(execution, "B", fillTemplate(entry, of, 0, view))
}

/** What the kubelet makes of a text: `$$` is `$`, `$(NAME)` the variable where there is one. */
function expand(text: string, variables: Record<string, string> = { HOME: "/root", SECRET: "s3cret" }): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (found, name?: string) =>
    name === undefined ? "$" : Object.hasOwn(variables, name) ? variables[name]! : found,
  )
}

/** Every text of a value, with where it stands. */
function texts(value: unknown, at = ""): ReadonlyMap<string, string> {
  if (typeof value === "string") return new Map([[at, value]])
  if (typeof value !== "object" || value === null) return new Map([[at, JSON.stringify(value)]])
  return new Map(Object.entries(value).flatMap(([key, part]) => [...texts(part, `${at}/${key}`)]))
}

const hostile = [
  "",
  "$",
  "$$",
  "$(HOME)",
  "$$(HOME)",
  "$(params.x)",
  "$(stages['A'].outputs.k)",
  '"; rm -rf / #',
  "'; DROP TABLE",
  "two\nlines\r\n",
  "`id` $(id) \u0024{IFS}",
  "--flag",
  "-c",
  "a b\tc",
  '", "x": {"',
  "{{x}} %s \\ \0",
  "🥜\u2028",
  "$&$1$`$'",
  "(HOME)",
  ")",
]
const value = fc.oneof(
  fc.constantFrom(...hostile),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc
    .array(fc.constantFrom("$", "(", ")", "HOME", "params.x", "'", '"', "\n"), { maxLength: 12 })
    .map((parts) => parts.join("")),
)

describe("fillTemplate", () => {
  it("changes nothing but the texts with references, and gives the program exactly the value (any value)", () => {
    const plain = texts(jobWith("PLAIN", "WRITTEN"))
    fc.assert(
      fc.property(value, value, (given, output) => {
        const filled = texts(jobWith(given, output))
        expect([...filled.keys()]).toEqual([...plain.keys()])
        for (const [where, text] of filled) {
          const before = plain.get(where)!
          if (!before.includes("PLAIN") && !before.includes("WRITTEN")) expect(text).toBe(before)
          else
            expect(expand(text)).toBe(
              expand(before)
                .replaceAll("PLAIN", () => given)
                .replaceAll("WRITTEN", () => output),
            )
        }
      }),
      { numRuns: 500 },
    )
  })

  it("replaces in command, args and env, of every container", () => {
    const { containers, initContainers } = jobWith("1", "2").spec.template.spec
    expect(containers).toMatchObject([
      {
        command: ["tool", "1", "--out=2", "$(HOME)$$(params.x)"],
        args: ["<1|1>", "run"],
        env: [
          { name: "X", value: "1" },
          { name: "SECRET", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
          { name: "PEANUT_OUTPUT" },
        ],
      },
      { name: "proxy", command: ["proxy", "1"], env: [{ name: "P", value: "1" }] },
    ])
    expect(initContainers).toEqual([{ name: "init", image: "busybox", args: ["--", "1"] }])
  })

  it("leaves a template without containers, or without references, as it is", () => {
    const view: View = { execution: accepted({ graph: "B" }), statuses: new Map(), ignoring: new Set() }
    for (const jobTemplate of [{ spec: { backoffLimit: 1 } }, { metadata: { labels: { a: "b" } } }]) {
      const plain = stageSpec.parse({ image: "busybox", jobTemplate })
      expect(fillTemplate({ name: "B", type: "task" }, plain, 0, view)).toEqual(plain)
    }
  })

  it("adds no list of containers to a template that has none", () => {
    const view: View = { execution: accepted({ graph: "B" }), statuses: new Map(), ignoring: new Set() }
    for (const field of ["containers", "initContainers"]) {
      const own = { image: "busybox", jobTemplate: { spec: { template: { spec: { [field]: [{ name: "p" }] } } } } }
      expect(fillTemplate({ name: "B", type: "task" }, own, 0, view)).toStrictEqual(own)
    }
  })

  it("lets the pipeline's entry say retries and timeout", () => {
    const view: View = { execution: accepted({ graph: "B" }), statuses: new Map(), ignoring: new Set() }
    const own = { image: "busybox", retries: 1, timeout: "10s" }
    expect(fillTemplate({ name: "B", type: "task", retries: 0 }, own, 0, view)).toMatchObject({ timeout: "10s" })
  })

  it("sees the parameters that its PeanutStage declares, and no others", () => {
    const own: StageSpec = {
      image: "busybox",
      params: [{ name: "y", default: "$(params.run)" }],
      args: ["$(params.y)", "[$(params.run)]"],
    }
    // A default is a value like any other: what looks like a reference in it is none.
    expect(jobWith("1", "2", own).spec.template.spec.containers[0]?.args).toEqual(["$$(params.run)", "[]"])
  })

  it.each([
    ["name", "run"],
    ["namespace", namespace],
    ["uid", "uid-of-run"],
    ["phase", ""],
  ])("knows execution.%s", (field, says) => {
    const own = { image: "busybox", args: [`$(execution.${field})`] }
    expect(jobWith("1", "2", own).spec.template.spec.containers[0]?.args).toEqual([says])
  })
})

describe("fillTemplate, of names without a value", () => {
  it("puts nothing for those that nobody declared, and stages that are not there", () => {
    const entry = { name: "B", type: "task", params: [{ name: "x", value: "<$(params.nobody)>" }] }
    const own = { image: "busybox", params: [{ name: "x" }], args: ["[$(stages['nobody'].outputs.k)$(params.x)]"] }
    const view: View = { execution: accepted({ graph: [entry] }), statuses: new Map(), ignoring: new Set() }
    expect(fillTemplate(entry, own, 0, view).args).toEqual(["[<>]"])
  })

  it("puts nothing for those that every object has", () => {
    const text = "[$(params.constructor)$(execution.toString)$(stages['A'].outputs.valueOf)]"
    expect(jobWith("1", "2", { image: "busybox", args: [text] }).spec.template.spec.containers[0]?.args).toEqual(["[]"])
  })
})

describe("checkOutputs", () => {
  const entry = {
    name: "B",
    type: "task",
    dependsOn: ["A"],
    params: [{ name: "x", value: "$(stages['A'].outputs.k)" }],
  }
  const own: StageSpec = { image: "busybox", params: [{ name: "x" }] }
  const check = (status: object | undefined, other: StageSpec = own) =>
    checkOutputs(entry, other, {
      execution: accepted({ graph: [{ name: "A", type: "task" }, entry] }),
      statuses: new Map(status === undefined ? [] : [["A", { name: "A", phase: "Succeeded", ...status } as never]]),
      ignoring: new Set(),
    })

  it("finds what is missing also for a stage that is larger than one may be now, in a run of before", () => {
    const env = Array.from({ length: 600 }, (_, i) => ({ name: `V${i}`, value: "$(stages['A'].outputs.other)" }))
    expect(check({ outputs: { k: "v" } }, { ...own, env })).toMatchObject({ reason: "OutputMissing" })
  })

  it.each<[of: string, status: object | undefined, why: string | undefined]>([
    ["one that wrote it", { outputs: { k: "v" } }, undefined],
    ["one that wrote it empty", { outputs: { k: "" } }, undefined],
    ["one that wrote nothing", {}, "which wrote none"],
    ["one that wrote others", { outputs: { a: "1", b: "2" } }, "which wrote a, b"],
    ["one that was skipped", { phase: "Skipped" }, "which skipped"],
    ["one that failed", { phase: "Failed" }, "which failed"],
    ["one that is not there", undefined, "which never ran"],
  ])("%s", (_, status, why) => {
    const message = `it needs output "k" of stage "A", ${why}`
    expect(check(status)).toEqual(why === undefined ? undefined : { _tag: "Fail", reason: "OutputMissing", message })
  })

  it("takes what every object has for no output", () => {
    const asks = { image: "busybox", args: ["$(stages['A'].outputs.constructor)"] }
    expect(check({ outputs: { k: "v" } }, asks)).toMatchObject({ reason: "OutputMissing" })
  })
})

describe("referencesOf", () => {
  it("has those of params, matrix and template", () => {
    const entry = {
      name: "B",
      type: "task",
      params: [{ name: "x", value: "$(params.a)" }],
      matrix: [{ name: "m", values: ["1", "$(params.b)"] }],
    }
    const own = { image: "busybox", args: ["$(params.c)"] }
    expect(referencesOf(entry, own).map(({ text }) => text)).toEqual(["$(params.a)", "$(params.b)", "$(params.c)"])
  })
})

describe("referencesIn", () => {
  const pod = (spec: object): StageSpec =>
    stageSpec.parse({ image: "busybox", jobTemplate: { spec: { template: { spec } } } })

  it.each<[of: string, spec: StageSpec, found: string[]]>([
    ["nothing", { image: "busybox" }, []],
    ["command", { image: "busybox", command: ["echo", "$(params.x)"] }, ["replaced in command[1]"]],
    ["args", { image: "busybox", command: ["echo"], args: ["$(params.x)"] }, ["replaced in args[0]"]],
    ["env", { image: "busybox", env: [{ name: "A", value: "$(params.x)" }, { name: "B" }] }, ["replaced in env A"]],
    ["a script", { image: "busybox", command: ["sh", "-c", "echo $(params.x)"] }, ["program in command[2]"]],
    [
      "a script in args",
      { image: "busybox", command: ["sh"], args: ["-c", "echo $(params.x)"] },
      ["program in args[1]"],
    ],
    ["the image", { image: "busybox:$(params.x)" }, ["fixed in image"]],
    [
      "resources and envFrom",
      {
        image: "busybox",
        resources: { limits: { cpu: "$(params.x)" } },
        envFrom: [{ secretRef: { name: "$(params.x)" } }],
      },
      ["fixed in resources.limits.cpu", "fixed in envFrom[0].secretRef.name"],
    ],
    [
      "labels of the Job",
      { image: "busybox", jobTemplate: { metadata: { labels: { a: "$(params.x)" } } } },
      ["fixed in metadata.labels.a"],
    ],
    [
      "the Job's own fields, where it says nothing of its pod",
      { image: "busybox", jobTemplate: { spec: { completionMode: "$(params.x)" } as object } },
      ["fixed in spec.completionMode"],
    ],
    [
      "the service account",
      pod({ serviceAccountName: "$(params.x)" }),
      ["fixed in spec.template.spec.serviceAccountName"],
    ],
    [
      "another container",
      pod({ containers: [{ name: "p", command: ["p", "$(params.x)"] }] }),
      ["replaced in command[1]"],
    ],
    [
      "a script in another container",
      pod({ initContainers: [{ name: "p", command: ["sh", "-c", "$(params.x)"] }] }),
      ["program in command[2]"],
    ],
    [
      "the image of another container",
      pod({ initContainers: [{ name: "p", image: "$(params.x)" }] }),
      ["fixed in spec.template.spec.initContainers[0].image"],
    ],
    [
      "a secret's name, beside a value",
      pod({
        containers: [
          {
            name: "p",
            env: [{ name: "A", value: "$(params.x)", valueFrom: { secretKeyRef: { name: "$(params.x)" } } }],
          },
        ],
      }),
      ["replaced in env A", "fixed in spec.template.spec.containers[0].env[0].valueFrom.secretKeyRef.name"],
    ],
    [
      "the stage's own container, under the short forms",
      {
        ...pod({ containers: [{ name: "stage", command: ["sh", "-c"], env: [{ name: "A", value: "$(params.x)" }] }] }),
        args: ["$(params.x)"],
      },
      ["program in args[0]", "replaced in env A"],
    ],
    [
      "the stage's own container, behind a helper",
      {
        ...pod({
          containers: [
            { name: "proxy", command: ["proxy"] },
            { name: "stage", command: ["sh", "-c"] },
          ],
        }),
        args: ["$(params.x)"],
      },
      ["program in args[0]"],
    ],
    [
      "labels of Job and pod, beside a container",
      {
        image: "busybox",
        jobTemplate: {
          metadata: { labels: { a: "$(params.x)" } },
          spec: {
            suspend: null,
            template: { metadata: { labels: { b: "$(params.x)" } }, spec: { containers: [{ name: "p" }] } },
          } as object,
        },
      },
      ["fixed in metadata.labels.a", "fixed in spec.template.metadata.labels.b"],
    ],
    ["a default, which is a value", { image: "busybox", params: [{ name: "a", default: "$(params.x)" }] }, []],
  ])("finds those of %s", (_, of, found) => {
    expect(
      referencesIn(of).map(({ place, where }) => `${typeof place === "string" ? place : place.why} in ${where}`),
    ).toEqual(found)
  })

  // Kubernetes replaces $(NAME) in a script before it runs: a variable with a value would become part of it.
  it.each<[of: string, script: string, env: [string, string][], variables: string[]]>([
    ["the shell's own reading", 'echo "$A" `A` $$(A)', [["A", "$(params.x)"]], []],
    ["Kubernetes' reading", "echo $(A)", [["A", "$(params.x)"]], ["A"]],
    [
      "a variable of a variable",
      "echo $(B)",
      [
        ["A", "$(params.x)"],
        ["B", "<$(A)>"],
      ],
      ["B"],
    ],
    ["a variable without a reference", "echo $(A)", [["A", "plain"]], []],
    ["a variable of one that is not there", "echo $(A)", [["A", "$(HOME)"]], []],
    ["a long name", "echo $(LONG_NAME)!", [["LONG_NAME", "$(params.x)"]], ["LONG_NAME"]],
    ["a command", "echo $(date)", [["A", "$(params.x)"]], []],
  ])("knows references that come into a script by a variable: %s", (_, script, env, variables) => {
    const of: StageSpec = {
      image: "busybox",
      command: ["sh", "-c", script],
      env: env.map(([name, value]) => ({ name, value })),
    }
    const found = referencesIn(of).filter(({ place }) => typeof place !== "string")
    expect(found.map(({ variable }) => variable)).toEqual(variables)
  })

  it("looks into a template as deep as a run may have it", () => {
    const at = (depth: number) => {
      let deep: unknown = "$(params.x)"
      for (let level = 0; level < depth; level++) deep = { deep }
      return referencesIn({ image: "x", jobTemplate: { spec: { template: { spec: deep as never } } } })
    }
    expect(at(198).map(({ where }) => where.split(".").length)).toEqual([201])
    expect(at(199)).toEqual([])
  })

  it("does not run out of stack", () => {
    let deep: object = {}
    for (let level = 0; level < 50_000; level++) deep = { deep }
    expect(referencesIn(pod({ affinity: {} })).length).toBe(0)
    expect(referencesIn({ image: "x", jobTemplate: { spec: { template: { spec: { deep } } } } }).length).toBe(0)
  })
})
