import { describe, expect, it } from "vitest"
import type { PipelineSpec, PipelineStage } from "../../src/api/pipeline.ts"
import type { StageSpec } from "../../src/api/stage.ts"
import { expressions } from "../../src/execution/expressions.ts"
import { findProblems } from "../../src/execution/problems.ts"
import { graph } from "../builders/graph.ts"

const task: StageSpec = { image: "busybox" }

/** The messages for a pipeline whose stages are of these types. */
function problems(spec: Partial<PipelineSpec>, types: Record<string, StageSpec> = { task }) {
  const stages = new Map(Object.entries(types))
  return findProblems("web", { stages: graph("a"), ...spec }, { stages, expressions }).map(({ message }) => message)
}

/** a → b, c: with this said of b. */
const ofB = (more: Partial<PipelineStage>, spec: Partial<PipelineSpec> = {}, type: StageSpec = task) =>
  problems(
    {
      stages: graph("a → b, c").map((stage) => (stage.name === "b" ? { ...stage, type: "special", ...more } : stage)),
      ...spec,
    },
    { task, special: type },
  )

const asks = (text: string): StageSpec => ({
  image: "busybox",
  params: [{ name: "x", default: "" }],
  args: ["$", text],
})
const inType = "(in args[1] of its PeanutStage)"

describe("findProblems", () => {
  it("finds none in a pipeline that uses everything as it is meant", () => {
    expect(
      ofB(
        {
          params: [{ name: "x", value: "$(params.env)-$(stages['a'].outputs.k)-$(execution.name)" }],
          matrix: [{ name: "m", values: ["1", "$(params.env)"] }],
          when: "params.env != '' && stages.a.phase == 'Succeeded' && stages.exists(s, s == 'a') && params.size() > 0",
        },
        {
          params: [{ name: "env" }],
          finally: [
            {
              name: "z",
              type: "special",
              params: [
                { name: "x", value: "$(execution.phase)$(stages['c'].outputs.k)" },
                { name: "m", value: "" },
              ],
            },
          ],
        },
        {
          image: "busybox",
          params: [{ name: "x" }, { name: "m" }],
          command: ["sh", "-c", 'echo "$X"'],
          args: ["sh", "$(params.x)"],
          env: [{ name: "X", value: "$(params.m)$(execution.uid)" }],
        },
      ),
    ).toEqual([])
  })

  it("looks at the graph alone where the PeanutStages are not known", () => {
    const stages = [{ name: "a", type: "ghost", params: [{ name: "x", value: "$(params.gone)" }] }]
    expect(findProblems("web", { stages }).map(({ message }) => message)).toEqual([
      'stage "a": $(params.gone) names a param that the pipeline does not declare',
    ])
  })

  it("says which stage and which field it is about", () => {
    const stages = graph("a").map((stage) => ({ ...stage, when: "1 +", params: [{ name: "x", value: "$(params.y)" }] }))
    expect(
      findProblems("web", { stages }, { stages: new Map([["task", asks("$(params.z)")]]), expressions }),
    ).toMatchObject([
      { stage: "a", field: "params" },
      { stage: "a", field: "type" },
      { stage: "a", field: "when" },
    ])
    expect(findProblems("web", { stages }, { stages: new Map([["task", task]]) })).toMatchObject([
      { stage: "a", field: "params", message: expect.stringContaining("$(params.y)") },
      { stage: "a", field: "params", message: expect.stringContaining('it gives param "x"') },
    ])
    const matrix = [{ name: "x", values: ["$(params.y)"] }]
    expect(findProblems("web", { stages: graph("a").map((stage) => ({ ...stage, matrix })) })).toMatchObject([
      { stage: "a", field: "matrix" },
    ])
  })

  it("leaves expressions alone where nothing knows CEL, but for the names in them", () => {
    const stages = graph("a").map((stage) => ({ ...stage, when: "params.y +" }))
    expect(findProblems("web", { stages }).map(({ message }) => message)).toEqual([
      'stage "a": when: params.y is not declared by the pipeline',
    ])
  })

  it("takes a function of all parameters for no parameter, however it is written", () => {
    const stages = graph("a").map((stage) => ({ ...stage, when: "params.size() > 0 && params.size () > 0" }))
    expect(findProblems("web", { stages })).toEqual([])
  })

  it("finds what is wrong with a schedule, after all else, and says which schedule it is about", () => {
    const schedules = [
      { name: "nightly", cron: "@daily" },
      { name: "hourly", cron: "@hourlee", params: [{ name: "x", value: "" }] },
    ]
    const stages = [{ name: "a", type: "task", dependsOn: ["a"] }]
    expect(findProblems("web", { stages, schedules })).toEqual([
      { stage: "a", field: "dependsOn", dependency: "a", message: 'stage "a" depends on itself' },
      {
        stage: "",
        field: "schedules",
        schedule: "hourly",
        message: 'schedule "hourly": cron "@hourlee" is not a name that cron has; did you mean "@hourly"?',
      },
      {
        stage: "",
        field: "schedules",
        schedule: "hourly",
        message: 'schedule "hourly": it gives param "x", which pipeline "web" does not declare',
      },
    ])
  })
})

describe("findProblems, of parameters", () => {
  it.each<[of: string, more: Partial<PipelineStage>, type: StageSpec, found: string[]]>([
    [
      "a missing one",
      {},
      { ...task, params: [{ name: "x" }] },
      ['stage "b": it gives no value for param "x" of PeanutStage "special", which has no default'],
    ],
    [
      "an unknown one",
      { params: [{ name: "enw", value: "1" }] },
      { ...task, params: [{ name: "env", default: "" }] },
      ['stage "b": it gives param "enw", which PeanutStage "special" does not declare; did you mean "env"?'],
    ],
    [
      "an unknown one in the matrix",
      { matrix: [{ name: "os", values: ["1"] }] },
      task,
      ['stage "b": it gives param "os", which PeanutStage "special" does not declare'],
    ],
    [
      "one that is given twice",
      { params: [{ name: "os", value: "1" }], matrix: [{ name: "os", values: ["1"] }] },
      { ...task, params: [{ name: "os" }] },
      ['stage "b": param "os" is given by params and by matrix; give it once'],
    ],
  ])("%s", (_, more, type, found) => {
    expect(ofB(more, {}, type)).toEqual(found)
  })
})

describe("findProblems, of references", () => {
  it.each<[of: string, text: string, why: string]>([
    ["a param of nobody", "$(params.env)", "names a param that the pipeline does not declare"],
    [
      "a param nearly right",
      "$(params.regoin)",
      'names a param that the pipeline does not declare; did you mean "region"?',
    ],
    ["a stage of nobody", "$(stages['d'].outputs.k)", "names a stage that is not in the pipeline"],
    [
      "a stage beside it",
      "$(stages['c'].outputs.k)",
      "names a stage that this one does not depend on, so it may not have ended; add it to dependsOn",
    ],
    [
      "the phase before the end",
      "$(execution.phase)",
      "is known only to stages of finally; there is name, namespace, uid",
    ],
    ["a field of nothing", "$(execution.date)", "is nothing that can be replaced; there is name, namespace, uid"],
    [
      "no reference",
      "$(params.)",
      "is not a reference; write $(params.NAME), $(stages['NAME'].outputs.KEY) or $(execution.name), or $$( for a plain $(",
    ],
  ])("in params: %s", (_, text, why) => {
    const type = { ...task, params: [{ name: "x", default: "" }] }
    expect(ofB({ params: [{ name: "x", value: text }] }, { params: [{ name: "region" }] }, type)).toEqual([
      `stage "b": ${text} ${why}`,
    ])
    expect(ofB({ matrix: [{ name: "x", values: ["ok", text] }] }, { params: [{ name: "region" }] }, type)).toEqual([
      `stage "b": ${text} ${why}`,
    ])
  })

  it("of a stage with a matrix, which has no outputs", () => {
    const stages = graph("a → b").map((stage) =>
      stage.name === "a" ? { ...stage, type: "many", matrix: [{ name: "m", values: ["1"] }] } : stage,
    )
    const many = { ...task, params: [{ name: "m" }] }
    expect(problems({ stages }, { task: { ...task, args: ["-k", "$(stages['a'].outputs.k)"] }, many })).toEqual([
      `stage "b": $(stages['a'].outputs.k): a stage with a matrix has no outputs (in args[1] of its PeanutStage)`,
    ])
  })

  it.each<[of: string, type: StageSpec, found: string[]]>([
    [
      "a param that the PeanutStage does not declare",
      asks("$(params.y)"),
      [`stage "b": $(params.y) names a param that the stage's type does not declare ${inType}`],
    ],
    [
      "one in a script",
      { ...asks("x"), command: ["sh", "-c", "echo $(params.x)"] },
      [
        'stage "b": $(params.x) may be run as a program, or taken for an option, by "sh"; pass it by env, and let the program read the variable: "$NAME" in a shell (in command[2] of its PeanutStage)',
      ],
    ],
    [
      "one that comes into a script by a variable",
      { ...asks("x"), command: ["sh", "-c", "echo $(X)"], env: [{ name: "X", value: "$(params.x)" }] },
      [
        'stage "b": $(X), which holds $(params.x), may be run as a program, or taken for an option, by "sh"; let the program read the variable: "$X" in a shell (in command[2] of its PeanutStage)',
      ],
    ],
    [
      "one that may be a program of the image's entry point",
      { ...asks("x"), args: ["-c", "$(params.x)"] },
      [
        `stage "b": $(params.x) may be run as a program, or taken for an option, by the image's entry point; pass it by env, and let the program read the variable: "$NAME" in a shell ${inType}`,
      ],
    ],
    [
      "one that would choose the program",
      { ...asks("x"), args: ["$(params.x)"] },
      [
        'stage "b": $(params.x) would choose the program that runs; name the program in command, and give the value as an argument or by env (in args[0] of its PeanutStage)',
      ],
    ],
    [
      "one in a text",
      asks("Hello $(params.x)"),
      [
        `stage "b": $(params.x) stands in a text that may have a meaning to the program; make it a word of its own, beside nothing but letters, digits and _ . / : @ % + , = -, or pass it by env, and let the program read the variable ${inType}`,
      ],
    ],
    [
      "one where nothing is replaced",
      { ...asks("x"), image: "busybox:$(params.x)" },
      ['stage "b": $(params.x) is replaced only in command, args and values of env (in image of its PeanutStage)'],
    ],
    [
      "one inside of another",
      asks("$(A_$(params.x))"),
      [
        `stage "b": $(…$(params.x) is not a reference; write $(params.NAME), $(stages['NAME'].outputs.KEY) or $(execution.name), or $$( for a plain $( ${inType}`,
      ],
    ],
  ])("in its PeanutStage: %s", (_, type, found) => {
    expect(ofB({}, {}, type)).toEqual(found)
  })
})

describe("findProblems, of when", () => {
  it.each<[when: string, why: string]>([
    ["1 +", "1 +: Unexpected token: EOF"],
    ["execution.phase == 'Failed'", "execution.phase is known only to stages of finally"],
    ["params.regoin == ''", 'params.regoin is not declared by the pipeline; did you mean "region"?'],
    ["stages['d'].phase == ''", "stages['d'] names a stage that is not in the pipeline"],
    [
      "stages.c.phase == ''",
      "stages['c'] names a stage that this one does not depend on, so it may not have ended; add it to dependsOn",
    ],
    [
      "'x'.matches('x')",
      "'x'.matches('x'): matches() is not available; compare with ==, in, contains(), startsWith() or endsWith()",
    ],
  ])("%s", (when, why) => {
    expect(ofB({ when }, { params: [{ name: "region" }] })).toEqual([`stage "b": when: ${why}`])
  })
})

describe("findProblems, of finally", () => {
  const atEnd = (text: string) =>
    problems({
      finally: [
        { name: "z", type: "task", when: text },
        { name: "y", type: "task" },
      ],
    })

  it.each([
    ["stages.a.phase == ''", []],
    ["stages.y.phase == ''", ["stage \"z\": when: stages['y'] names a stage that is not in the pipeline"]],
    ["stages.z.phase == ''", ["stage \"z\": when: stages['z'] names a stage that is not in the pipeline"]],
  ])("%s", (when, found) => {
    expect(atEnd(when)).toEqual(found)
  })

  it("of unknown types, and of names that others have", () => {
    expect(problems({ finally: [{ name: "a", type: "tsk" }] })).toEqual([
      'pipeline "web" has two stages named "a"',
      'stage "a" is of type "tsk", but there is no PeanutStage of that name; did you mean "task"?',
    ])
  })
})

describe("findProblems, of size", () => {
  const matrix = ["a", "b"].map((name) => ({ name, values: Array.from({ length: 16 }, String) }))
  const many = { ...task, params: [{ name: "a" }, { name: "b" }] }
  const wide = (count: number) =>
    graph(Array.from({ length: count }, (_, index) => `s${index}`).join(", "), "many").map((stage) => ({
      ...stage,
      matrix,
    }))
  const rest = (count: number) => graph(Array.from({ length: count }, (_, index) => `r${index}`).join(", "))

  it("takes 5,000 Jobs, and not one more", () => {
    expect(problems({ stages: [...wide(19), ...rest(136)] }, { task, many })).toEqual([])
    expect(
      problems({ stages: [...wide(19), ...rest(136)], finally: [{ name: "z", type: "task" }] }, { task, many }),
    ).toEqual([
      'pipeline "web" would make 5001 Jobs, more than the 5000 that a run can have; make its matrices smaller or split it',
    ])
    expect(findProblems("web", { stages: wide(20) })).toMatchObject([{ stage: "s0", field: "matrix" }])
  })
})
