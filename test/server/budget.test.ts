// What a cold start has to read and compile before the server listens, in counts that no busy machine changes. Whoever
// needs more raises a number here, and says in the commit what users get for it.

import type { Metafile } from "esbuild"
import { beforeAll, describe, expect, it } from "vitest"
import { bundle } from "../../scripts/build.ts"

const budget = { kilobytes: 490, modules: 200 }

/** What a pod needs seldom or never, and so must wait until something asks for it. */
const late = ["cloudevents", "@kubernetes/client-node", "@marcbachmann/cel-js", "ajv", "ajv-formats", "yaml", "undici"]

describe("the server's start", () => {
  let metafile: Metafile
  beforeAll(async () => {
    metafile = (await bundle()).metafile
  }, 60_000)

  /** The files that are loaded with the entry, without those that it loads later. */
  function loaded(): readonly Metafile["outputs"][string][] {
    const files = new Set(["dist/server.js"])
    // The set grows while it is walked.
    for (const file of files) {
      for (const { path, kind, external } of metafile.outputs[file]!.imports) {
        if (kind !== "dynamic-import" && !external) files.add(path)
      }
    }
    return [...files].map((file) => metafile.outputs[file]!)
  }

  const modules = () =>
    loaded().flatMap(({ inputs }) =>
      Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
    )

  it(`reads at most ${budget.kilobytes} kB`, () => {
    const kilobytes = loaded().reduce((sum, { bytes }) => sum + bytes, 0) / 1000
    expect(kilobytes).toBeGreaterThan(100)
    expect(kilobytes).toBeLessThanOrEqual(budget.kilobytes)
  })

  it(`has at most ${budget.modules} modules`, () => {
    expect(modules().length).toBeGreaterThan(100)
    expect(modules().length).toBeLessThanOrEqual(budget.modules)
  })

  it.each(late)("leaves %s for later", (name) => {
    expect(modules().filter((path) => path.includes(`node_modules/${name}/`))).toEqual([])
  })

  it("finds a package that is loaded at once, so that the check above can fail", () => {
    expect(modules().some((path) => path.includes("node_modules/hono/"))).toBe(true)
  })
})
