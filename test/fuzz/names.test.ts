// Computed names are valid and differ, whatever people call their things. `npm run fuzz:names` does the same for
// millions. A hash of 64 bits has 3 in a billion to collide once among these; one of 32 bits would, here, about once.

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { jobName } from "../../src/resources/job-name.ts"
import { hostileText } from "./junk.ts"
import { countRepeated, hashIn, invalidNames, jobNameOf, startedName, type Triple, triple } from "./name-pairs.ts"

const pairs = 100_000
const triples = (): Triple[] => Array.from({ length: pairs }, (_, n) => triple(n))

describe("the names of a hundred thousand pairs of run and stage attempt", () => {
  it("are made from pairs of which no two are alike", () => {
    const seen = new Set<string>()
    for (const { uid, stage, attempt } of triples()) seen.add(JSON.stringify([uid, stage, attempt]))
    expect(seen.size).toBe(pairs)
  })

  it("are names and labels that Kubernetes takes", () => {
    for (const one of triples()) {
      const invalid = invalidNames(one)
      if (invalid.length > 0) expect({ ...one, invalid }).toMatchObject({ invalid: [] })
    }
  })

  it.each([
    { name: "jobName", of: jobNameOf },
    { name: "executionName", of: startedName },
  ])("never collide in their hash, all of whose 64 bits differ ($name)", ({ of }) => {
    const hashes = BigUint64Array.from(triples().map((one) => hashIn(of(one))))
    for (let bit = 0n; bit < 64n; bit++) {
      const ones = hashes.reduce((sum, hash) => sum + Number((hash >> bit) & 1n), 0)
      // Six standard deviations of a fair coin.
      expect(Math.abs(ones - pairs / 2), `bit ${bit}`).toBeLessThan(3 * Math.sqrt(pairs))
    }
    expect(countRepeated(hashes)).toBe(0)
  })

  it("do not change with what an attempt, or a pair, comes after", () => {
    for (const n of [0, 1, 99_999, 5_000_000]) expect(jobNameOf(triple(n))).toBe(jobNameOf(triple(n)))
  })
})

describe("a Job's name", () => {
  const one = fc.record({ name: hostileText, uid: hostileText, stage: hostileText, attempt: fc.nat(5) })

  it("is valid for any names, also for those that no API server takes, and differs for any two that differ", () => {
    fc.assert(
      fc.property(one, one, (a, b) => {
        const [first, second] = [jobNameOf(a), jobNameOf(b)]
        for (const name of [first, second]) expect(name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
        const isSame = a.uid === b.uid && a.stage === b.stage && a.attempt === b.attempt
        expect(hashIn(first) === hashIn(second)).toBe(isSame)
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    { what: "where one name ends", a: ["a-b", "c"], b: ["a", "b-c"] },
    { what: "a name and the property it could be taken for", a: ["run", "__proto__"], b: ["run", "proto"] },
    { what: "case", a: ["run", "Build"], b: ["run", "build"] },
    { what: "spaces", a: ["run", "a b"], b: ["run", "a  b"] },
    { what: "dots", a: ["run", "v1.2"], b: ["run", "v1-2"] },
    { what: "combining marks", a: ["run", "é"], b: ["run", "e\u0301"] },
    { what: "the direction of text", a: ["run", "ab"], b: ["run", "\u202Eab"] },
    { what: "emoji", a: ["run", "🥜"], b: ["run", "🚀"] },
    { what: "halves of an emoji", a: ["run", "\uD83E"], b: ["run", "\uDD5C"] },
    { what: "ends of 253 characters", a: ["run", `${"x".repeat(252)}1`], b: ["run", `${"x".repeat(252)}2`] },
  ])("tells apart $what within one run", ({ a: [name1 = "", stage1 = ""], b: [name2 = "", stage2 = ""] }) => {
    expect(jobName({ name: name1, uid: "0c5f" }, stage1)).not.toBe(jobName({ name: name2, uid: "0c5f" }, stage2))
  })
})
