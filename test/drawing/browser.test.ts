// Drawings are for web pages, too: they are bundled for a browser and run without anything that only Node.js has.

import { readdirSync } from "node:fs"
import { join } from "node:path"
import { createContext, runInContext } from "node:vm"
import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { drawingOfRun } from "../../src/drawing/drawing.ts"
import { toSvg } from "../../src/drawing/svg.ts"
import { graph } from "../builders/graph.ts"
import { root } from "../cli/run-peanut.ts"

const folders = ["drawing", "graph", "words"]

/** All files of these folders in one script, which has what they export in `peanut`. */
async function bundled(minify: boolean, files: readonly string[]) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: { contents: files.map((file) => `export * from "./src/${file}"`).join("\n"), resolveDir: root },
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "peanut",
    minify,
    write: false,
    metafile: true,
    logLevel: "silent",
  })
  return { script: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) }
}

const execution = {
  metadata: { name: "web-1" },
  spec: { pipelineName: "web" },
  status: {
    snapshot: { stages: graph("a → b, a → c, b → d"), finally: [{ name: "tidy", type: "task" }] },
    stages: [{ name: "a", phase: "Running" as const, message: "\x1b[31mred\x1b[0m" }],
  },
}

describe("drawings in a browser", () => {
  it("need nothing of Node.js, in any file of theirs", async () => {
    const files = folders.flatMap((folder) => readdirSync(join(root, "src", folder)).map((file) => `${folder}/${file}`))
    expect(files).toContain("drawing/svg.ts")
    // esbuild refuses to bundle what a browser does not have.
    const { inputs } = await bundled(false, files)
    expect(inputs).toContain("src/words/safe.ts")
  })

  it("are the same picture", async () => {
    const { script } = await bundled(false, ["drawing/drawing.ts", "drawing/svg.ts"])
    // A context of its own has the language, and neither `process` nor `Buffer` nor `require`.
    const context = createContext({ execution })
    runInContext(script, context)
    expect(runInContext("typeof process + typeof Buffer + typeof require", context)).toBe("undefined".repeat(3))
    expect(runInContext("peanut.toSvg(peanut.drawingOfRun(execution))", context)).toBe(toSvg(drawingOfRun(execution)!))
  })

  it("weigh little, and bring no package", async () => {
    const { script, inputs } = await bundled(true, ["drawing/drawing.ts", "drawing/svg.ts"])
    expect(inputs.filter((path) => path.includes("node_modules"))).toEqual([])
    expect(script.length).toBeLessThan(20_000)
  })
})
