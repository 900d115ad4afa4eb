import { describe, expect, it } from "vitest"
import { findParamProblems, findParamSpecProblems, paramValues } from "../../src/execution/params.ts"

const declared = [{ name: "env" }, { name: "region", default: "eu" }, { name: "empty", default: "" }]

describe("paramValues", () => {
  it.each<[of: string, given: { name: string; value: string }[] | undefined, values: Record<string, string>]>([
    ["nothing given", undefined, { region: "eu", empty: "" }],
    [
      "what is given wins",
      [
        { name: "env", value: "prod" },
        { name: "region", value: "us" },
      ],
      { env: "prod", region: "us", empty: "" },
    ],
    ["an empty value is one", [{ name: "region", value: "" }], { region: "", empty: "" }],
    ["what is not declared is left out", [{ name: "other", value: "x" }], { region: "eu", empty: "" }],
    [
      "the last of two",
      [
        { name: "env", value: "1" },
        { name: "env", value: "2" },
      ],
      { env: "2", region: "eu", empty: "" },
    ],
  ])("%s", (_, given, values) => {
    expect(paramValues(declared, given)).toStrictEqual(values)
  })

  it("has none where none are declared", () => {
    expect(paramValues(undefined, [{ name: "a", value: "1" }])).toEqual({})
  })

  it("takes __proto__ for a name like any other", () => {
    const values = paramValues([{ name: "__proto__" }], [{ name: "__proto__", value: "x" }])
    expect(Object.entries(values)).toEqual([["__proto__", "x"]])
    expect(paramValues([{ name: "constructor" }])).toEqual({})
  })
})

describe("findParamProblems", () => {
  const whose = { giver: "the execution", declarer: 'pipeline "web"' }

  it.each<[of: string, given: string[], problems: string[]]>([
    ["all given", ["env"], []],
    ["one missing", [], ['the execution gives no value for param "env" of pipeline "web", which has no default']],
    [
      "one unknown, one nearly right",
      ["enw", "zzzzzz", "env"],
      [
        'the execution gives param "enw", which pipeline "web" does not declare; did you mean "env"?',
        'the execution gives param "zzzzzz", which pipeline "web" does not declare',
      ],
    ],
    [
      "one unknown twice",
      ["env", "zzzzzz", "zzzzzz"],
      ['the execution gives param "zzzzzz", which pipeline "web" does not declare'],
    ],
    [
      "constructor",
      ["env", "constructor"],
      ['the execution gives param "constructor", which pipeline "web" does not declare'],
    ],
  ])("%s", (_, given, problems) => {
    expect(
      findParamProblems(
        declared,
        given.map((name) => ({ name })),
        whose,
      ),
    ).toEqual(problems)
  })

  it.each([[{ name: "env", value: "a\0b" }], [{ name: "env", values: ["a", "b\0"] }]])(
    "a value with a NUL, which no program can be given: %j",
    (given) => {
      expect(findParamProblems(declared, [given], whose)).toEqual([
        'the execution gives param "env" a value that cannot be used: it has a NUL character, which no argument or environment variable can hold',
      ])
    },
  )

  it("finds none where nothing is declared or given", () => {
    expect(findParamProblems(undefined, undefined, whose)).toEqual([])
  })
})

describe("findParamSpecProblems", () => {
  it("finds a default with a NUL, and a name whose value a run could not keep", () => {
    expect(findParamSpecProblems("web", [{ name: "a", default: "\0" }, { name: "__proto__" }, { name: "b" }])).toEqual([
      'the default of param "a" of pipeline "web": it has a NUL character, which no argument or environment variable can hold',
      'pipeline "web" declares param "__proto__", a name that is taken; rename it',
    ])
    expect(findParamSpecProblems("web", undefined)).toEqual([])
  })
})
