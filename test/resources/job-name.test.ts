import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { jobName } from "../../src/resources/job-name.ts"

const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/
const run = (name: string, uid = "0c5f") => ({ name, uid })

describe("jobName", () => {
  it("can be read: execution, stage and a hash", () => {
    expect(jobName(run("nightly"), "First Stage")).toMatch(/^nightly-first-stage-[a-z0-9]{13}$/)
  })

  it("is the same for every replica, today and in the next release", () => {
    expect(jobName(run("nightly"), "First Stage")).toBe(jobName(run("nightly"), "First Stage"))
    // A release that computed another name would start every running stage a second time.
    expect(jobName(run("nightly"), "First Stage")).toBe("nightly-first-stage-0bq9krxoozskj")
  })

  it.each([
    { what: "an execution of 253 characters", execution: "x".repeat(253), stage: "build" },
    { what: "a stage of 253 characters", execution: "nightly", stage: "y".repeat(253) },
    { what: "both", execution: "x".repeat(253), stage: "y".repeat(253) },
    { what: "dots", execution: "a.b.c", stage: "v1.2" },
    { what: "a cut just at a hyphen", execution: `${"x".repeat(23)}-${"x".repeat(40)}`, stage: `${"y".repeat(23)}-y` },
    { what: "emoji", execution: "nightly", stage: "🥜🚀" },
    { what: "right-to-left text", execution: "nightly", stage: "بناء" },
    { what: "right-to-left marks", execution: "nightly", stage: "\u202Ebuild\u202C" },
    { what: "accents", execution: "nightly", stage: "Übergröße" },
    { what: "a lone surrogate", execution: "nightly", stage: "\uD83E" },
    { what: "line breaks and NUL", execution: "nightly", stage: "a\n\u0000b" },
    { what: "properties of objects", execution: "nightly", stage: "__proto__" },
    { what: "blanks", execution: "nightly", stage: "   " },
    { what: "nothing", execution: "nightly", stage: "" },
    { what: "letters that grow in lower case", execution: "nightly", stage: "İ".repeat(60) },
  ])("is a DNS label for names with $what", ({ execution, stage }) => {
    expect(jobName(run(execution), stage)).toMatch(dnsLabel)
  })

  it("is a DNS label for any names", () => {
    const text = fc.string({ unit: "binary", maxLength: 253 })
    fc.assert(fc.property(text, text, text, (name, uid, stage) => dnsLabel.test(jobName({ name, uid }, stage))))
  })

  it("leaves room for both names when both are long", () => {
    const name = jobName(run("execution-".repeat(20)), "stage-".repeat(20))
    expect(name).toMatch(/^execution-execution-execu-stage-stage-stage-stage-[a-z0-9]{13}$/)
  })

  it.each([
    { what: "names cut in another place", a: jobName(run("a-b"), "c"), b: jobName(run("a"), "b-c") },
    { what: "UIDs", a: jobName(run("a", "1"), "b"), b: jobName(run("a", "2"), "b") },
    { what: "attempts", a: jobName(run("a"), "b", 0), b: jobName(run("a"), "b", 1) },
    { what: "case", a: jobName(run("a"), "B"), b: jobName(run("a"), "b") },
    { what: "signs that no label can say", a: jobName(run("a"), "b 1"), b: jobName(run("a"), "b-1") },
    { what: "emoji", a: jobName(run("a"), "🥜"), b: jobName(run("a"), "🚀") },
    { what: "normal forms of one letter", a: jobName(run("a"), "é"), b: jobName(run("a"), "e\u0301") },
    {
      what: "ends beyond the cut",
      a: jobName(run("a"), `${"x".repeat(60)}1`),
      b: jobName(run("a"), `${"x".repeat(60)}2`),
    },
    { what: "a UID that runs into the stage", a: jobName(run("a", "1"), "2b"), b: jobName(run("a", "12"), "b") },
    { what: "an attempt that runs into the stage", a: jobName(run("a"), "b1", 1), b: jobName(run("a"), "b", 11) },
  ])("tells apart $what", ({ a, b }) => {
    expect(a).not.toBe(b)
  })

  it("is the same after more names than are remembered", () => {
    const before = jobName(run("nightly"), "First Stage")
    for (let i = 0; i < 10_001; i++) jobName(run("other"), `Stage ${i}`)
    expect(jobName(run("nightly"), "First Stage")).toBe(before)
  })

  it("does not collide over 100,000 pairs of execution and stage, not even in its hash alone", () => {
    const hashes = new Set<string>()
    for (let execution = 0; execution < 100; execution++) {
      for (let stage = 0; stage < 1000; stage++) {
        hashes.add(jobName(run("nightly", `0c5f-${execution}`), `Stage ${stage}`).slice(-13))
      }
    }
    expect(hashes.size).toBe(100_000)
  })
})
