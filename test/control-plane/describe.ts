// How a test file says that it needs the real control plane: its suite is skipped where the programs are missing
// (setup.ts says so once, and fails a CI), and one control plane serves all tests of the file.
import { afterAll, beforeAll, describe } from "vitest"
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from "./control-plane.ts"
import { findPrograms } from "./programs.ts"

/** `describe` where the programs stand, `describe.skip` elsewhere. */
export function describeWithControlPlane(name: string, suite: () => void): void {
  if (findPrograms()) describe(name, suite)
  else describe.skip(name, suite)
}

/** A control plane for all tests of the suite around it; call what it returns inside tests and hooks only. */
export function useControlPlane(options?: ControlPlaneOptions): () => ControlPlane {
  let controlPlane: ControlPlane | undefined
  beforeAll(async () => {
    controlPlane = await startControlPlane(options)
  }, 120_000)
  afterAll(() => controlPlane?.stop(), 30_000)
  return () => {
    if (!controlPlane) throw new Error("the control plane runs only inside tests and hooks")
    return controlPlane
  }
}
