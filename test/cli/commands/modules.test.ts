// What a command reaches in the source, by imports that are there at once and by those that wait. A command that
// steers an execution needs no engine: whoever imports one by accident finds it here.

import { build } from "esbuild"
import { describe, expect, it } from "vitest"
import { root } from "../run-peanut.ts"

async function modulesOf(command: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [`src/cli/commands/${command}.ts`],
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    write: false,
    metafile: true,
  })
  return Object.keys(metafile.inputs)
}

describe("the modules of ours that a command reaches", () => {
  it.each(["cancel", "suspend", "resume"])("are fewer than 30 for peanut %s", async (command) => {
    const modules = await modulesOf(command)
    expect(modules).toContain("src/cluster/kubernetes/api.ts")
    expect(modules.length).toBeLessThan(30)
  })

  it("are the engine, too, for peanut run", async () => {
    expect(await modulesOf("run")).toContain("src/controller/reconcile.ts")
  })
})
