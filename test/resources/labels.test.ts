import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { objectName } from "../../src/api/meta.ts"
import { executionLabel, hash, slug, stageLabel } from "../../src/resources/labels.ts"

const labelValue = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const dnsName = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?){0,3}$/)

describe("executionLabel", () => {
  it("is the execution's name as long as a label can hold it", () => {
    expect(executionLabel("nightly.v1")).toBe("nightly.v1")
    expect(executionLabel("x".repeat(63))).toBe("x".repeat(63))
  })

  it.each([
    { longer: "a name of 64 characters", name: "x".repeat(64), part: "x".repeat(49) },
    { longer: "one cut at a dot", name: `${"x".repeat(48)}.${"x".repeat(40)}`, part: "x".repeat(48) },
    { longer: "one cut in its third word", name: `a.b-${"x".repeat(80)}`, part: `a.b-${"x".repeat(45)}` },
    { longer: "one cut behind two hyphens", name: `${"x".repeat(47)}--${"x".repeat(40)}`, part: "x".repeat(47) },
  ])("is a part and a hash of $longer", ({ name, part }) => {
    const label = executionLabel(name)
    expect(label.slice(0, -14)).toBe(part)
    expect(label.slice(-14)).toMatch(/^-[a-z0-9]{13}$/)
  })

  it("tells apart long names that begin alike", () => {
    expect(executionLabel(`${"x".repeat(252)}1`)).not.toBe(executionLabel(`${"x".repeat(252)}2`))
  })

  it("is a valid label value for any name of an object", () => {
    fc.assert(
      fc.property(dnsName, fc.nat(3), (name, times) => {
        const long = Array(times + 1)
          .fill(name)
          .join(".")
          .slice(0, 253)
          .replace(/[^a-z0-9]+$/, "")
        expect(objectName.safeParse(long).success).toBe(true)
        expect(executionLabel(long)).toMatch(labelValue)
      }),
    )
  })
})

describe("stageLabel", () => {
  it.each([
    { name: "First Stage", label: "first-stage" },
    { name: "  Übergröße: 3  ", label: "ubergro-e-3" },
    { name: "x".repeat(253), label: "x".repeat(63) },
    { name: `${"x".repeat(62)} y`, label: "x".repeat(62) },
    { name: "ﬁne", label: "fine" },
    { name: "__proto__", label: "proto" },
  ])("of $name is $label", ({ name, label }) => {
    expect(stageLabel(name)).toBe(label)
  })

  it("is a hash where a label can say nothing of the name", () => {
    expect(stageLabel("🥜")).toMatch(/^stage-[a-z0-9]{13}$/)
    expect(stageLabel("🥜")).not.toBe(stageLabel("🚀"))
  })

  it("is a valid label value for any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 253 }), (name) => labelValue.test(stageLabel(name))))
  })
})

describe("slug", () => {
  it("is a DNS label of at most the given length, or empty, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 63 }), (text, length) => {
        const kept = slug(text, length)
        expect(kept.length).toBeLessThanOrEqual(length)
        expect(kept).toMatch(/^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$/)
      }),
    )
  })
})

describe("hash", () => {
  it("is 13 characters of base 36", () => {
    fc.assert(fc.property(fc.string(), (text) => /^[a-z0-9]{13}$/.test(hash(text))))
  })

  it("knows where each part ends and what kind it is", () => {
    const hashes = [hash("a", "b"), hash("ab"), hash("a", "b", ""), hash('a","b'), hash("1"), hash(1)]
    expect(new Set(hashes).size).toBe(hashes.length)
  })
})
