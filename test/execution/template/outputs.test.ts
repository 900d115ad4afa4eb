import { describe, expect, it } from "vitest"
import { maxRunBytes, messageLimitBytes, outputBytes, readOutputs } from "../../../src/execution/template/outputs.ts"
import { graph } from "../../builders/graph.ts"
import { job, pod } from "../../builders/objects.ts"
import { observed, stageIn, step } from "../../builders/observed.ts"

describe("readOutputs", () => {
  it.each<[of: string, text: string, values: Record<string, string>]>([
    ["nothing", "", {}],
    ["lines", "a=1\nb=2\n", { a: "1", b: "2" }],
    ["lines of Windows", "a=1\r\nb=2\r\n", { a: "1", b: "2" }],
    ["the last of equal keys", "a=1\na=2", { a: "2" }],
    ["an empty value", "a=", { a: "" }],
    ["a value with =", "a=b=c", { a: "b=c" }],
    ["blanks, kept", "a= 1 ", { a: " 1 " }],
    ["keys of all kinds", "_a.b-C9=x", { "_a.b-C9": "x" }],
    ["lines for people", "hello\n=x\n1a=x\na b=x\n a=x\nä=x\nok=1", { ok: "1" }],
    ["other scripts in values", "a=naïve 🥜 日本", { a: "naïve 🥜 日本" }],
    ["other ends of lines, which are part of the value", "a=1\rb=2\u2028c=3\u0085", { a: "1\rb=2\u2028c=3\u0085" }],
    ["what looks like code", 'a=$(HOME) `id` "; rm -rf /', { a: '$(HOME) `id` "; rm -rf /' }],
    ["names that every object has", "constructor=x\ntoString=y", { constructor: "x", toString: "y" }],
    ["__proto__, which no object can have", "__proto__=x\na=1", { a: "1" }],
    ["what only begins so", "__proto__x=1", { __proto__x: "1" }],
  ])("reads %s", (_, text, values) => {
    expect(readOutputs(text)).toEqual({ values })
    expect(Object.keys(readOutputs(text).values!)).toEqual(Object.keys(values))
  })

  it("refuses a NUL in a value that counts, by its key", () => {
    const message = 'its output "b" holds a NUL character, which no argument or variable of a program can hold'
    expect(readOutputs("a=1\nb=x\0y\n")).toEqual({ reason: "OutputsInvalid", message })
    expect(readOutputs("b=x\0y\nb=1\n\0 for people\nc\0=2\n")).toEqual({ values: { b: "1" } })
  })

  it.each([
    ["4,095 bytes", "x".repeat(4093), true],
    ["4,096 bytes", "x".repeat(4094), false],
    ["4,096 bytes in fewer letters", `${"🥜".repeat(1023)}xx`, false],
    ["more", "x".repeat(10_000), false],
  ])("of %s", (_, text, fits) => {
    const outputs = readOutputs(`a=${text}`)
    if (fits) expect(outputs).toEqual({ values: { a: text } })
    else expect(outputs).toMatchObject({ reason: "OutputsTooLarge", message: expect.stringContaining("4096 bytes") })
  })
})

// The kubelet gives a pod's containers 12 KiB together; with four of them a message is cut before 4,096 bytes.
describe("messageLimitBytes", () => {
  it.each([
    [0, 4096],
    [1, 4096],
    [3, 4096],
    [4, 3072],
    [13, 945],
  ])("of %i containers: %i", (containers, limit) => {
    expect(messageLimitBytes(containers)).toBe(limit)
  })

  it("counts helpers and those that ran before", () => {
    const seen = observed({ graph: graph("a") })
    const made = job(seen.execution, "a", "Complete")
    const ended = (name: string, message = "") => ({ name, state: { terminated: { exitCode: 0, message } } })
    const ofLength = (length: number) => {
      const containerStatuses = [ended("stage", `a=${"x".repeat(length - 2)}`), ended("proxy")]
      const status = { containerStatuses, initContainerStatuses: [ended("one"), ended("two")] }
      const pods = new Map([[made.metadata.uid, [pod(made, { phase: "Succeeded", status })]]])
      return step({ ...seen, jobs: new Map([[made.metadata.name, made]]), pods }).stages
    }
    expect([ofLength(3071), ofLength(3072)]).toEqual(["a Succeeded", "a Failed"])
  })
})

describe("outputBytes", () => {
  it("counts what they take as JSON", () => {
    expect(outputBytes(undefined)).toBe(0)
    expect(outputBytes({ a: "1" })).toBe(9)
    expect(outputBytes({ a: '"🥜' })).toBe(14)
  })
})

/** Stages whose pods succeeded and wrote this. */
function writing(texts: Record<string, string>, recorded: Record<string, Record<string, string>> = {}) {
  const seen = observed({
    graph: graph([...Object.keys(recorded), ...Object.keys(texts)].join(", ")),
    recorded: new Map(
      Object.entries(recorded).map(([name, outputs]) => [name, { phase: "Succeeded", outputs } as const]),
    ),
  })
  const jobs = Object.keys(texts).map((name) => job(seen.execution, name, "Complete"))
  const pods = jobs.map((made, index) => {
    const message = Object.values(texts)[index]!
    const status = { containerStatuses: [{ name: "stage", state: { terminated: { exitCode: 0, message } } }] }
    return [made.metadata.uid, [pod(made, { phase: "Succeeded", status })]] as const
  })
  return step({ ...seen, jobs: new Map(jobs.map((made) => [made.metadata.name, made])), pods: new Map(pods) })
}

describe("outputs, in a run", () => {
  it("are recorded with the stage", () => {
    expect(stageIn(writing({ a: "k=v\nnoise" }), "a")).toMatchObject({ phase: "Succeeded", outputs: { k: "v" } })
  })

  it("are not mentioned where there are none", () => {
    expect(stageIn(writing({ a: "only words" }), "a")).not.toHaveProperty("outputs")
  })

  it("fail the stage that wrote too many", () => {
    const next = writing({ a: `k=${"x".repeat(4096)}` })
    expect(stageIn(next, "a")).toMatchObject({ phase: "Failed", reason: "OutputsTooLarge" })
    expect(stageIn(next, "a")).not.toHaveProperty("outputs")
    expect(next.status.phase).toBe("Failed")
  })

  const big = Object.fromEntries(Array.from({ length: 48 }, (_, index) => [`s${index}`, { k: "x".repeat(4030) }]))
  const kept = 48 * outputBytes({ k: "x".repeat(4030) })

  it("fill all the room that a run has for them, to the byte", () => {
    const fits = `k=${"x".repeat(maxRunBytes - kept - outputBytes({ k: "" }))}`
    expect(stageIn(writing({ a: fits }, big), "a")).toMatchObject({ phase: "Succeeded" })
    expect(stageIn(writing({ a: `${fits}x` }, big), "a")).toMatchObject({
      phase: "Failed",
      reason: "OutputsTooLarge",
      message: expect.stringContaining(`would take ${maxRunBytes + 1} bytes, more than the ${maxRunBytes}`),
    })
  })

  // Many stages may end between two looks at them.
  it("have no more room when they all come at once", () => {
    const texts = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`s${index}`, `k=${"x".repeat(4000)}`]))
    const { stages } = writing(texts).status
    const sum = stages!.reduce((bytes, { outputs }) => bytes + outputBytes(outputs), 0)
    expect(sum).toBeLessThanOrEqual(maxRunBytes)
    expect(stages!.filter(({ phase }) => phase === "Succeeded")).toHaveLength(49)
  })
})
