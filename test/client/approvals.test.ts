// Who approved what, out of an annotation that may hold anything where no policy guards it.

import { describe, expect, it } from "vitest"
import { executionPage } from "../../src/cli/view/page.ts"
import { approvals, approvedByKey } from "../../src/client/approvals.ts"
import type { ExecutionObject } from "../../src/client/objects.ts"

const execution = (stamp?: string): ExecutionObject => ({
  metadata: {
    name: "x",
    namespace: "team",
    uid: "1",
    resourceVersion: "1",
    creationTimestamp: "2026-03-01T10:00:00Z",
    ...(stamp !== undefined && { annotations: { [approvedByKey]: stamp } }),
  },
  spec: { pipelineName: "p" },
})

const page = (stamp?: string) =>
  executionPage(execution(stamp), { isWide: false, nowMillis: Date.parse("2026-03-01T10:00:05Z") }, (_, text) => text)

describe("approvals", () => {
  it("are told by person, in the order in which they approved", () => {
    const stamp = '{"Build":"alice","Deploy":"bob","__proto__":"alice"}'
    expect([...approvals(execution(stamp))]).toEqual([
      ["alice", ["Build", "__proto__"]],
      ["bob", ["Deploy"]],
    ])
  })

  it.each([[undefined], [""], ["{"], ["null"], ["[]"], ['"alice"'], ["1"], ['{"Build":1}']])(
    "are none where the annotation is %j",
    (stamp) => {
      expect([...approvals(execution(stamp))]).toEqual([])
      expect(page(stamp)).not.toContain("Approved")
    },
  )

  it("stand on the page of an execution, a line for each person", () => {
    expect(page('{"Build":"alice","Deploy":"bob","Test":"alice"}')).toContain(
      "Approved:   by alice: Build, Test\n            by bob: Deploy\n",
    )
  })

  it("bring nothing to the terminal that it would obey", () => {
    const shown = page(JSON.stringify({ "De\u001b[2Jploy": "al\u009bice\n" }))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there.
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
  })
})
