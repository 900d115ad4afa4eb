import { describe, expect, it } from "vitest"
import { expressions } from "../../../src/execution/expressions.ts"
import { checkWhen, noExpressions, type Scope, stagesNamedIn } from "../../../src/execution/rules/when.ts"
import { observed, stageIn, step } from "../../builders/observed.ts"

const scope: Scope = {
  params: { env: "prod", count: "3" },
  stages: {
    Build: { phase: "Succeeded", reason: "", outputs: { tag: "v1", "a.b": "dotted" } },
    "Unit tests": { phase: "Failed", reason: "BackoffLimitExceeded", outputs: {} },
  },
  execution: { name: "run", namespace: "team", uid: "1" },
}

/** `runs`, `skipped`, or `failed: why`. */
function decide(when: string): string {
  const gate = checkWhen(when, () => scope, expressions)
  if (gate === undefined) return "runs"
  return gate._tag === "Skip" ? "skipped" : `failed: ${gate.message}`
}

describe("checkWhen", () => {
  it.each([
    "true",
    "params.env == 'prod'",
    'params["env"] == "prod"',
    "int(params.count) > 2",
    "stages.Build.phase == 'Succeeded'",
    "stages['Unit tests'].reason == 'BackoffLimitExceeded'",
    "stages['Build'].outputs.tag == 'v1'",
    "stages['Build'].outputs['a.b'] == 'dotted'",
    "'tag' in stages.Build.outputs && !('nope' in stages.Build.outputs)",
    "has(stages.Build.outputs.tag)",
    "stages.exists(name, stages[name].phase == 'Failed')",
    "execution.name == 'run'",
    // What comes second is not looked at.
    "true || params.nope == 'x'",
    "['dev', 'prod'].exists(e, e == params.env) && stages.all(s, s != '')",
  ])("lets a stage run where %s", (when) => {
    expect(decide(when)).toBe("runs")
    expect(expressions.findProblem(when)).toBeUndefined()
  })

  it.each(["false", "params.env != 'prod'", "stages.Build.outputs.size() > 5"])("skips it where not %s", (when) => {
    expect(checkWhen(when, () => scope, expressions)).toEqual({
      _tag: "Skip",
      reason: "WhenFalse",
      message: `when: ${when}`,
    })
  })

  it.each([
    ["params.nope == 'x'", "No such key: nope"],
    ["stages['Gone'].phase == 'x'", "No such key: Gone"],
    ["stages.Build.outputs.nope == 'x'", "No such key: nope"],
    ["execution.phase == 'Failed'", "No such key: phase"],
    ["int(params.env) > 2", "int() type error: cannot convert to int"],
    ["1 / 0 == 1", "division by zero"],
    ["params.env", "it is string, not true or false"],
    ["1 + 1", "it is bigint, not true or false"],
    ["1 +", "Unexpected token: EOF"],
    ["process.exit(1)", "Unknown variable: process"],
  ])("fails a stage where nobody can say whether %s", (when, why) => {
    expect(checkWhen(when, () => scope, expressions)).toEqual({
      _tag: "Fail",
      reason: "WhenInvalid",
      message: `when: ${when}: ${why}`,
    })
  })

  it("reads no reason of a stage that has none", () => {
    const graph = [
      { name: "a", type: "task" },
      { name: "b", type: "task", dependsOn: ["a"], when: "stages.a.reason == ''" },
    ]
    expect(step(observed({ graph, recorded: "a Succeeded", expressions })).creates).toBe("b")
  })

  it("knows no phase of the run before its end", () => {
    const graph = [{ name: "a", type: "task", when: "'phase' in execution" }]
    expect(stageIn(step(observed({ graph, expressions })), "a")).toMatchObject({
      phase: "Skipped",
      reason: "WhenFalse",
    })
  })

  it("asks nobody where there is no expression", () => {
    expect(checkWhen(undefined, () => expect.unreachable(), noExpressions)).toBeUndefined()
  })

  it("fails where nothing knows CEL", () => {
    expect(checkWhen("true", () => scope, noExpressions)).toMatchObject({
      _tag: "Fail",
      message: "when: true: expressions are not available",
    })
    expect(noExpressions.findProblem("1 +")).toBeUndefined()
  })

  // Such names are on every object of JavaScript.
  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"])("knows no key %s", (name) => {
    expect(decide(`params.${name} == 'x'`)).toBe(`failed: when: params.${name} == 'x': No such key: ${name}`)
    expect(decide(`'${name}' in stages.Build.outputs`)).toBe("skipped")
    expect(decide(`stages['${name}'].phase == 'x'`)).toContain(`No such key: ${name}`)
  })

  it.each(["__proto__", "constructor", "a'b", 'a"b', "a\\b", "🥜 naïve"])("reads a stage named %s", (name) => {
    const quoted = `'${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`
    const graph = [
      { name, type: "task" },
      { name: "below", type: "task", dependsOn: [name], when: `stages[${quoted}].phase == 'Succeeded'` },
    ]
    const next = step(observed({ graph, recorded: new Map([[name, "Succeeded"]]), expressions }))
    expect(next.creates).toBe("below")
    expect(stagesNamedIn(graph[1]!.when!)).toEqual([name])
  })
})

describe("findProblem", () => {
  it.each([
    ["1 +", "Unexpected token: EOF"],
    ["foo == 1", "Unknown variable: foo"],
    ["params.env", "it is of type string, not bool"],
    ["params.env == 1", "no such overload: string == int"],
    ["size(params)", "it is of type int, not bool"],
    ["has(stages['Unit tests'].outputs.k)", 'has() invalid argument; write "KEY" in stages["NAME"].outputs'],
  ])("says what is wrong with %s", (when, why) => {
    expect(expressions.findProblem(when)).toBe(why)
  })

  it("takes what only the run can tell for fine", () => {
    expect(expressions.findProblem("stages.A.outputs.flag")).toBeUndefined()
  })
})

/** One loop in another, so many levels deep. */
const nested = (levels: number) =>
  Array.from({ length: levels }, (_, i) => i).reduce((inner, i) => `[1,1,1,1,1,1,1,1].all(a${i}, ${inner})`, "true")

describe("expressions that would not end", () => {
  it.each([
    { of: "two loops in one another", when: nested(2), why: "all() stands inside all()" },
    { of: "ten of them", when: nested(10), why: "all() stands inside all()" },
    { of: "more than one can write", when: nested(30), why: "Exceeded maxDepth" },
    {
      of: "a loop hidden in a map",
      when: "{'a': [1].exists(x, [1].all(y, true))}['a']",
      why: "all() stands inside exists()",
    },
    {
      of: "other loops",
      when: "[1].filter(x, [1].exists_one(y, true)).size() == 1",
      why: "exists_one() stands inside filter()",
    },
    {
      of: "filter in exists_one",
      when: "[1].exists_one(x, [1].filter(y, true) == [])",
      why: "filter() stands inside exists_one()",
    },
    { of: "bindings", when: "cel.bind(x, [1], [1].all(y, true))", why: "all() stands inside bind()" },
    {
      of: "lists that double",
      when: `[[1]]${".map(a, a + a)".repeat(30)}.size() > 0`,
      why: "it has more than 3 of all, exists, exists_one, map, filter, bind, which could take too long",
    },
    {
      of: "a pattern",
      when: "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'.matches('^(a+)+$')",
      why: "matches() is not available",
    },
    { of: "texts of any length", when: "params.env.split('').join(params.env) == ''", why: "join() is not available" },
    { of: "split alone", when: "params.env.split('').size() == 1", why: "split() is not available" },
  ])("are refused before and while they run: $of", ({ when, why }) => {
    const start = performance.now()
    expect(expressions.findProblem(when)).toContain(why)
    expect(() => expressions.evaluate(when, scope)).toThrow(why)
    expect(performance.now() - start).toBeLessThan(1000)
  })

  it.each([
    { of: "depth", when: `${"!".repeat(500)}true` },
    { of: "size", when: Array.from({ length: 300 }, () => "true").join(" && ") },
  ])("are limited in their $of", ({ when }) => {
    expect(expressions.findProblem(when)).toMatch(/exceed/i)
    expect(() => expressions.evaluate(when, scope)).toThrow(/exceed/i)
  })

  it("may have three loops side by side", () => {
    const when = "[1].all(a, a == 1) && [1].exists(a, a == 1) && [1].map(a, a).size() == 1"
    expect(expressions.findProblem(when)).toBeUndefined()
    expect(expressions.evaluate(when, scope)).toBe(true)
  })
})

// a → b → c, d
describe("when, in a run", () => {
  const graph = [
    { name: "a", type: "task" },
    { name: "b", type: "task", dependsOn: ["a"], when: "stages.a.outputs.go == 'yes'" },
    { name: "c", type: "task", dependsOn: ["b"] },
    { name: "d", type: "task" },
  ]
  const writing = (outputs: Record<string, string>) =>
    step(
      observed({
        graph,
        recorded: new Map<string, object | string>([
          ["a", { phase: "Succeeded", outputs }],
          ["d", "Succeeded"],
        ]) as never,
        expressions,
      }),
    )

  it("starts the stage where it is true", () => {
    expect(writing({ go: "yes" }).creates).toBe("b")
  })

  it("skips it where it is false, and the stage below runs", () => {
    const next = writing({ go: "no" })
    expect(stageIn(next, "b")).toMatchObject({ phase: "Skipped", reason: "WhenFalse" })
    expect(next.creates).toBe("c")
  })

  it("fails it where it cannot be told, and the stage below is skipped", () => {
    const next = writing({})
    expect(stageIn(next, "b")).toMatchObject({ phase: "Failed", reason: "WhenInvalid" })
    expect(stageIn(next, "c")).toMatchObject({ phase: "Skipped", reason: "ParentFailed" })
    expect(next.status.phase).toBe("Failed")
  })

  it("sees only the stages above it", () => {
    const next = step(observed({ graph: [graph[3]!, { name: "e", type: "task", when: "'d' in stages" }], expressions }))
    expect(stageIn(next, "e")).toMatchObject({ phase: "Skipped", reason: "WhenFalse" })
  })
})

describe("stagesNamedIn", () => {
  it.each([
    ["true", []],
    ["stages.A.phase == '' && stages['B c'].phase == '' && stages[\"D e\"].phase == ''", ["A", "B c", "D e"]],
    ["stages [ 'A' ].phase == ''", ["A"]],
    ["mystages.A == 1", []],
    ["stages.all(s, stages[s].phase == '') || stages.size () == 0", []],
    [String.raw`stages['it\'s'].phase == stages["\\"].phase`, ["it's", "\\"]],
  ])("in %s", (when, names) => {
    expect(stagesNamedIn(when)).toEqual(names)
  })
})
