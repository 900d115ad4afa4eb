// What a cold start has to read and compile before the server listens, in counts that no busy machine changes. Whoever
// needs more raises a number here, and says in the commit what users get for it.

import { beforeAll, describe, expect, it } from "vitest"
import { atStart, bundle } from "../../scripts/build.ts"

const budget = { kilobytes: 530, modules: 220 }

/** What a pod needs seldom or never, and so must wait until something asks for it. */
const late = ["cloudevents", "@kubernetes/client-node", "@marcbachmann/cel-js", "ajv", "ajv-formats", "yaml", "undici"]

describe("the server's start", () => {
  let start: ReturnType<typeof atStart>
  beforeAll(async () => {
    start = atStart((await bundle()).metafile)
  }, 60_000)

  it(`reads at most ${budget.kilobytes} kB`, () => {
    expect(start.kilobytes).toBeGreaterThan(100)
    expect(start.kilobytes).toBeLessThanOrEqual(budget.kilobytes)
  })

  it(`has at most ${budget.modules} modules`, () => {
    expect(start.modules.length).toBeGreaterThan(100)
    expect(start.modules.length).toBeLessThanOrEqual(budget.modules)
  })

  it.each(late)("leaves %s for later", (name) => {
    expect(start.modules.filter((path) => path.includes(`node_modules/${name}/`))).toEqual([])
  })

  it("finds a package that is loaded at once, so that the check above can fail", () => {
    expect(start.modules.some((path) => path.includes("node_modules/hono/"))).toBe(true)
  })
})
