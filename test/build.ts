// vitest's globalSetup: bundles the server and the CLI, so that tests of what is shipped never meet an old build.

import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"

export default function setup(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL("../scripts/build.ts", import.meta.url))], { stdio: "inherit" })
}
