import { describe, expect, it } from "vitest"
import { findReferences, type Reference, replaceReferences } from "../../../src/execution/template/references.ts"

/** A reference in one line. */
const inWords = (reference: Reference): string => {
  switch (reference.kind) {
    case "param":
      return `param ${reference.name}`
    case "output":
      return `output ${reference.key} of ${reference.stage}`
    case "execution":
      return `execution ${reference.field}`
    case "malformed":
      return `malformed ${reference.text}`
  }
}
const found = (text: string) => findReferences(text).map(inWords)

describe("findReferences", () => {
  it.each<[text: string, references: string[]]>([
    ["", []],
    ["nothing", []],
    ["$(params.a)", ["param a"]],
    ["x$(params.a-b_C9)y$(params._)z", ["param a-b_C9", "param _"]],
    ["$(stages['A'].outputs.k)", ["output k of A"]],
    ['$(stages["A b"].outputs.a.b-c_9)', ["output a.b-c_9 of A b"]],
    [String.raw`$(stages['it\'s'].outputs.k)`, ["output k of it's"]],
    [String.raw`$(stages["a\"b\\c"].outputs.k)`, [String.raw`output k of a"b\c`]],
    [`$(stages['a"b'].outputs.k)`, ['output k of a"b']],
    ["$(stages['🥜)(']['x'].outputs.k)", ["malformed $(stages['🥜)"]],
    ["$(stages['🥜)('].outputs.k)", ["output k of 🥜)("]],
    ["$(stages['two\nlines'].outputs.k)", ["output k of two\nlines"]],
    ["$(execution.name) $(execution.phase)", ["execution name", "execution phase"]],
  ])("in %j: %j", (text, references) => {
    expect(found(text)).toEqual(references)
  })

  it.each<[text: string, references: string[]]>([
    // As Kubernetes reads it: $$ is a $ that begins nothing.
    ["$$(params.a)", []],
    ["$$$(params.a)", ["param a"]],
    ["$$$$(params.a)", []],
    ["$$$$$(params.a)", ["param a"]],
    ["$ (params.a)", []],
    ["$params.a \u0024{params.a} $[params.a]", []],
  ])("steps over escapes in %j: %j", (text, references) => {
    expect(found(text)).toEqual(references)
  })

  it.each<[text: string, references: string[]]>([
    ["$(HOME) $(my.params.a) $(param.a)", []],
    ["$(params_dir) $(stages-x) $(executions) $(paramsX)", []],
    ["$(params)", ["malformed $(params)"]],
    ["$(params.)", ["malformed $(params.)"]],
    ["$(params.1a)", ["malformed $(params.1a)"]],
    ["$(params.a b)", ["malformed $(params.a b)"]],
    ["$(params['a'])", ["malformed $(params['a'])"]],
    ["$(params.a", ["malformed $(params.a"]],
    ["$(params ", ["malformed $(params"]],
    ["$(stages.A.outputs.k)", ["malformed $(stages.A.outputs.k)"]],
    ["$(stages['A'].phase)", ["malformed $(stages['A'].phase)"]],
    ["$(stages['A'].outputs.1)", ["malformed $(stages['A'].outputs.1)"]],
    ["$(execution.name2)", ["malformed $(execution.name2)"]],
  ])("tells what begins like one but is none, in %j: %j", (text, references) => {
    expect(found(text)).toEqual(references)
  })

  // Kubernetes reads $( to the next ), so a value inside would choose which variable is put there.
  it.each<[text: string, references: string[]]>([
    ["$(A_$(params.a))", ["malformed $(…$(params.a)"]],
    ["$($(params.a))", ["malformed $(…$(params.a)"]],
    ["$(date $$ +$(params.a))", ["malformed $(…$(params.a)"]],
    ["$(A $(params.a) $(params.b)", ["malformed $(…$(params.a)", "malformed $(…$(params.b)"]],
    ["behind many words: $(A $(params.a) $(params.b)", ["malformed $(…$(params.a)", "malformed $(…$(params.b)"]],
    ["$(A) $(params.a) $(B) $(params.b)", ["param a", "param b"]],
    ["(A $(params.a))", ["param a"]],
    ["$(A ) $(params.a) $(B", ["param a"]],
    [") $(params.a)", ["param a"]],
  ])("takes none inside of another $( in %j: %j", (text, references) => {
    expect(found(text)).toEqual(references)
  })

  it("takes no longer for hostile texts", () => {
    const start = performance.now()
    for (const part of ["$(", "$(params.", "$(stages['", '$(stages["\\', "$$", "$(stages['a'].outputs.", ")$(A"]) {
      findReferences(part.repeat(20_000))
    }
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

describe("replaceReferences", () => {
  const replace = (text: string) => replaceReferences(text, (reference) => `<${inWords(reference)}>`)

  it.each([
    ["plain", "plain"],
    ["$$", "$$"],
    ["a $(params.a) b $(execution.name)", "a <param a> b <execution name>"],
    ["$(HOME) $$(params.a) $$$(params.b)", "$(HOME) $$(params.a) $$<param b>"],
    ["$(params.1)", "$(params.1)"],
  ])("in %j: %j", (text, result) => {
    expect(replace(text)).toBe(result)
  })

  it("never looks at what it put in", () => {
    const values: Record<string, string> = { a: "$(params.b)", b: "secret", c: "$&$1$`" }
    const text = replaceReferences("$(params.a) $(params.c)", (one) => (one.kind === "param" ? values[one.name]! : ""))
    expect(text).toBe("$(params.b) $&$1$`")
  })
})
