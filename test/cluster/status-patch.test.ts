// What is sent of a status, and that it is what the next status says, whatever changed.

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { applyPatch, versionIn } from "../../src/cluster/memory/patch.ts"
import { statusPatch } from "../../src/cluster/status-patch.ts"

const metadata = { resourceVersion: "7" }
const version = { op: "replace", path: "/metadata/resourceVersion", value: "7" }

describe("the patch of a status", () => {
  it("is the whole of it, where there was none", () => {
    expect(statusPatch({ metadata }, { phase: "Running" })).toEqual({ metadata, status: { phase: "Running" } })
  })

  it("holds of a thousand stages the one that changed", () => {
    const stages = Array.from({ length: 1000 }, (_, i) => ({ name: `s${i}`, phase: "Waiting" }))
    const next = stages.with(500, { name: "s500", phase: "Running" })
    const patch = statusPatch({ metadata, status: { phase: "Running", stages } }, { phase: "Running", stages: next })
    expect(patch).toEqual([version, { op: "replace", path: "/status/stages/500", value: next[500] }])
    expect(JSON.stringify(patch).length).toBeLessThan(200)
  })

  it("replaces a list that grew or shrank", () => {
    const patch = statusPatch({ metadata, status: { stages: [1, 2] } }, { stages: [1] })
    expect(patch).toEqual([version, { op: "add", path: "/status/stages", value: [1] }])
  })

  it("removes what is gone", () => {
    const patch = statusPatch({ metadata, status: { message: "x", phase: "a" } }, { phase: "a" })
    expect(patch).toEqual([version, { op: "remove", path: "/status/message" }])
  })

  it("names the version that was read, in both forms", () => {
    expect(versionIn(statusPatch({ metadata }, {}))).toBe("7")
    expect(versionIn(statusPatch({ metadata, status: {} }, { phase: "x" }))).toBe("7")
    expect(versionIn([{ op: "remove", path: "/status/phase" }])).toBeUndefined()
  })

  it("makes of any status any other", () => {
    const name = fc.constantFrom("phase", "summary", "stages", "conditions")
    const status = fc.dictionary(
      name,
      fc.oneof(fc.string(), fc.array(fc.dictionary(name, fc.string()), { maxLength: 4 })),
    )
    fc.assert(
      fc.property(status, status, (before, after) => {
        const object = { metadata, spec: { a: 1 }, status: before }
        expect(applyPatch(object, JSON.parse(JSON.stringify(statusPatch(object, after))))).toEqual({
          metadata,
          spec: { a: 1 },
          status: after,
        })
      }),
    )
  })
})

describe("a merge patch in memory", () => {
  it("merges fields of any name, those that every object has included", () => {
    const patch = JSON.parse('{"labels":{"__proto__":"a","constructor":{"b":"c"},"gone":null}}')
    const target = JSON.parse('{"labels":{"__proto__":{"old":"x"},"gone":"y","kept":"z"}}')
    expect(JSON.stringify(applyPatch(target, patch))).toBe(
      '{"labels":{"__proto__":"a","kept":"z","constructor":{"b":"c"}}}',
    )
  })
})
