import { defineConfig } from "vitest/config"
import { longSuites } from "./vitest.long.ts"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/e2e/**", ...longSuites],
    globalSetup: ["test/build.ts", "test/control-plane/setup.ts"],
    testTimeout: 20_000,
    // Many tests wait for real processes; on a machine that others slow down one of thousands may wait too long. It is
    // tried once more, and CI tells which it was.
    retry: process.env.CI ? 1 : 0,
  },
})
