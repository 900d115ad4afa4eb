// vitest's globalSetup: sees to it that the programs of the control plane stand before any test starts, so that a
// build never counts against a test's time-out. It starts nothing, and does nothing when no selected test asks.
import { readFile } from "node:fs/promises"
import type { TestProject } from "vitest/node"
import { ensurePrograms, howToGetPrograms } from "./programs.ts"

export default async function setup(project: TestProject): Promise<void> {
  if (!(await isNeeded(project)) || (await ensurePrograms())) return
  const reason = `no Go and no complete KUBEBUILDER_ASSETS here; to run them ${howToGetPrograms}`
  // A CI that skips them silently would be green for years without having tested anything.
  if (process.env.CI === "true") throw new Error(`the control-plane tests cannot run: ${reason}`)
  console.error(`skipping the control-plane tests: ${reason}`)
}

/** Whether a selected test file uses `describeWithControlPlane`: `vitest run test/execution` must not build Kubernetes. */
async function isNeeded(project: TestProject): Promise<boolean> {
  // What the command line selects is not in vitest's public types; without it every test file counts as selected.
  const selected: string[] | undefined = Reflect.get(project.vitest, "filenamePattern")
  const { testFiles } = await project.globTestFiles(selected)
  const texts = await Promise.all(testFiles.map((file) => readFile(file, "utf8")))
  return texts.some((text) => text.includes("describeWithControlPlane"))
}
